/* One training step after another: rows to a packed batch, vectors, loss, gradients, clipping, AdamW.
 *
 *     tern_trainer *t = tern_trainer_create(recipe, model, rows);
 *     tern_cursor cursor = {0};
 *     while (cursor.step < tern_trainer_total(t))
 *         if (tern_trainer_step(t, &cursor, &done, &error) < 0) ...
 *     tern_trainer_free(t);
 *
 * A step is a function of the weights, the moments and the cursor alone. */
#ifndef TERN_TRAIN_TRAINER_H
#define TERN_TRAIN_TRAINER_H

#include "checkpoints/model.h"
#include "data/rows.h"
#include "recipes/recipe.h"
#include "train/optimizer.h"
#include "train/train.h"

/* Where a run stands: so many steps are taken, and batch of epoch comes next. */
typedef struct tern_cursor {
    int64_t step, epoch, batch;
} tern_cursor;

typedef struct tern_trainer tern_trainer;

/* Tokenises the texts of rows, allocates gradients and moments. recipe, model and rows are borrowed. */
tern_trainer *tern_trainer_create(const tern_recipe *recipe, tern_model *model, const tern_rows *rows);
void tern_trainer_free(tern_trainer *trainer);

/* Steps of the whole run: train.max_steps, or all batches of train.epochs epochs. */
int64_t tern_trainer_total(const tern_trainer *trainer);
double tern_trainer_tokens_per_row(const tern_trainer *trainer);
/* The moments, for checkpoints. */
tern_optimizer *tern_trainer_optimizer(tern_trainer *trainer);

/* Takes one step and moves the cursor on; fills step, loss, learning_rate, grad_norm, tokens and seconds of out.
 * Fails, with the weights untouched, when the loss or the gradient is not finite, naming the step and its rows. */
int tern_trainer_step(tern_trainer *trainer, tern_cursor *cursor, tern_train_step *out, tern_error *error);
/* Gives the memory of activations back until the next step: before an evaluation, which takes its own. */
void tern_trainer_rest(tern_trainer *trainer);

#endif
