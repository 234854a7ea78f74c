/* The sampler: which rows make which batch, as a function of the rows, the options and the epoch alone.
 *
 *     tern_sampler *s = tern_sampler_create(rows, &(tern_sampler_options){.batch_size = 64, .seed = 42});
 *     tern_plan *plan = tern_sampler_plan(s, epoch);               // epoch 0, 1, 2, ...
 *     for (int64_t b = 0; b < plan->n_batches; b++)
 *         use(plan->rows + plan->start[b], plan->start[b + 1] - plan->start[b]);
 *
 * Rows are shuffled by (seed, epoch); of a group of rows (a query's positives) positives_per_query are drawn. Every
 * drawn row comes exactly once an epoch, in ceil(rows / batch_size) batches, all full but the last, whatever repeats:
 * what equal texts mean for the loss is the mask's business (tern_rows_mask).
 *
 * Where rows have negatives to draw from (rows->pool), each epoch draws them anew for every row, by seed, epoch and
 * row; the plan's view of the rows has them.
 *
 * With apart set equal texts are kept apart as far as batches stay full. A text that c rows have among their candidates
 * (positives and negatives) stands in no batch more often than ceil(c / batches) times, so a text that recurs no more
 * often than there are batches stands in each at most once, and one that recurs more often is spread over all of them.
 * Nearly always, that is: rows that share several texts may leave no such order, and the search for it is bounded.
 *
 * bucket_batches > 1 sorts rows by length inside windows of that many batches, before batches are made, and then
 * shuffles the full batches, so that an epoch doesn't run from short to long.
 *
 * With per_label k, for losses that find positives and negatives by label, rows come in runs of k of one label, which
 * is what the batch holds side by side; one more or less where a row would else stand without another of its label,
 * and fewer at a batch's end and of a label that has no more. Labels are spread over the epoch, so a batch holds
 * several as long as there are. Neither equal texts nor lengths play a part. */
#ifndef TERN_DATA_SAMPLER_H
#define TERN_DATA_SAMPLER_H

#include "data/rows.h"

typedef struct tern_sampler_options {
    int64_t batch_size;
    uint64_t seed;
    int apart;              /* 1 for in-batch losses; candidates of rows without a positive are their anchors */
    int64_t per_label;      /* rows of one label that come together, for rows with labels; 0: no care is taken. Above 0
                               apart and bucketing are off */
    int64_t bucket_batches; /* 0 or 1: no bucketing */
    const int64_t *lengths; /* [rows->n] of each row, any unit; needed for bucketing only. Borrowed */
} tern_sampler_options;

typedef struct tern_plan {
    int64_t n_batches;
    int64_t *start;        /* [n_batches + 1] */
    int64_t *rows;         /* [start[n_batches]] row numbers */
    const tern_rows *view; /* the sampler's rows, with the negatives of this epoch where they are drawn */
    tern_rows *drawn;      /* private: the view where it is the plan's own */
} tern_plan;

typedef struct tern_sampler tern_sampler;
tern_sampler *tern_sampler_create(const tern_rows *rows, const tern_sampler_options *options);
void tern_sampler_free(tern_sampler *sampler);
/* Rows of an epoch: all, or what is drawn of groups. The same in every epoch, and known at once. */
int64_t tern_sampler_rows(const tern_sampler *sampler);
/* The plan of one epoch; the caller's, freed with tern_plan_free. */
tern_plan *tern_sampler_plan(const tern_sampler *sampler, int64_t epoch);
/* Batches of an epoch's plan: ceil(rows of an epoch / batch_size). The same in every epoch. */
int64_t tern_sampler_count(const tern_sampler *sampler);
void tern_plan_free(tern_plan *plan);

/* Fills masked [n, n + n * rows->n_negatives] for a batch of n rows by base/pair_mask.h. A candidate is no negative
 * of anchor i when its text equals the positive's or the anchor's own, when it is another positive of the same anchor,
 * or when the judgements call it relevant to that anchor; judged 0: when its text equals one of those two. Of several
 * candidates of one text all but one are marked as repeated: the row's own counts, or else the first. Texts are
 * compared as the data have them, whatever prompts come before them. Where rows have no positive, each anchor is its
 * own. A negative that is TERN_NO_TEXT is none of any anchor. masked[i, i] is 0. */
void tern_rows_mask(const tern_rows *rows, const int64_t *batch, int64_t n, int judged, uint8_t *masked);

#endif
