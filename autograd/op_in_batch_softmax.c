/* L = mean over i of log(sum over j of exp(scale q_i . k_j)) - scale q_i . k_i: the cross-entropy of in-batch
 * negatives (van den Oord et al. 2018, eq. 4; Henderson et al. 2017), similarity, softmax and loss in one.
 *
 * Query to document: q = a [n,D], k = c [m,D], and the pairs (i, j) with masked[i, j] are left out of the sum.
 * Transposed: q = c [n,D], k = a [n,D], and masked is read transposed. The target (i, i) is never left out.
 *
 * The n x m matrix of scores never exists: tiles of ROWS x COLS of it are computed, and again in backward. Saved
 * [n]: each row's greatest similarity and the log of its sum of exp(scale (s - greatest)): scores relative to the
 * greatest keep their precision in float. With P the softmax and g = scale dL / n:
 *     dq_i += g (sum over j of P_ij k_j - k_i)       one task a tile of rows
 *     dk_j += g (sum over i of P_ij q_i - q_j)       one task a tile of columns
 * so that each value has one owner and one order of summation, whatever the number of threads. */
#include "autograd/gemm.h"
#include "autograd/kernels.h"

#include <math.h>
#include <omp.h>

enum { ROWS = 128, COLS = 512 };

typedef struct in_batch {
    const tern_tensor *q, *k;
    double scale;
    const uint8_t *masked; /* pair (i, j) is at i * row_step + j * col_step; NULL: none */
    int64_t row_step, col_step;
    int transposed;
    tern_real *greatest, *log_sum; /* [n] */
} in_batch;

/* A rectangle of the matrix of scores. */
typedef struct tile {
    int64_t row, rows, col, cols;
} tile;

static tile tile_at(const in_batch *b, int64_t row, int64_t col)
{
    int64_t rows = b->q->rows - row, cols = b->k->rows - col;
    return (tile){row, rows < ROWS ? rows : ROWS, col, cols < COLS ? cols : COLS};
}

static const tern_real *row_of(const tern_tensor *t, int64_t i)
{
    return t->data + i * t->cols;
}

static void mask(const in_batch *b, const tile *t, tern_real *s)
{
    for (int64_t i = 0; b->masked && i < t->rows; i++) {
        const uint8_t *masked = b->masked + (t->row + i) * b->row_step + t->col * b->col_step;
        for (int64_t j = 0; j < t->cols; j++)
            if (masked[j * b->col_step] && t->row + i != t->col + j)
                s[i * t->cols + j] = (tern_real)-INFINITY;
    }
}

/* s [rows,cols] = similarities, -infinity where masked. */
static void similarities(const in_batch *b, const tile *t, tern_real *s)
{
    int64_t d = b->q->cols;
    tern_gemm(0, 1, t->rows, t->cols, d, 1, row_of(b->q, t->row), d, row_of(b->k, t->col), d, 0, s, t->cols);
    mask(b, t, s);
}

/* Takes a row's next n similarities into its greatest so far and the sum of exp(scale (s - greatest)). s is spent. */
static void take_in(double scale, int64_t n, tern_real *s, tern_real *greatest, double *sum)
{
    tern_real old = *greatest;
    for (int64_t j = 0; j < n; j++)
        if (s[j] > *greatest)
            *greatest = s[j];
    *sum *= exp(scale * ((double)old - (double)*greatest));
    for (int64_t j = 0; j < n; j++)
        s[j] = (tern_real)scale * (s[j] - *greatest);
    tern_kernels()->exp((size_t)n, s, s);
    for (int64_t j = 0; j < n; j++)
        *sum += (double)s[j];
}

/* Loss of the tile's rows into losses; s: scratch [ROWS,COLS]. */
static void forward_rows(const in_batch *b, int64_t row, tern_real *s, double *losses)
{
    double sum[ROWS], target[ROWS];
    int64_t rows = tile_at(b, row, 0).rows;
    for (int64_t i = 0; i < rows; i++) {
        b->greatest[row + i] =
            sizeof(tern_real) == 4 ? (tern_real)-3e38 : (tern_real)-1e300; /* finite: -inf - -inf is NaN */
        sum[i] = target[i] = 0;
    }
    for (int64_t col = 0; col < b->k->rows; col += COLS) {
        tile t = tile_at(b, row, col);
        similarities(b, &t, s);
        for (int64_t i = 0; i < rows; i++) {
            if (row + i >= col && row + i < col + t.cols)
                target[i] = (double)s[i * t.cols + row + i - col];
            take_in(b->scale, t.cols, s + i * t.cols, &b->greatest[row + i], &sum[i]);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        double log_sum = log(sum[i]);
        b->log_sum[row + i] = (tern_real)log_sum;
        losses[row + i] = log_sum - b->scale * (target[i] - (double)b->greatest[row + i]);
    }
}

/* s [rows,cols] = softmax of the tile minus 1 at the targets. */
static void softmax_gradient(const in_batch *b, const tile *t, tern_real *s)
{
    similarities(b, t, s);
    for (int64_t i = 0; i < t->rows; i++) {
        tern_real *si = s + i * t->cols, greatest = b->greatest[t->row + i];
        int64_t target = t->row + i - t->col;
        for (int64_t j = 0; j < t->cols; j++)
            si[j] -= greatest;
        tern_kernels()->softmax_again(t->cols, (tern_real)b->scale, b->log_sum[t->row + i], si);
        if (target >= 0 && target < t->cols)
            si[target] -= 1;
    }
}

static void backward_rows(const in_batch *b, int64_t row, tern_real g, tern_real *s, tern_real *dq)
{
    int64_t d = b->q->cols;
    for (int64_t col = 0; col < b->k->rows; col += COLS) {
        tile t = tile_at(b, row, col);
        softmax_gradient(b, &t, s);
        tern_gemm(0, 0, t.rows, d, t.cols, g, s, t.cols, row_of(b->k, col), d, 1, dq + row * d, d);
    }
}

static void backward_cols(const in_batch *b, int64_t col, tern_real g, tern_real *s, tern_real *dk)
{
    int64_t d = b->q->cols;
    for (int64_t row = 0; row < b->q->rows; row += ROWS) {
        tile t = tile_at(b, row, col);
        softmax_gradient(b, &t, s);
        tern_gemm(1, 0, t.cols, d, t.rows, g, s, t.cols, row_of(b->q, row), d, 1, dk + col * d, d);
    }
}

/* One tile of scratch a thread. */
static tern_real *scratch_tiles(tern_arena *arena, const in_batch *b)
{
    tile largest = tile_at(b, 0, 0);
    return tern_arena_alloc(arena, (size_t)(omp_get_max_threads() * largest.rows * largest.cols) * sizeof(tern_real));
}

static tern_real *own_tile(tern_real *scratch, const in_batch *b)
{
    tile largest = tile_at(b, 0, 0);
    return scratch + omp_get_thread_num() * largest.rows * largest.cols;
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const in_batch *b = record->saved;
    tern_real *da = tern_tape_grad(tape, record->in[0]), *dc = tern_tape_grad(tape, record->in[1]);
    tern_real *dq = b->transposed ? dc : da, *dk = b->transposed ? da : dc;
    int64_t n = b->q->rows, m = b->k->rows;
    tern_real g = (tern_real)(b->scale * (double)*record->out->grad / (double)n);
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *scratch = scratch_tiles(arena, b);
    if (dq) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t row = 0; row < n; row += ROWS)
            backward_rows(b, row, g, own_tile(scratch, b), dq);
    }
    if (dk) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t col = 0; col < m; col += COLS)
            backward_cols(b, col, g, own_tile(scratch, b), dk);
    }
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"in_batch_softmax", backward};

tern_tensor *tern_in_batch_softmax(tern_tape *tape, tern_tensor *a, tern_tensor *c, double scale, const uint8_t *masked,
                                   int64_t masked_cols, int transposed)
{
    int64_t n = a->rows;
    TERN_CHECK_SHAPE("in_batch_softmax", c, transposed ? n : c->rows, a->cols);
    TERN_CHECK(n > 0 && c->rows >= n, "in_batch_softmax: %lld anchors, %lld candidates", (long long)n,
               (long long)c->rows);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, 1, 1);
    in_batch *b = tern_arena_alloc(arena, sizeof *b);
    *b = (in_batch){.q = transposed ? c : a,
                    .k = transposed ? a : c,
                    .scale = scale,
                    .masked = masked,
                    .row_step = transposed ? 1 : masked_cols,
                    .col_step = transposed ? masked_cols : 1,
                    .transposed = transposed};
    b->greatest = tern_arena_alloc(arena, (size_t)n * sizeof *b->greatest);
    b->log_sum = tern_arena_alloc(arena, (size_t)n * sizeof *b->log_sum);
    tern_arena_mark mark = tern_arena_here(arena);
    double sum = 0, *losses = tern_arena_alloc(arena, (size_t)n * sizeof *losses);
    tern_real *scratch = scratch_tiles(arena, b);

#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t row = 0; row < n; row += ROWS)
        forward_rows(b, row, own_tile(scratch, b), losses);
    for (int64_t i = 0; i < n; i++)
        sum += losses[i];
    *out->data = (tern_real)(sum / (double)n);
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, out, TERN_INPUTS(a, c), b);
    return out;
}
