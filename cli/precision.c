#include "cli/precision.h"

#include <string.h>

int tern_precision_check(const tern_command *command, const char *text)
{
    if (!text || strcmp(text, "float32") == 0 || strcmp(text, "int8") == 0)
        return TERN_GO_ON;
    return tern_command_usage(command, "--precision %s: it is float32 or int8", text);
}

int tern_precision_use(tern_model *model, const char *text, tern_error *error)
{
    if (!model)
        return -1;
    return text && strcmp(text, "int8") == 0 ? tern_encoder_use_int8(model->encoder, error) : 0;
}
