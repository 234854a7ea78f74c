/* The cross-entropy of in-batch negatives (van den Oord et al. 2018, eq. 4; Henderson et al. 2017), similarity, softmax
 * and loss in one, with the directions, partitions and hardness weights of MultipleNegativesRankingLoss and the guide
 * of GISTEmbedLoss (sentence-transformers 6.2). Over one softmax, whose scores l_ij come from one or several blocks: L
 * = mean over i of log(sum over j of exp(l_ij)) - l_ii          l_ij = scale s_ij + hardness_ij stop(s_ij)
 *
 *     block            q     k     left out                     masked
 *     query to doc     a_i   c_j                                (i, j): no negative, repeated
 *     doc to query     c_i   a_j                                (j, i): no negative, same anchor
 *     query to query   a_i   a_j   i = j                        (i, j), (j, i): no negative, same anchor
 *     doc to doc       c_i   c_j   documents of row i           (i, j): no negative, repeated; (j, i): no negative
 *
 * with i < n, and (j, i) where j < n. Apart (not joint): each block has a softmax of its own, and L is the mean of
 * theirs. The target (i, i) is never left out and gets no hardness. A guide leaves out what it finds closer than its
 * own similarity of the target, less a margin.
 *
 * The matrices of scores never exist: tiles of ROWS x COLS of them are computed, the guide's too, and again in
 * backward. Saved [n] for each softmax: the row's greatest similarity (times 1 + hardness / scale) and the log of the
 * sum of exp(scale (s - greatest)): scores relative to the greatest keep their precision in float. With P the softmax
 * and g = scale dL / n:
 *     dq_i += g (sum over j of P_ij k_j - k_i)       one task a tile of rows
 *     dk_j += g (sum over i of P_ij q_i - q_j)       one task a tile of columns
 * so that each value has one owner and one order of summation, whatever the number of threads. Saved for a learned
 * scale: dL/dscale = mean over i of sum over j of P_ij s_ij - s_ii. */
#include "autograd/gemm.h"
#include "autograd/kernels.h"

#include <math.h>
#include <omp.h>

enum { ROWS = 128, COLS = 512 };
enum { BLOCKS = 4 };

/* CLIP's bound on what it learns (Radford et al. 2021, section 2.5). */
static const double LARGEST_SCALE = 100;

/* One direction. */
typedef struct block {
    const tern_tensor *q, *k; /* the first n rows of q, the first keys of k */
    const tern_tensor *guide_q, *guide_k;
    tern_tensor *dq, *dk; /* whose gradients they give */
    int64_t keys;
    unsigned direction;
    int softmax;  /* which one it belongs to */
    int targeted; /* (i, i) is that softmax's target */
} block;

typedef struct in_batch {
    tern_in_batch is; /* as it was asked for */
    int64_t n;
    double scale;
    block blocks[BLOCKS];
    int n_blocks, n_softmaxes;
    int64_t each;                  /* explicit negatives a row */
    double *threshold;             /* [n] guide's similarities above it are left out */
    tern_real *greatest, *log_sum; /* [n_softmaxes, n] */
    int slopes;                    /* the scale's gradient is wanted */
    double slope;                  /* dL/dscale */
} in_batch;

/* A rectangle of the matrix of scores. */
typedef struct tile {
    int64_t row, rows, col, cols;
} tile;

/* One thread's memory, [ROWS,COLS] each: scores, the guide's, similarities as they were; the last two only if used. */
typedef struct scratch {
    tern_real *s, *guide, *raw;
} scratch;

static tile tile_at(const in_batch *b, const block *k, int64_t row, int64_t col)
{
    int64_t rows = b->n - row, cols = k->keys - col;
    return (tile){row, rows < ROWS ? rows : ROWS, col, cols < COLS ? cols : COLS};
}

static const tern_real *row_of(const tern_tensor *t, int64_t i)
{
    return t->data + i * t->cols;
}

/* s [rows,cols] = q k^T. */
static void products(const tern_tensor *q, const tern_tensor *k, const tile *t, tern_real *s)
{
    int64_t d = q->cols;
    tern_gemm(0, 1, t->rows, t->cols, d, 1, row_of(q, t->row), d, row_of(k, t->col), d, 0, s, t->cols);
}

/* Scores become similarities times 1 + hardness / scale where that isn't 1. */
static void harden(const in_batch *b, const tile *t, tern_real *s)
{
    tern_real own = (tern_real)(1 + b->is.own_hardness / b->scale), others = (tern_real)(1 + b->is.hardness / b->scale);
    for (int64_t i = 0; i < t->rows; i++) {
        tern_real *si = s + i * t->cols;
        int64_t row = t->row + i, first = b->n + row * b->each - t->col, target = row - t->col;
        for (int64_t j = 0; j < t->cols; j++)
            if (j != target)
                si[j] *= j >= first && j < first + b->each ? own : others;
    }
}

/* Leaves out pairs (i, j) below cols with one of bits in masked[i * row_step + j * col_step]. */
static void mask(const in_batch *b, const tile *t, int64_t row_step, int64_t col_step, int64_t cols, int bits,
                 tern_real *s)
{
    int64_t upto = cols - t->col < t->cols ? cols - t->col : t->cols;
    for (int64_t i = 0; i < t->rows; i++) {
        const uint8_t *masked = b->is.masked + (t->row + i) * row_step + t->col * col_step;
        for (int64_t j = 0; j < upto; j++)
            if ((masked[j * col_step] & bits) && t->row + i != t->col + j)
                s[i * t->cols + j] = (tern_real)-INFINITY;
    }
}

static void mask_block(const in_batch *b, const block *k, const tile *t, tern_real *s)
{
    int64_t m = b->is.masked_cols;
    int to_query = k->direction & (TERN_C_TO_A | TERN_A_TO_A);
    if (k->direction != TERN_C_TO_A)
        mask(b, t, m, 1, k->keys, TERN_PAIR_NO_NEGATIVE | (to_query ? TERN_PAIR_SAME_ANCHOR : TERN_PAIR_REPEATED), s);
    if (k->direction != TERN_A_TO_C)
        mask(b, t, 1, m, b->n, TERN_PAIR_NO_NEGATIVE | (to_query ? TERN_PAIR_SAME_ANCHOR : 0), s);
}

/* Leaves out columns [from, from + n) of the block in row i of the tile. */
static void leave_out(const tile *t, int64_t i, int64_t from, int64_t n, tern_real *s)
{
    int64_t first = from < t->col ? t->col : from, end = from + n < t->col + t->cols ? from + n : t->col + t->cols;
    for (int64_t j = first; j < end; j++)
        s[i * t->cols + j - t->col] = (tern_real)-INFINITY;
}

static void leave_out_own(const in_batch *b, const block *k, const tile *t, tern_real *s)
{
    for (int64_t i = 0; i < t->rows; i++) {
        leave_out(t, i, t->row + i, 1, s);
        if (k->direction == TERN_C_TO_C)
            leave_out(t, i, b->n + (t->row + i) * b->each, b->each, s);
    }
}

static void guide(const in_batch *b, const block *k, const tile *t, tern_real *guided, tern_real *s)
{
    products(k->guide_q, k->guide_k, t, guided);
    for (int64_t i = 0; i < t->rows; i++) {
        double threshold = b->threshold[t->row + i];
        int64_t target = k->direction & (TERN_A_TO_C | TERN_C_TO_A) ? t->row + i - t->col : -1;
        for (int64_t j = 0; j < t->cols; j++)
            if ((double)guided[i * t->cols + j] > threshold && j != target)
                s[i * t->cols + j] = (tern_real)-INFINITY;
    }
}

/* s [rows,cols] = similarities with their hardness, -infinity where left out. */
static void similarities(const in_batch *b, const block *k, const tile *t, const scratch *own)
{
    products(k->q, k->k, t, own->s);
    for (int64_t i = 0; own->raw && i < t->rows * t->cols; i++)
        own->raw[i] = own->s[i];
    if (k->direction == TERN_A_TO_C && (b->is.hardness > 0 || b->is.own_hardness > 0))
        harden(b, t, own->s);
    if (b->is.masked)
        mask_block(b, k, t, own->s);
    if (k->direction & (TERN_A_TO_A | TERN_C_TO_C))
        leave_out_own(b, k, t, own->s);
    if (b->threshold)
        guide(b, k, t, own->guide, own->s);
}

/* A row's sums so far. */
typedef struct row_sums {
    double sum, moment, target; /* of exp(scale (s - greatest)); of that times the similarity; the target's */
} row_sums;

/* Takes a row's next n similarities into its greatest so far and the sums. s is spent. raw NULL: no moment. */
static void take_in(double scale, int64_t n, tern_real *s, const tern_real *raw, tern_real *greatest, row_sums *sums)
{
    tern_real old = *greatest;
    for (int64_t j = 0; j < n; j++)
        if (s[j] > *greatest)
            *greatest = s[j];
    double shrink = exp(scale * ((double)old - (double)*greatest));
    sums->sum *= shrink;
    sums->moment *= shrink;
    for (int64_t j = 0; j < n; j++)
        s[j] = (tern_real)scale * (s[j] - *greatest);
    tern_kernels()->exp((size_t)n, s, s);
    for (int64_t j = 0; j < n; j++)
        sums->sum += (double)s[j];
    for (int64_t j = 0; raw && j < n; j++)
        sums->moment += (double)s[j] * (double)raw[j];
}

/* One block's columns into its softmax's sums of a tile of rows. */
static void forward_block(const in_batch *b, const block *k, int64_t row, const scratch *own, row_sums *sums)
{
    tern_real *greatest = b->greatest + k->softmax * b->n + row;
    for (int64_t col = 0; col < k->keys; col += COLS) {
        tile t = tile_at(b, k, row, col);
        similarities(b, k, &t, own);
        for (int64_t i = 0; i < t.rows; i++) {
            int64_t at = i * t.cols, target = row + i - col;
            if (k->targeted && target >= 0 && target < t.cols)
                sums[i].target = (double)own->s[at + target];
            take_in(b->scale, t.cols, own->s + at, own->raw ? own->raw + at : NULL, &greatest[i], &sums[i]);
        }
    }
}

/* Losses of the tile's rows in one softmax into losses, and their derivatives by the scale into slopes. */
static void forward_rows(const in_batch *b, int softmax, int64_t row, const scratch *own, double *losses,
                         double *slopes)
{
    row_sums sums[ROWS] = {{0}};
    tern_real *greatest = b->greatest + softmax * b->n + row, *log_sums = b->log_sum + softmax * b->n + row;
    int64_t rows = tile_at(b, b->blocks, row, 0).rows;
    for (int64_t i = 0; i < rows; i++)
        greatest[i] = sizeof(tern_real) == 4 ? (tern_real)-3e38 : (tern_real)-1e300; /* finite: -inf - -inf is NaN */
    for (int i = 0; i < b->n_blocks; i++)
        if (b->blocks[i].softmax == softmax)
            forward_block(b, &b->blocks[i], row, own, sums);
    for (int64_t i = 0; i < rows; i++) {
        double log_sum = log(sums[i].sum);
        log_sums[i] = (tern_real)log_sum;
        losses[row + i] = log_sum - b->scale * (sums[i].target - (double)greatest[i]);
        slopes[row + i] = sums[i].moment / sums[i].sum - sums[i].target;
    }
}

/* s [rows,cols] = softmax of the tile, minus 1 at the targets. */
static void softmax_gradient(const in_batch *b, const block *k, const tile *t, const scratch *own)
{
    similarities(b, k, t, own);
    for (int64_t i = 0; i < t->rows; i++) {
        int64_t row = k->softmax * b->n + t->row + i, target = t->row + i - t->col;
        tern_real *si = own->s + i * t->cols, greatest = b->greatest[row];
        for (int64_t j = 0; j < t->cols; j++)
            si[j] -= greatest;
        tern_kernels()->softmax_again(t->cols, (tern_real)b->scale, b->log_sum[row], si);
        if (k->targeted && target >= 0 && target < t->cols)
            si[target] -= 1;
    }
}

static void backward_rows(const in_batch *b, const block *k, int64_t row, tern_real g, const scratch *own,
                          tern_real *dq)
{
    int64_t d = k->q->cols;
    for (int64_t col = 0; col < k->keys; col += COLS) {
        tile t = tile_at(b, k, row, col);
        softmax_gradient(b, k, &t, own);
        tern_gemm(0, 0, t.rows, d, t.cols, g, own->s, t.cols, row_of(k->k, col), d, 1, dq + row * d, d);
    }
}

static void backward_cols(const in_batch *b, const block *k, int64_t col, tern_real g, const scratch *own,
                          tern_real *dk)
{
    int64_t d = k->q->cols;
    for (int64_t row = 0; row < b->n; row += ROWS) {
        tile t = tile_at(b, k, row, col);
        softmax_gradient(b, k, &t, own);
        tern_gemm(1, 0, t.cols, d, t.rows, g, own->s, t.cols, row_of(k->q, row), d, 1, dk + col * d, d);
    }
}

static size_t tile_size(const in_batch *b)
{
    int64_t most = 0;
    for (int i = 0; i < b->n_blocks; i++) {
        tile t = tile_at(b, &b->blocks[i], 0, 0);
        most = most > t.rows * t.cols ? most : t.rows * t.cols;
    }
    return (size_t)most;
}

/* One for each thread. */
static scratch *scratch_of(tern_arena *arena, const in_batch *b, int raw)
{
    int threads = omp_get_max_threads();
    size_t bytes = tile_size(b) * sizeof(tern_real);
    scratch *own = tern_arena_alloc(arena, (size_t)threads * sizeof *own);
    for (int i = 0; i < threads; i++)
        own[i] = (scratch){.s = tern_arena_alloc(arena, bytes),
                           .guide = b->threshold ? tern_arena_alloc(arena, bytes) : NULL,
                           .raw = raw ? tern_arena_alloc(arena, bytes) : NULL};
    return own;
}

static void backward_block(const in_batch *b, const block *k, tern_real g, const scratch *own, tern_real *dq,
                           tern_real *dk)
{
    if (dq) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t row = 0; row < b->n; row += ROWS)
            backward_rows(b, k, row, g, &own[omp_get_thread_num()], dq);
    }
    if (dk) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t col = 0; col < k->keys; col += COLS)
            backward_cols(b, k, col, g, &own[omp_get_thread_num()], dk);
    }
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const in_batch *b = record->saved;
    double dloss = (double)*record->out->grad;
    tern_real *dlog_scale = tern_tape_grad(tape, b->is.log_scale);
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    const scratch *own = scratch_of(arena, b, 0);
    tern_real g = (tern_real)(b->scale * dloss / (double)b->n / b->n_softmaxes);
    for (int i = 0; i < b->n_blocks; i++) {
        const block *k = &b->blocks[i];
        backward_block(b, k, g, own, tern_tape_grad(tape, k->dq), tern_tape_grad(tape, k->dk));
    }
    if (dlog_scale) {
        double slope = dloss * b->slope * b->scale;
        /* At the bound only what leads away from it, or the scale would be stuck there. */
        if (b->scale < LARGEST_SCALE || slope > 0)
            *dlog_scale += (tern_real)slope;
    }
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"in_batch_softmax", backward};

static void add_block(in_batch *b, unsigned direction, tern_tensor *a, tern_tensor *c)
{
    int of_query = direction == TERN_A_TO_C || direction == TERN_A_TO_A;
    int to_query = direction == TERN_C_TO_A || direction == TERN_A_TO_A;
    tern_tensor *ga = b->is.guide_a, *gc = b->is.guide_c;
    if (!(b->is.directions & direction))
        return;
    block *k = &b->blocks[b->n_blocks++];
    k->dq = of_query ? a : c;
    k->dk = to_query ? a : c;
    k->q = k->dq;
    k->k = k->dk;
    k->guide_q = of_query ? ga : gc;
    k->guide_k = to_query ? ga : gc;
    k->keys = to_query || (direction == TERN_C_TO_C && b->is.only_positives) ? b->n : c->rows;
    k->direction = direction;
    k->softmax = b->is.joint ? 0 : b->n_softmaxes++;
    k->targeted = direction == TERN_A_TO_C || !b->is.joint;
}

static void check(const tern_in_batch *o, const tern_tensor *a, const tern_tensor *c)
{
    const unsigned between = TERN_A_TO_C | TERN_C_TO_A, within = TERN_A_TO_A | TERN_C_TO_C;
    TERN_CHECK_SHAPE("in_batch_softmax", c, c->rows, a->cols);
    TERN_CHECK(a->rows > 0 && c->rows >= a->rows, "in_batch_softmax: %lld anchors, %lld candidates", (long long)a->rows,
               (long long)c->rows);
    TERN_CHECK(o->directions && !(o->directions & ~(between | within)), "in_batch_softmax: directions %u",
               o->directions);
    TERN_CHECK(o->joint ? o->directions & TERN_A_TO_C : !(o->directions & within),
               "in_batch_softmax: a softmax of directions %u has no target", o->directions);
    TERN_CHECK(!o->guide_a == !o->guide_c, "in_batch_softmax: %s", "half a guide");
    if (!o->guide_a)
        return;
    TERN_CHECK_SHAPE("in_batch_softmax", o->guide_a, a->rows, o->guide_c->cols);
    TERN_CHECK_SHAPE("in_batch_softmax", o->guide_c, c->rows, o->guide_a->cols);
}

static double *thresholds(tern_arena *arena, const tern_in_batch *o, int64_t n)
{
    double *threshold = tern_arena_alloc(arena, (size_t)n * sizeof *threshold);
    for (int64_t i = 0; i < n; i++) {
        const tern_real *x = row_of(o->guide_a, i), *y = row_of(o->guide_c, i);
        double s = 0;
        for (int64_t j = 0; j < o->guide_a->cols; j++)
            s += (double)x[j] * (double)y[j];
        threshold[i] = s - o->guide_margin * (o->relative_margin ? fabs(s) : 1);
    }
    return threshold;
}

static in_batch *prepare(tern_tape *tape, tern_tensor *a, tern_tensor *c, const tern_in_batch *o)
{
    static const unsigned order[] = {TERN_A_TO_C, TERN_C_TO_A, TERN_A_TO_A, TERN_C_TO_C};
    tern_arena *arena = tern_tape_arena(tape);
    in_batch *b = tern_arena_alloc(arena, sizeof *b);
    *b = (in_batch){.is = *o, .n = a->rows, .each = c->rows / a->rows - 1, .scale = o->scale};
    b->is.masked_cols = o->masked_cols > 0 ? o->masked_cols : c->rows;
    if (o->log_scale) {
        b->scale = fmin(exp((double)*o->log_scale->data), LARGEST_SCALE);
        b->slopes = tern_tape_wants(tape, TERN_INPUTS(o->log_scale));
    }
    for (int i = 0; i < BLOCKS; i++)
        add_block(b, order[i], a, c);
    b->n_softmaxes += o->joint;
    size_t bytes = (size_t)(b->n_softmaxes * b->n) * sizeof(tern_real);
    b->greatest = tern_arena_alloc(arena, bytes);
    b->log_sum = tern_arena_alloc(arena, bytes);
    b->threshold = o->guide_a ? thresholds(arena, o, b->n) : NULL;
    return b;
}

tern_tensor *tern_in_batch_softmax(tern_tape *tape, tern_tensor *a, tern_tensor *c, const tern_in_batch *o)
{
    check(o, a, c);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, 1, 1);
    in_batch *b = prepare(tape, a, c, o);
    tern_arena_mark mark = tern_arena_here(arena);
    size_t bytes = (size_t)b->n * sizeof(double);
    double total = 0, *losses = tern_arena_alloc(arena, bytes), *slopes = tern_arena_alloc(arena, bytes);
    const scratch *own = scratch_of(arena, b, b->slopes);
    tern_gemm_reserve();

    for (int softmax = 0; softmax < b->n_softmaxes; softmax++) {
        double sum = 0, slope = 0;
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t row = 0; row < b->n; row += ROWS)
            forward_rows(b, softmax, row, &own[omp_get_thread_num()], losses, slopes);
        for (int64_t i = 0; i < b->n; i++) {
            sum += losses[i];
            slope += slopes[i];
        }
        total += sum / (double)b->n / b->n_softmaxes;
        b->slope += slope / (double)b->n / b->n_softmaxes;
    }
    *out->data = (tern_real)total;
    tern_arena_rewind(arena, mark);
    int64_t pairs = 0;
    for (int i = 0; i < b->n_blocks; i++)
        pairs += b->n * b->blocks[i].keys;
    tern_tape_count_pairs(tape, pairs);
    tern_tape_record(tape, &op, out, TERN_INPUTS(a, c, o->log_scale), b);
    return out;
}
