/* What of a model learns, and how fast: train.freeze, train.rates and train.layer_decay of a recipe.
 *
 *     double *rate = tern_alloc(params->n, sizeof *rate);
 *     if (tern_groups_resolve(recipe, params, tern_encoder_get_config(encoder), rate, &error) < 0) ...
 *     tern_params_want_grads(params);                                          // frozen parameters get none
 *     o = tern_optimizer_create(params, &(tern_optimizer_options){.rate = rate, ..});
 *     free(rate);
 *
 * Patterns are those of fnmatch(3) on whole names, so "*" stands for dots and slashes too: "encoder.layer.0.*",
 * "*LayerNorm*". Two short forms: "embeddings" is "embeddings.*", and "layers:N" the first N transformer layers. */
#ifndef TERN_TRAIN_GROUPS_H
#define TERN_TRAIN_GROUPS_H

#include "encoders/encoder.h"
#include "recipes/recipe.h"

/* Sets TERN_PARAM_FROZEN on what train.freeze names; to be called before tern_params_want_grads. Fills rate
 * [params->n], each parameter's factor of the learning rate: that of the last of train.rates that matches its name,
 * else 1; times train.layer_decay ^ (layers above it), as BEiT's fine-tuning does it: the last transformer layer has
 * none above it, the embeddings have all, and what comes after the transformer learns at the full rate.
 *
 * Fails, with the recipe's line, on a pattern that matches nothing (the nearest name is given), on factors for frozen
 * parameters only, when not all of a layer's query, key and value are frozen (they are computed as one), and when
 * nothing is left to learn. After a failure the flags of params are of no use. */
int tern_groups_resolve(const tern_recipe *recipe, tern_params *params, const tern_encoder_config *config, double *rate,
                        tern_error *error);

/* How many weights are not frozen. */
int64_t tern_groups_count_learned(const tern_params *params);

#endif
