/* A second model's vectors of a data set's texts: of a guide, which tells false negatives, or a teacher. Made once,
 * before the first step: the second model doesn't learn.
 *
 *     tern_second_vectors *v = tern_second_vectors_create("models/teacher", rows, watch, &error);
 *     memcpy(row, tern_second_vector(v, TERN_ROLE_QUERY, rows->anchor[i]), (size_t)tern_second_dim(v) * sizeof *row);
 */
#ifndef TERN_TRAIN_SECOND_MODEL_H
#define TERN_TRAIN_SECOND_MODEL_H

#include "checkpoints/model.h"
#include "data/rows.h"
#include "train/inputs.h"
#include "train/train.h"

typedef struct tern_second_vectors tern_second_vectors;

/* How wide a model's vectors are, or -1 with a sentence when it can't be loaded; adds it to inputs as kind. warnings
 * (NULL: dropped): gets those of the model. */
int64_t tern_second_model_look(const char *model, const char *kind, tern_inputs *inputs, tern_warnings *warnings,
                               tern_error *error);

/* Loads the model, embeds every text that rows use in each role it has, with the model's own prompts, through the
 * embedding store, and lets the model go. NULL with a sentence when it can't be loaded, or when watch->stop asks for an
 * end. */
tern_second_vectors *tern_second_vectors_create(const char *model, const tern_rows *rows, const tern_train_watch *watch,
                                                tern_error *error);
void tern_second_vectors_free(tern_second_vectors *vectors);
int64_t tern_second_dim(const tern_second_vectors *vectors);
/* [dim] of a text in a role that rows give it; borrowed. */
const float *tern_second_vector(const tern_second_vectors *vectors, tern_role role, int64_t text);

#endif
