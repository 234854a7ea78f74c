/* --dim: a model whose vectors are cut to their first components. */
#ifndef TERN_CLI_CUT_H
#define TERN_CLI_CUT_H

#include "base/error.h"
#include "checkpoints/model.h"

/* The model's vectors are cut to dim from here on, and normalized again when the model ends in Normalize; dim 0: left
 * as they are. Fails when the model has fewer than dim. NULL for model: it failed to load, which was said. */
int tern_cut(tern_model *model, int64_t dim, tern_error *error);

#endif
