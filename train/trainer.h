/* One training step after another: rows to a packed batch, vectors, loss, gradients, clipping, AdamW.
 *
 *     tern_trainer *t = tern_trainer_create(recipe, model, sources, &error);
 *     for (int64_t step = 0; step < tern_trainer_total(t); step++)
 *         if (tern_trainer_step(t, step, &done, &error) < 0) ...
 *     tern_trainer_free(t);
 *
 * A step is a function of its number, the weights and the moments alone. */
#ifndef TERN_TRAIN_TRAINER_H
#define TERN_TRAIN_TRAINER_H

#include "checkpoints/model.h"
#include "recipes/recipe.h"
#include "train/average.h"
#include "train/budget.h"
#include "train/exams.h"
#include "train/optimizer.h"
#include "train/source.h"
#include "train/train.h"

typedef struct tern_trainer tern_trainer;

/* Decides what learns and how fast, and what the losses learn beside the model; allocates gradients and moments.
 * recipe, model and sources [recipe->n_sources] (prepared) are borrowed. NULL with a sentence when the recipe asks for
 * what can't be. */
tern_trainer *tern_trainer_create(const tern_recipe *recipe, tern_model *model, tern_source *sources,
                                  tern_error *error);
void tern_trainer_free(tern_trainer *trainer);

/* Steps of the whole run: train.max_steps, or all batches of train.epochs epochs. */
int64_t tern_trainer_total(const tern_trainer *trainer);
/* 1 when an epoch begins with this step, so that the one before it ended an epoch. */
int tern_trainer_begins_epoch(tern_trainer *trainer, int64_t step);
/* After the rows' negatives were replaced. */
void tern_trainer_forget_plans(tern_trainer *trainer);
/* The epoch, counted from 0, that a step is in. */
int64_t tern_trainer_epoch(tern_trainer *trainer, int64_t step);
/* What the batches of the run are like. */
const tern_batch_survey *tern_trainer_survey(const tern_trainer *trainer);
/* How batches fit into train.memory, next to the sets that the model is scored on (NULL: none), whose texts are cut at
 * longest tokens. *text (the caller's) says it in one line. To be called before the first step, and again when a run
 * goes on from a checkpoint (resumed). */
int tern_trainer_plan_memory(tern_trainer *trainer, const tern_exams *exams, int64_t longest, int resumed, char **text,
                             tern_error *error);

/* Bytes: the peak that was announced. */
int64_t tern_trainer_planned_peak(const tern_trainer *trainer);

/* The parts that checkpoints hold; those of the heads are NULL when the losses learn nothing. */
typedef struct tern_trainer_parts {
    tern_optimizer *optimizer, *heads_optimizer;
    tern_params *heads;
    tern_average *average; /* NULL: none */
} tern_trainer_parts;
tern_trainer_parts tern_trainer_get_parts(tern_trainer *trainer);

/* Every step from now on, its operations and what is around them are spans of profile, the caller's. NULL: none. */
void tern_trainer_set_profile(tern_trainer *trainer, tern_profile *profile);
/* Takes step number step (from 0); fills all of out but seconds_left and tokens_per_second. Fails, with the weights
 * untouched, when the loss or the gradient is not finite, naming the step, the rows and where it went wrong first. */
int tern_trainer_step(tern_trainer *trainer, int64_t step, tern_train_step *out, tern_error *error);
/* Gives the memory of activations back until the next step: before an evaluation, which takes its own. */
void tern_trainer_rest(tern_trainer *trainer);

#endif
