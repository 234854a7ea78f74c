/* Global orthogonal regularisation (Zhang, Yu, Kumar, Chang 2017, as GlobalOrthogonalRegularizationLoss of
 * sentence-transformers 6.2): over the similarities s_ij = x_i.x_j of the N ordered pairs of rows of one column that
 * hold different texts, n (n - 1) where none recurs or lacks,
 *     y = a m^2 + b max(0, q - 1/D)      m the mean of s_ij, q the mean of s_ij^2
 * summed over the k columns of x [n k, D], column c having the rows i k + c.
 *     dx_i += sum over those j of 4 (a m + b [q > 1/D] s_ij) / N x_j dy
 *
 * The n x n matrix never exists: tiles of ROWS x COLS of it are computed, and again in backward; each tile of rows has
 * one owner and one order of summation. Saved: the factors of each column. */
#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "base/integer.h"

#include <omp.h>

enum { ROWS = 128, COLS = 512 };

typedef struct column_sums {
    double first, second; /* of s and of s^2 */
    int64_t pairs;        /* how many */
} column_sums;

typedef struct orthogonality {
    int64_t each, tiles; /* columns; tiles of rows in each */
    const int64_t *text; /* [n, each] equal for rows of one text, below 0 for rows of none; NULL: all differ */
    column_sums *factor; /* [each]: what multiplies 1 and s_ij in the gradient */
} orthogonality;

/* Rows from .. to of column c, against columns of similarities col .. col + cols. */
typedef struct tile {
    int64_t c, row, rows, col, cols;
} tile;

static tile tile_at(const tern_tensor *x, const orthogonality *o, int64_t task, int64_t col)
{
    int64_t n = x->rows / o->each, row = task % o->tiles * ROWS, rows = n - row, cols = n - col;
    return (tile){task / o->tiles, row, rows < ROWS ? rows : ROWS, col, cols < COLS ? cols : COLS};
}

static const tern_real *row_of(const tern_tensor *x, const orthogonality *o, int64_t c, int64_t i)
{
    return x->data + (i * o->each + c) * x->cols;
}

/* 1 for row i and column j of a tile when both are one text, or one of them is none. */
static int is_same(const orthogonality *o, const tile *t, int64_t i, int64_t j)
{
    if (t->row + i == t->col + j)
        return 1;
    if (!o->text)
        return 0;
    int64_t own = o->text[(t->row + i) * o->each + t->c], other = o->text[(t->col + j) * o->each + t->c];
    return own == other || own < 0 || other < 0;
}

/* s [rows, cols]: similarities, 0 of a text to itself. Returns of how many pairs they are. */
static int64_t similarities(const tern_tensor *x, const orthogonality *o, const tile *t, tern_real *s)
{
    int64_t step = o->each * x->cols, pairs = t->rows * t->cols;
    tern_gemm(0, 1, t->rows, t->cols, x->cols, 1, row_of(x, o, t->c, t->row), step, row_of(x, o, t->c, t->col), step, 0,
              s, t->cols);
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t j = 0; j < t->cols; j++)
            if (is_same(o, t, i, j)) {
                s[i * t->cols + j] = 0;
                pairs--;
            }
    return pairs;
}

static column_sums sums_of(const tern_tensor *x, const orthogonality *o, int64_t task, tern_real *s)
{
    column_sums sum = {0};
    for (int64_t col = 0; col < x->rows / o->each; col += COLS) {
        tile t = tile_at(x, o, task, col);
        sum.pairs += similarities(x, o, &t, s);
        for (int64_t i = 0; i < t.rows * t.cols; i++) {
            sum.first += (double)s[i];
            sum.second += (double)s[i] * (double)s[i];
        }
    }
    return sum;
}

static void add_gradient(const tern_tensor *x, const orthogonality *o, int64_t task, double dy, tern_real *s,
                         tern_real *dx)
{
    int64_t step = o->each * x->cols;
    for (int64_t col = 0; col < x->rows / o->each; col += COLS) {
        tile t = tile_at(x, o, task, col);
        column_sums f = o->factor[t.c];
        similarities(x, o, &t, s);
        for (int64_t i = 0; i < t.rows; i++)
            for (int64_t j = 0; j < t.cols; j++)
                s[i * t.cols + j] =
                    is_same(o, &t, i, j) ? 0 : (tern_real)(dy * (f.first + f.second * (double)s[i * t.cols + j]));
        tern_gemm(0, 0, t.rows, x->cols, t.cols, 1, s, t.cols, row_of(x, o, t.c, col), step, 1,
                  dx + (t.row * o->each + t.c) * x->cols, step);
    }
}

/* One tile a thread. */
static tern_real *scratch_tiles(tern_arena *arena)
{
    return tern_arena_alloc(arena, (size_t)omp_get_max_threads() * ROWS * COLS * sizeof(tern_real));
}

static tern_real *own_tile(tern_real *scratch)
{
    return scratch + (size_t)omp_get_thread_num() * ROWS * COLS;
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const orthogonality *o = record->saved;
    const tern_tensor *x = record->in[0];
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    double dy = (double)*record->out->grad;
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *scratch = scratch_tiles(arena);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t task = 0; task < o->each * o->tiles; task++)
        add_gradient(x, o, task, dy, own_tile(scratch), dx);
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"orthogonality", backward};

/* The value of one column from its sums; its factors into factor. */
static double column_value(column_sums sum, int64_t d, double a, double b, column_sums *factor)
{
    double pairs = sum.pairs > 0 ? (double)sum.pairs : 1;
    double mean = sum.first / pairs, beyond = sum.second / pairs - 1 / (double)d;
    *factor = (column_sums){4 * a * mean / pairs, beyond > 0 ? 4 * b / pairs : 0, sum.pairs};
    return a * mean * mean + (beyond <= 0 ? 0 : b * beyond); /* not a number goes through */
}

tern_tensor *tern_orthogonality(tern_tape *tape, tern_tensor *x, int64_t each, double mean_weight,
                                double second_moment_weight, const int64_t *text)
{
    int64_t n = each > 0 ? x->rows / each : 0;
    TERN_CHECK(n > 0 && n * each == x->rows, "orthogonality: %lld rows in %lld columns", (long long)x->rows,
               (long long)each);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    orthogonality *o = tern_arena_alloc(arena, sizeof *o);
    *o = (orthogonality){.each = each, .tiles = tern_parts(n, ROWS), .text = text};
    o->factor = tern_arena_alloc(arena, (size_t)each * sizeof *o->factor);
    tern_arena_mark mark = tern_arena_here(arena);
    column_sums *sums = tern_arena_alloc(arena, (size_t)(each * o->tiles) * sizeof *sums);
    tern_real *scratch = scratch_tiles(arena);
    tern_gemm_reserve();
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t task = 0; task < each * o->tiles; task++)
        sums[task] = sums_of(x, o, task, own_tile(scratch));
    double value = 0;
    for (int64_t c = 0; c < each; c++) {
        column_sums sum = {0};
        for (int64_t t = c * o->tiles; t < (c + 1) * o->tiles; t++) {
            sum.first += sums[t].first;
            sum.second += sums[t].second;
            sum.pairs += sums[t].pairs;
        }
        value += column_value(sum, x->cols, mean_weight, second_moment_weight, &o->factor[c]);
    }
    *y->data = (tern_real)value;
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), o);
    return y;
}
