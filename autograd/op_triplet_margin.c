/* L = mean over i, j of max(0, d(a_i, p_i) - d(a_i, n_ij) + margin): the triplet loss (Schroff, Kalenichenko, Philbin
 * 2015), as TripletLoss of sentence-transformers 6.2. d is one of
 *     cosine      1 - x.y / (|x| |y|)     lengths not below 1e-12      dx = (cos x / |x| - y / |y|) / |x|
 *     Euclidean   |x - y|                                              dx = (x - y) / d, 0 where d is 0
 *     Manhattan   sum of |x_k - y_k|                                   dx = sign(x - y)
 * and dy likewise with x and y exchanged.
 *
 * a, p [n,D]; negatives [n k,D], those of row i at i k. All sums are in double. Saved: which triplets are active
 * [n k]; at the kink itself the gradient is 0. */
#include "autograd/ops.h"

#include <math.h>

enum { COSINE, EUCLIDEAN, MANHATTAN };
enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

typedef struct saved_triplet {
    int distance;
    uint8_t *active; /* [n k] */
} saved_triplet;

typedef struct products {
    double xy, xx, yy;
} products;

static products products_of(int64_t d, const tern_real *x, const tern_real *y)
{
    products sum = {0};
    for (int64_t k = 0; k < d; k++) {
        sum.xy += (double)x[k] * (double)y[k];
        sum.xx += (double)x[k] * (double)x[k];
        sum.yy += (double)y[k] * (double)y[k];
    }
    return sum;
}

static double length(double square)
{
    double root = sqrt(square);
    return root < 1e-12 ? 1e-12 : root;
}

static double distance_of(int kind, int64_t d, const tern_real *x, const tern_real *y)
{
    if (kind == COSINE) {
        products s = products_of(d, x, y);
        return 1 - s.xy / (length(s.xx) * length(s.yy));
    }
    double sum = 0;
    for (int64_t k = 0; k < d; k++) {
        double difference = (double)x[k] - (double)y[k];
        sum += kind == EUCLIDEAN ? difference * difference : fabs(difference);
    }
    return kind == EUCLIDEAN ? sqrt(sum) : sum;
}

/* dx += g times the gradient of d(x, y) in x; d is symmetric, so it serves for y too. */
static void add_gradient(int kind, int64_t d, double g, const tern_real *x, const tern_real *y, tern_real *dx)
{
    double of_x = 0, of_y = 0;
    if (!dx)
        return;
    if (kind == COSINE) {
        products s = products_of(d, x, y);
        double lx = length(s.xx), ly = length(s.yy);
        of_x = g * s.xy / (lx * lx * lx * ly);
        of_y = -g / (lx * ly);
    } else if (kind == EUCLIDEAN) {
        double distance = distance_of(kind, d, x, y);
        of_x = distance > 0 ? g / distance : 0;
        of_y = -of_x;
    }
    for (int64_t k = 0; k < d; k++)
        dx[k] += kind == MANHATTAN ? (tern_real)(g * ((x[k] > y[k]) - (x[k] < y[k])))
                                   : (tern_real)(of_x * (double)x[k] + of_y * (double)y[k]);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const saved_triplet *saved = record->saved;
    const tern_tensor *a = record->in[0], *p = record->in[1], *negative = record->in[2];
    tern_real *da = tern_tape_grad(tape, record->in[0]), *dp = tern_tape_grad(tape, record->in[1]);
    tern_real *dn = tern_tape_grad(tape, record->in[2]);
    int64_t d = a->cols, each = negative->rows / a->rows;
    double g = (double)*record->out->grad / (double)negative->rows;
#pragma omp parallel for schedule(static) if (a->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < a->rows; i++) {
        const tern_real *ai = a->data + i * d, *pi = p->data + i * d;
        int active = 0;
        for (int64_t j = i * each; j < (i + 1) * each; j++) {
            const tern_real *nj = negative->data + j * d;
            if (!saved->active[j])
                continue;
            active++;
            add_gradient(saved->distance, d, -g, ai, nj, da ? da + i * d : NULL);
            add_gradient(saved->distance, d, -g, nj, ai, dn ? dn + j * d : NULL);
        }
        add_gradient(saved->distance, d, g * active, ai, pi, da ? da + i * d : NULL);
        add_gradient(saved->distance, d, g * active, pi, ai, dp ? dp + i * d : NULL);
    }
}

static const tern_op op = {"triplet_margin", backward};

/* The losses of row i's triplets, into losses [n k]. */
static void row_losses(const saved_triplet *saved, double margin, int64_t d, int64_t each, const tern_real *a,
                       const tern_real *p, const tern_real *negatives, uint8_t *active, double *losses)
{
    double near = distance_of(saved->distance, d, a, p);
    for (int64_t j = 0; j < each; j++) {
        double loss = near - distance_of(saved->distance, d, a, negatives + j * d) + margin;
        active[j] = !(loss <= 0); /* not a number counts as active, so that it is seen */
        losses[j] = active[j] ? loss : 0;
    }
}

tern_tensor *tern_triplet_margin(tern_tape *tape, tern_tensor *a, tern_tensor *p, tern_tensor *negative, int distance,
                                 double margin)
{
    int64_t n = a->rows, d = a->cols, each = n > 0 ? negative->rows / n : 0;
    TERN_CHECK(each > 0, "triplet_margin: %lld anchors, %lld negatives", (long long)n, (long long)negative->rows);
    TERN_CHECK_SHAPE("triplet_margin", p, n, d);
    TERN_CHECK_SHAPE("triplet_margin", negative, n * each, d);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, 1, 1);
    saved_triplet *saved = tern_arena_alloc(arena, sizeof *saved);
    *saved = (saved_triplet){distance, tern_arena_alloc(arena, (size_t)(n * each))};
    tern_arena_mark mark = tern_arena_here(arena);
    double sum = 0, *losses = tern_arena_alloc(arena, (size_t)(n * each) * sizeof *losses);

#pragma omp parallel for schedule(static) if (n >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < n; i++)
        row_losses(saved, margin, d, each, a->data + i * d, p->data + i * d, negative->data + i * each * d,
                   saved->active + i * each, losses + i * each);
    for (int64_t i = 0; i < n * each; i++)
        sum += losses[i];
    *out->data = (tern_real)(sum / (double)(n * each));
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, out, TERN_INPUTS(a, p, negative), saved);
    return out;
}
