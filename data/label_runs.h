/* Batches for losses that look for positives and negatives among a batch's labels; private to data/sampler.c. */
#ifndef TERN_DATA_LABEL_RUNS_H
#define TERN_DATA_LABEL_RUNS_H

#include "data/sampler.h"

/* Fills the plan with the drawn rows row [n], already shuffled, as tern_sampler_options.per_label says; its batches are
 * those of tern_plan_create. */
void tern_label_runs_plan(const tern_rows *rows, const tern_sampler_options *options, int64_t epoch, const int64_t *row,
                          tern_plan *plan);

#endif
