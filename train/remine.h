/* Negatives mined anew while a run trains (ANCE, Xiong et al. 2021): every so many epochs the corpus is encoded with
 * the weights of that moment, and the rows' lists are replaced.
 *
 *     tern_remine *r = tern_remine_create(recipe, setup, rows);        // takes the setup that mined before the first
 * step if (tern_remine_run(r, &audit, &error) < 0) ...                     // at the beginning of an epoch
 *     checkpoint.negatives = tern_remine_lists(r, &checkpoint.n_negatives);
 *     tern_remine_restored(r);                                            // after a checkpoint was loaded
 *     tern_remine_free(r); */
#ifndef TERN_TRAIN_REMINE_H
#define TERN_TRAIN_REMINE_H

#include "train/mine_setup.h"

typedef struct tern_remine tern_remine;

/* Epochs from one mining to the next, of mine.every; 0: it isn't given; -1 with a sentence: it is no such number, or
 * doesn't go with the rest of the recipe. */
int64_t tern_remine_every(const tern_recipe *recipe, tern_error *error);

/* setup: of rows' first mining, owned from now on; rows: borrowed, with the pool that it filled. All documents of the
 * setup are named in rows->pool->later, so that they are tokenized. */
tern_remine *tern_remine_create(const tern_recipe *recipe, tern_mine_setup *setup, tern_rows *rows);
void tern_remine_free(tern_remine *remine);

/* 1 when it is to be mined at the beginning of an epoch, counted from 0. */
int tern_remine_due(const tern_remine *remine, int64_t epoch);
/* Mines with the setup's model as it is now and replaces the lists of rows->pool; *audit is the caller's. On failure
 * the lists are as they were. */
int tern_remine_run(tern_remine *remine, json_t **audit, tern_error *error);
/* The lists as a training state holds them: [*n] text ids, mine.num_negatives for each query, -1 behind them. */
int64_t *tern_remine_lists(tern_remine *remine, int64_t *n);
/* Puts what tern_remine_lists points to into rows->pool. */
void tern_remine_restored(tern_remine *remine);

#endif
