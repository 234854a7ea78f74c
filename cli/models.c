#include "cli/models.h"

#include "cli/command.h"

static tern_model *warned(tern_model *model)
{
    if (model)
        tern_command_warn_all(&model->warnings);
    return model;
}

tern_model *tern_command_model_load(const char *name, tern_error *error)
{
    return warned(tern_model_load(name, error));
}

tern_model *tern_command_model_open(const char *name, tern_error *error)
{
    return warned(tern_model_open(name, error));
}

int tern_command_check_order(const tern_command *command, const char *model, const char *data)
{
    if (!data || tern_model_exists(model) || !tern_model_exists(data))
        return TERN_GO_ON;
    return tern_command_usage(
        command, "the arguments seem to be swapped: %s is a model, and %s is none; the order is tern %s %s", data,
        model, command->name, command->arguments);
}
