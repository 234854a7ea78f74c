/* L = mean over i of max(0, pm - s_ii) + max(0, max over j of s_ij - nm),  s_ij = a_i . c_j: MegaBatchMarginLoss of
 * sentence-transformers 6.2 (after Wieting and Gimpel 2018), with j over all candidates but i and those masked for i;
 * the second term is 0 where none is left. The n x m matrix of similarities is computed in tiles and never stored.
 * Saved [n]: whether the first term is active, and which candidate the second is about, -1 where it isn't active. At
 * the kinks the gradient is 0, of equals the first candidate is the hardest:
 *     da_i -= g c_i, dc_i -= g a_i      da_i += g c_h, dc_h += g a_i      g = dL / n, h the hardest
 * one row after another, as several rows may share h. */
#include "autograd/gemm.h"
#include "autograd/kernels.h"
#include "base/integer.h"

#include <math.h>
#include <omp.h>

enum { ROWS = 128, COLS = 512 };

typedef struct hardest {
    int64_t *which;    /* [n] */
    uint8_t *positive; /* [n] */
} hardest;

typedef struct margins {
    const tern_tensor *a, *c;
    const uint8_t *masked; /* [n,m] */
    double positive, negative;
} margins;

/* A row's so far. */
typedef struct row_state {
    double target, most;
    int64_t which;
} row_state;

static void look_at(const margins *m, int64_t i, int64_t col, int64_t cols, const tern_real *s, row_state *state)
{
    const uint8_t *masked = m->masked ? m->masked + i * m->c->rows + col : NULL;
    for (int64_t j = 0; j < cols; j++) {
        double sij = (double)s[j];
        if (col + j == i)
            state->target = sij;
        else if (!(masked && masked[j] & (TERN_PAIR_NO_NEGATIVE | TERN_PAIR_REPEATED)) &&
                 (sij > state->most || isnan(sij))) {
            state->most = sij;
            state->which = col + j;
        }
    }
}

/* Losses of a tile of rows; s: scratch [ROWS,COLS]. */
static void forward_rows(const margins *m, int64_t row, tern_real *s, hardest *saved, double *losses)
{
    row_state state[ROWS];
    int64_t rows = tern_min(m->a->rows - row, ROWS), d = m->a->cols;
    for (int64_t i = 0; i < rows; i++)
        state[i] = (row_state){0, -INFINITY, -1};
    for (int64_t col = 0; col < m->c->rows; col += COLS) {
        int64_t cols = tern_min(m->c->rows - col, COLS);
        tern_gemm(0, 1, rows, cols, d, 1, m->a->data + row * d, d, m->c->data + col * d, d, 0, s, cols);
        for (int64_t i = 0; i < rows; i++)
            look_at(m, row + i, col, cols, s + i * cols, &state[i]);
    }
    for (int64_t i = 0; i < rows; i++) {
        double near = m->positive - state[i].target, far = state[i].most - m->negative;
        saved->positive[row + i] = !(near <= 0); /* not a number counts as active, so that it is seen */
        saved->which[row + i] = far <= 0 ? -1 : state[i].which;
        losses[row + i] = (near <= 0 ? 0 : near) + (far <= 0 ? 0 : far);
    }
}

static void add_pair(double g, int64_t d, const tern_tensor *a, const tern_tensor *c, int64_t i, int64_t j,
                     tern_real *da, tern_real *dc)
{
    if (da)
        tern_kernels()->axpy((size_t)d, (tern_real)g, c->data + j * d, da + i * d);
    if (dc)
        tern_kernels()->axpy((size_t)d, (tern_real)g, a->data + i * d, dc + j * d);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const hardest *saved = record->saved;
    const tern_tensor *a = record->in[0], *c = record->in[1];
    tern_real *da = tern_tape_grad(tape, record->in[0]), *dc = tern_tape_grad(tape, record->in[1]);
    double g = (double)*record->out->grad / (double)a->rows;
    for (int64_t i = 0; i < a->rows; i++) {
        if (saved->positive[i])
            add_pair(-g, a->cols, a, c, i, i, da, dc);
        if (saved->which[i] >= 0)
            add_pair(g, a->cols, a, c, i, saved->which[i], da, dc);
    }
}

static const tern_op op = {"hardest_margin", backward};

tern_tensor *tern_hardest_margin(tern_tape *tape, tern_tensor *a, tern_tensor *c, double positive_margin,
                                 double negative_margin, const uint8_t *masked)
{
    int64_t n = a->rows;
    TERN_CHECK_SHAPE("hardest_margin", c, c->rows, a->cols);
    TERN_CHECK(n > 0 && c->rows >= n, "hardest_margin: %lld anchors, %lld candidates", (long long)n,
               (long long)c->rows);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, 1, 1);
    margins m = {a, c, masked, positive_margin, negative_margin};
    hardest *saved = tern_arena_alloc(arena, sizeof *saved);
    saved->which = tern_arena_alloc(arena, (size_t)n * sizeof *saved->which);
    saved->positive = tern_arena_alloc(arena, (size_t)n);
    tern_arena_mark mark = tern_arena_here(arena);
    size_t tile = (size_t)(tern_min(n, ROWS) * tern_min(c->rows, COLS));
    tern_real *s = tern_arena_alloc(arena, (size_t)omp_get_max_threads() * tile * sizeof *s);
    double sum = 0, *losses = tern_arena_alloc(arena, (size_t)n * sizeof *losses);

    tern_gemm_reserve();
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t row = 0; row < n; row += ROWS)
        forward_rows(&m, row, s + (size_t)omp_get_thread_num() * tile, saved, losses);
    for (int64_t i = 0; i < n; i++)
        sum += losses[i];
    *out->data = (tern_real)(sum / (double)n);
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, out, TERN_INPUTS(a, c), saved);
    return out;
}
