/* L = mean over i, j of max(0, d(a_i, p_i) - d(a_i, n_ij) + margin): the triplet loss (Schroff, Kalenichenko, Philbin
 * 2015), as TripletLoss of sentence-transformers 6.2. d is one of the distances of pair.c.
 *
 * a, p [n,D]; negatives [n k,D], those of row i at i k. Negatives that a row lacks make no triplet, and the mean is
 * over those that there are. All sums are in double. Saved: which triplets are active [n k]; at the kink itself the
 * gradient is 0. */
#include "autograd/pair.h"

enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

typedef struct saved_triplet {
    tern_pair_kind distance;
    uint8_t *active; /* [n k] */
    int64_t count;   /* triplets */
} saved_triplet;

static void backward(tern_tape *tape, const tern_record *record)
{
    const saved_triplet *saved = record->saved;
    const tern_tensor *a = record->in[0], *p = record->in[1], *negative = record->in[2];
    tern_real *da = tern_tape_grad(tape, record->in[0]), *dp = tern_tape_grad(tape, record->in[1]);
    tern_real *dn = tern_tape_grad(tape, record->in[2]);
    int64_t d = a->cols, each = negative->rows / a->rows;
    double g = (double)*record->out->grad / (double)(saved->count > 0 ? saved->count : 1);
#pragma omp parallel for schedule(static) if (a->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < a->rows; i++) {
        const tern_real *ai = a->data + i * d, *pi = p->data + i * d;
        int active = 0;
        for (int64_t j = i * each; j < (i + 1) * each; j++) {
            const tern_real *nj = negative->data + j * d;
            if (!saved->active[j])
                continue;
            active++;
            tern_pair_add_first(saved->distance, d, -g, ai, nj, da ? da + i * d : NULL);
            tern_pair_add_second(saved->distance, d, -g, ai, nj, dn ? dn + j * d : NULL);
        }
        tern_pair_add_first(saved->distance, d, g * active, ai, pi, da ? da + i * d : NULL);
        tern_pair_add_second(saved->distance, d, g * active, ai, pi, dp ? dp + i * d : NULL);
    }
}

static const tern_op op = {"triplet_margin", backward};

/* The losses of row i's triplets, into losses [n k]. text [k]: the row's; NULL: it has all. */
static void row_losses(const saved_triplet *saved, double margin, int64_t d, int64_t each, const tern_real *a,
                       const tern_real *p, const tern_real *negatives, const int64_t *text, uint8_t *active,
                       double *losses)
{
    double near = tern_pair_value(saved->distance, d, a, p);
    for (int64_t j = 0; j < each; j++) {
        double loss = near - tern_pair_value(saved->distance, d, a, negatives + j * d) + margin;
        /* Not a number counts as active, so that it is seen. */
        active[j] = !(loss <= 0) && !(text && text[j] < 0);
        losses[j] = active[j] ? loss : 0;
    }
}

static int64_t count_triplets(const int64_t *text, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += !text || text[i] >= 0;
    return count;
}

tern_tensor *tern_triplet_margin(tern_tape *tape, tern_tensor *a, tern_tensor *p, tern_tensor *negative,
                                 tern_pair_kind distance, double margin, const int64_t *text)
{
    int64_t n = a->rows, d = a->cols, each = n > 0 ? negative->rows / n : 0;
    TERN_CHECK(each > 0, "triplet_margin: %lld anchors, %lld negatives", (long long)n, (long long)negative->rows);
    TERN_CHECK_SHAPE("triplet_margin", p, n, d);
    TERN_CHECK_SHAPE("triplet_margin", negative, n * each, d);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, 1, 1);
    saved_triplet *saved = tern_arena_alloc(arena, sizeof *saved);
    *saved = (saved_triplet){.distance = distance, .count = count_triplets(text, n * each)};
    saved->active = tern_arena_alloc(arena, (size_t)(n * each));
    tern_arena_mark mark = tern_arena_here(arena);
    double sum = 0, *losses = tern_arena_alloc(arena, (size_t)(n * each) * sizeof *losses);

#pragma omp parallel for schedule(static) if (n >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < n; i++)
        row_losses(saved, margin, d, each, a->data + i * d, p->data + i * d, negative->data + i * each * d,
                   text ? text + i * each : NULL, saved->active + i * each, losses + i * each);
    for (int64_t i = 0; i < n * each; i++)
        sum += losses[i];
    *out->data = (tern_real)(saved->count > 0 ? sum / (double)saved->count : 0);
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, out, TERN_INPUTS(a, p, negative), saved);
    return out;
}
