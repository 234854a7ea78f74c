/* Rows' candidates, and dealing an epoch's rows into batches; private to data/sampler.c and data/mask.c. */
#ifndef TERN_DATA_DEAL_H
#define TERN_DATA_DEAL_H

#include "data/sampler.h"

/* A plan for n rows in batches of size: ceil(n / size) of them, all full but the last. rows [n] are not filled in. The
 * caller's. */
tern_plan *tern_plan_create(int64_t n, int64_t size);
/* Fills the plan with row [n] in that order, but for rows that would bring a candidate text into a batch more often
 * than a text of its frequency must: they come in a later batch, or change places with a row of another one, where
 * that can be had. n_texts: all candidates' text ids are below it. */
void tern_deal_apart(const tern_rows *rows, int64_t n_texts, const int64_t *row, int64_t size, tern_plan *plan);

/* Candidates of a row: its positive, which is the anchor once more where the rows have none, and its negatives. Those
 * that it lacks are the last ones, and not counted. */
static inline int tern_row_candidates(const tern_rows *rows, int64_t row)
{
    int n = rows->n_negatives;
    while (n > 0 && rows->negative[row * rows->n_negatives + n - 1] == TERN_NO_TEXT)
        n--;
    return 1 + n;
}

static inline int64_t tern_row_candidate(const tern_rows *rows, int64_t row, int c)
{
    if (c == 0)
        return rows->positive ? rows->positive[row] : rows->anchor[row];
    return rows->negative[row * rows->n_negatives + c - 1];
}

/* 1 when candidate c of the row is the first with its text: a text that a row repeats counts once. */
static inline int tern_row_is_first(const tern_rows *rows, int64_t row, int c)
{
    for (int b = 0; b < c; b++)
        if (tern_row_candidate(rows, row, b) == tern_row_candidate(rows, row, c))
            return 0;
    return 1;
}

#endif
