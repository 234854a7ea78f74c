/* Models as commands get them: what is said of a model's folder reaches the user. */
#ifndef TERN_CLI_MODELS_H
#define TERN_CLI_MODELS_H

#include "base/error.h"
#include "checkpoints/model.h"

/* tern_model_load and tern_model_open, and the model's warnings on stderr. */
tern_model *tern_command_model_load(const char *name, tern_error *error);
tern_model *tern_command_model_open(const char *name, tern_error *error);

#endif
