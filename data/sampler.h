/* The sampler: which rows make which batch, as a function of the rows, the options and the epoch alone.
 *
 *     tern_sampler *s = tern_sampler_create(rows, &(tern_sampler_options){.batch_size = 64, .seed = 42});
 *     tern_plan *plan = tern_sampler_plan(s, epoch);               // epoch 0, 1, 2, ...
 *     for (int64_t b = 0; b < plan->n_batches; b++)
 *         use(plan->rows + plan->start[b], plan->start[b + 1] - plan->start[b]);
 *
 * Rows are shuffled by (seed, epoch); of a group of rows (a query's positives) positives_per_query are drawn. No text
 * stands twice among a batch's candidates (positives and negatives) when distinct is set: a row that would bring one
 * waits for the next batch it fits, and what is left at the end changes places with rows of earlier batches, so that
 * there are no more batches than the most frequent text or the number of rows makes necessary (nearly always: the
 * search is bounded). Texts that one row repeats itself don't count. Every drawn row comes exactly once an epoch;
 * batches are full but for the last ones. bucket_batches > 1 sorts rows by length inside windows of that many batches,
 * before batches are made, and then shuffles the full batches, so that an epoch doesn't run from short to long. */
#ifndef TERN_DATA_SAMPLER_H
#define TERN_DATA_SAMPLER_H

#include "data/rows.h"

typedef struct tern_sampler_options {
    int64_t batch_size;
    uint64_t seed;
    int distinct;           /* 1 for in-batch losses */
    int64_t bucket_batches; /* 0 or 1: no bucketing */
    const int64_t *lengths; /* [rows->n] of each row, any unit; needed for bucketing only. Borrowed */
} tern_sampler_options;

typedef struct tern_plan {
    int64_t n_batches;
    int64_t *start; /* [n_batches + 1] */
    int64_t *rows;  /* [start[n_batches]] row numbers */
} tern_plan;

typedef struct tern_sampler tern_sampler;
tern_sampler *tern_sampler_create(const tern_rows *rows, const tern_sampler_options *options);
void tern_sampler_free(tern_sampler *sampler);
/* The plan of one epoch; the caller's, freed with tern_plan_free. */
tern_plan *tern_sampler_plan(const tern_sampler *sampler, int64_t epoch);
void tern_plan_free(tern_plan *plan);

/* Fills masked [n, n + n * rows->n_negatives] for a batch of n rows as losses/loss.h reads it: a candidate is masked
 * for anchor i when its text equals the positive's, when it is another positive of the same anchor, or when the
 * judgements call it relevant to that anchor. judged 0: only equal texts are masked. */
void tern_rows_mask(const tern_rows *rows, const int64_t *batch, int64_t n, int judged, uint8_t *masked);

#endif
