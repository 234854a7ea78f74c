/* Negatives to draw from: lists of any length, of which each row's batch gets so many, drawn anew each epoch.
 *
 *     tern_rows *drawn = tern_rows_draw(rows, seed, epoch);        // rows->pool is there
 *     int64_t first = drawn->negative[row * drawn->n_negatives];   // a text id, or TERN_NO_TEXT
 *     tern_rows_drawn_free(drawn);
 *
 * What is drawn is a function of the seed, the epoch, the row and its list alone. */
#ifndef TERN_DATA_NEGATIVES_H
#define TERN_DATA_NEGATIVES_H

#include <stdint.h>

struct tern_rows;

/* Where a text id is expected: there is none. A row with fewer negatives than are drawn has it in the others' place. */
enum { TERN_NO_TEXT = -1 };

typedef struct tern_negatives {
    int64_t *list;           /* [n] of each row which list is its own; rows may share one */
    int64_t n_lists, *start; /* [n_lists + 1] */
    int64_t *text;           /* [start[n_lists]] text ids */
    double *score;           /* [start[n_lists]] a teacher's; NULL: none */
    double *positive_score;  /* [n] the same of the rows' positives; NULL where score is */
    int64_t *later, n_later; /* text ids that lists may ever hold, where they are replaced; NULL: they stay */
    int64_t short_rows;      /* rows with fewer than are drawn */
    int64_t empty_rows;      /* those of them with none */
    int64_t empty_anchors;   /* distinct anchors that have no negative in any row */
    int64_t left_out;        /* entries of lists that tern_negatives_clean dropped as relevant to the row's anchor */
} tern_negatives;

void tern_negatives_free(tern_negatives *pool);
/* How many negatives a row has to draw from. */
int64_t tern_negatives_of_row(const tern_negatives *pool, int64_t row);

/* The texts that lists hold or may ever hold: [*n] text ids, some perhaps several times; borrowed. */
const int64_t *tern_negatives_texts(const tern_negatives *pool, int64_t *n);

/* Drops from the lists of rows->pool what is no negative of the list's anchor: texts that are relevant to it
 * (rows->relevant), its own text, and all but the first of equal ones; then counts rows that are short of
 * rows->n_negatives. A list belongs to rows of one anchor. */
void tern_negatives_clean(struct tern_rows *rows);

/* The rows with negatives and scores as the epoch draws them: negative [n, n_negatives] without replacement from the
 * row's list, all of it in its order where it is no longer than that, TERN_NO_TEXT behind; where the pool has scores,
 * score [n, 1 + n_negatives] of the positive and of what was drawn, 0 behind. All else is shared with rows, which must
 * outlive the result. */
struct tern_rows *tern_rows_draw(const struct tern_rows *rows, uint64_t seed, int64_t epoch);
/* Frees what tern_rows_draw made, not what it shares; NULL is fine. */
void tern_rows_drawn_free(struct tern_rows *drawn);

#endif
