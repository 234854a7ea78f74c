/* What is made small on one data set: its losses, weighted and added, over the vectors of a batch.
 *
 *     tern_objective o;
 *     tern_objective_init(&o, &recipe->sources[0]);
 *     tern_objective_declare(&o, &sizes, "loss.", heads);     // what the losses learn beside the model
 *     tern_tensor *loss = tern_objective_value(&o, tape, x, &batch, step);
 */
#ifndef TERN_TRAIN_OBJECTIVE_H
#define TERN_TRAIN_OBJECTIVE_H

#include "losses/loss.h"
#include "recipes/recipe.h"
#include "train/batch.h"
#include "train/second_model.h"

typedef struct tern_objective {
    tern_loss_options losses[TERN_RECIPE_MOST_LOSSES];
    const char *second_model[TERN_RECIPE_MOST_LOSSES];          /* the guide or teacher of each; NULL: none */
    const tern_second_vectors *second[TERN_RECIPE_MOST_LOSSES]; /* its vectors; borrowed */
    int64_t second_dim[TERN_RECIPE_MOST_LOSSES];                /* their width; 0: none */
    int n_losses;
    int needs;                  /* TERN_NEEDS_* of all losses together */
    int in_batch;               /* 1: other rows' texts are negatives for one of them */
    int judged;                 /* 1: judgements mask candidates */
    int view;                   /* the loss that looks at earlier layers; -1: none */
    int64_t dim;                /* of the vectors */
    size_t first_head, n_heads; /* which of the heads its losses learn */
    int n_layers;               /* of the encoder */
    uint64_t seed;
} tern_objective;

/* The losses as the recipe describes them; names must exist. Borrows from source. */
void tern_objective_init(tern_objective *objective, const tern_recipe_source *source);
/* Declares what the losses learn in heads, with names that begin with prefix. sizes->teacher_dim isn't read: each loss
 * has the width of its own second model. */
void tern_objective_declare(tern_objective *objective, const tern_loss_sizes *sizes, const char *prefix,
                            tern_params *heads);
/* Says which of the heads a step of this objective doesn't use (tern_param.idle): all but its own. */
void tern_objective_choose_heads(const tern_objective *objective, tern_params *heads);
/* Start values of them, after tern_params_allocate. */
void tern_objective_start(const tern_objective *objective, uint64_t seed);
/* The earlier layers that a step needs vectors of, into layers [TERN_MAX_LAYER_VIEWS]; returns how many. */
int tern_objective_layers(const tern_objective *objective, uint64_t step, int *layers);
/* The value [1,1] over x [places of the batch, dim * (1 + layers)]: the last layer's vectors, then the earlier ones'.
 */
tern_tensor *tern_objective_value(const tern_objective *objective, tern_tape *tape, tern_tensor *x,
                                  const tern_batch *batch, uint64_t step);

#endif
