/* Models as commands get them: what is said of a model's folder reaches the user. */
#ifndef TERN_CLI_MODELS_H
#define TERN_CLI_MODELS_H

#include "base/error.h"
#include "checkpoints/model.h"

/* tern_model_load and tern_model_open, and the model's warnings on stderr. */
tern_model *tern_command_model_load(const char *name, tern_error *error);
tern_model *tern_command_model_open(const char *name, tern_error *error);

struct tern_command;

/* TERN_GO_ON, or the status of a wrong usage that is said: data is a model, and model is none, which is how the two
 * arguments look when they are swapped. data NULL: it isn't there. */
int tern_command_check_order(const struct tern_command *command, const char *model, const char *data);

#endif
