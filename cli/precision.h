/* --precision: a model that encodes with weights of float32 or int8. */
#ifndef TERN_CLI_PRECISION_H
#define TERN_CLI_PRECISION_H

#include "base/error.h"
#include "checkpoints/model.h"
#include "cli/command.h"

/* TERN_GO_ON when text is NULL, float32 or int8; else the usage error is said and its exit status returned. */
int tern_precision_check(const tern_command *command, const char *text);
/* The model encodes so from here on. text NULL: float32; model NULL: it failed to load, which was said. */
int tern_precision_use(tern_model *model, const char *text, tern_error *error);

#endif
