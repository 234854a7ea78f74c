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
 * before batches are made, and then shuffles the full batches, so that an epoch doesn't run from short to long.
 *
 * With per_label k, for losses that find positives and negatives by label, rows come in runs of k of one label, which
 * is what the batch holds side by side; one more or less where a row would else stand without another of its label,
 * and fewer at a batch's end and of a label that has no more. Labels are spread over the epoch, so a batch holds
 * several as long as there are. All batches but the last are full. Texts may then stand twice in a batch, and lengths
 * play no part. */
#ifndef TERN_DATA_SAMPLER_H
#define TERN_DATA_SAMPLER_H

#include "data/rows.h"

typedef struct tern_sampler_options {
    int64_t batch_size;
    uint64_t seed;
    int distinct;           /* 1 for in-batch losses; candidates of rows without a positive are their anchors */
    int64_t per_label;      /* rows of one label that come together, for rows with labels; 0: no care is taken. Above 0
                               distinct and bucketing are off */
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
/* Rows of an epoch: all, or what is drawn of groups. The same in every epoch. */
int64_t tern_sampler_rows(const tern_sampler *sampler);
/* The plan of one epoch; the caller's, freed with tern_plan_free. */
tern_plan *tern_sampler_plan(const tern_sampler *sampler, int64_t epoch);
/* Batches of an epoch's plan; at once without distinct, else it takes as long as planning. */
int64_t tern_sampler_count(const tern_sampler *sampler, int64_t epoch);
void tern_plan_free(tern_plan *plan);

/* Fills masked [n, n + n * rows->n_negatives] for a batch of n rows as losses/loss.h reads it: a candidate is masked
 * for anchor i when its text equals the positive's, when it is another positive of the same anchor, or when the
 * judgements call it relevant to that anchor. judged 0: only equal texts are masked. Where rows have no positive, each
 * anchor is its own. */
void tern_rows_mask(const tern_rows *rows, const int64_t *batch, int64_t n, int judged, uint8_t *masked);

#endif
