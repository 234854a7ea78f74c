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
