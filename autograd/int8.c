/* A tile of rows is quantised, multiplied and made float again while it is in cache. */
#include "autograd/int8.h"

#include "base/integer.h"
#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static int64_t panel_rows(const tern_int8_weights *w)
{
    return tern_round_up(w->n, 2 * TERN_INT8_PANEL);
}

/* Where output j begins; its next four columns lie a row of its panel further on. */
static int8_t *place(const tern_int8_weights *w, int64_t j)
{
    int64_t panel = j / TERN_INT8_PANEL, in_panel = j % TERN_INT8_PANEL;
    return w->panels + panel * w->padded * TERN_INT8_PANEL + in_panel * 4;
}

/* The scale of a row: 0 for zeros, NaN for one that isn't finite. */
static tern_real scale_of(int64_t k, const tern_real *row)
{
    tern_real least = 0, most = 0, total = 0; /* comparisons miss a NaN, a sum doesn't */
#pragma omp simd reduction(min : least) reduction(max : most) reduction(+ : total)
    for (int64_t i = 0; i < k; i++) {
        least = row[i] < least ? row[i] : least;
        most = row[i] > most ? row[i] : most;
        total += row[i];
    }
    tern_real largest = most > -least ? most : -least;
    return isfinite(largest) && !isnan(total) ? largest / 127 : NAN;
}

static void pack_row(tern_int8_weights *w, int64_t j, const tern_real *row)
{
    tern_real scale = scale_of(w->k, row), inverse = scale > (tern_real)1e-30 ? 1 / scale : 0;
    int8_t *panel = place(w, j);
    int64_t sum = 0;
    for (int64_t k = 0; k < w->padded; k++) {
        int v = k < w->k && inverse > 0 ? (int)lrint((double)(row[k] * inverse)) : 0;
        panel[k / 4 * 4 * TERN_INT8_PANEL + k % 4] = (int8_t)v;
        sum += v;
    }
    w->scale[j] = (float)scale;
    w->sum[j] = w->scale[j] * (float)sum;
}

tern_int8_weights *tern_int8_pack(int64_t n, int64_t k, const tern_real *w)
{
    TERN_CHECK(n > 0 && k > 0 && k <= TERN_INT8_MOST_COLUMNS, "int8: weights [%lld, %lld]", (long long)n, (long long)k);
    tern_int8_weights *made = tern_calloc(1, sizeof *made);
    *made = (tern_int8_weights){.n = n, .k = k, .padded = tern_round_up(k, TERN_INT8_DEPTH)};
    made->panels = tern_alloc_aligned((size_t)panel_rows(made), (size_t)made->padded);
    made->scale = tern_alloc((size_t)n, sizeof *made->scale);
    made->sum = tern_alloc((size_t)n, sizeof *made->sum);
    int64_t last = panel_rows(made) - 2 * TERN_INT8_PANEL;
    memset(place(made, last), 0, (size_t)(2 * TERN_INT8_PANEL * made->padded));
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < n; j++)
        pack_row(made, j, w + j * k);
    return made;
}

void tern_int8_free(tern_int8_weights *w)
{
    if (!w)
        return;
    free(w->panels);
    free(w->scale);
    free(w->sum);
    free(w);
}

size_t tern_int8_size(const tern_int8_weights *w)
{
    return (size_t)(panel_rows(w) * w->padded) + (size_t)w->n * 2 * sizeof(float);
}

/* A thread's own: a tile of rows in 8 bits. */
typedef struct rows8 {
    uint8_t *a;
    float *step, *low;
} rows8;

static rows8 rows8_create(tern_arena *arena, int64_t padded)
{
    rows8 r = {.a = tern_arena_alloc(arena, (size_t)(TERN_INT8_ROWS * padded))};
    r.step = tern_arena_alloc(arena, 2 * TERN_INT8_ROWS * sizeof *r.step);
    r.low = r.step + TERN_INT8_ROWS;
    return r;
}

static rows8 *rows8_for_threads(tern_arena *arena, int64_t padded)
{
    int n = omp_get_max_threads();
    rows8 *all = tern_arena_alloc(arena, (size_t)n * sizeof *all);
    for (int i = 0; i < n; i++)
        all[i] = rows8_create(arena, padded);
    return all;
}

/* y [m,n] = x w^T + bias of one tile. */
static void affine(int64_t m, const tern_real *x, const tern_int8_weights *w, const tern_real *bias, int with_gelu,
                   const rows8 *r, tern_real *y)
{
    const tern_kernel_table *kern = tern_kernels();
    for (int64_t i = 0; i < m; i++)
        kern->int8_quantise(w->k, w->padded, x + i * w->k, r->a + i * w->padded, r->step + i, r->low + i);
    kern->int8_affine(m, r->a, r->step, r->low, w, bias, with_gelu, y);
}

tern_tensor *tern_int8_linear(tern_tape *tape, const tern_tensor *x, const tern_int8_weights *w,
                              const tern_tensor *bias)
{
    TERN_CHECK(!tern_tape_recording(tape), "int8: the tape %s", "records");
    TERN_CHECK_SHAPE("int8_linear", x, x->rows, w->k);
    TERN_CHECK_SHAPE("int8_linear", bias, 1, w->n);
    int64_t t = x->rows;
    tern_tensor *y = tern_tape_tensor(tape, t, w->n);
    tern_arena *arena = tern_tape_workspace(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    rows8 *rows = rows8_for_threads(arena, w->padded);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < t; i += TERN_INT8_ROWS)
        affine(tern_min(t - i, TERN_INT8_ROWS), x->data + i * w->k, w, bias->data, 0, rows + omp_get_thread_num(),
               y->data + i * w->n);
    tern_arena_rewind(arena, mark);
    return y;
}

/* A thread's own: what lies between the products of a block, for one tile. */
typedef struct block_scratch {
    tern_real *out, *hidden, *row; /* [tile,C], [tile,F], [C] */
} block_scratch;

static void norm(int64_t m, int64_t c, const tern_real *x, const tern_tensor *gamma, const tern_tensor *beta,
                 double eps, tern_real *row, tern_real *residual)
{
    tern_real mean, rstd;
    for (int64_t i = 0; i < m; i++)
        tern_kernels()->layer_norm(c, x + i * c, residual + i * c, 0, 0, gamma->data, beta->data, (tern_real)eps, row,
                                   residual + i * c, &mean, &rstd);
}

static void block_tile(const tern_int8_block *b, int64_t m, const tern_real *context, const rows8 *rows,
                       const block_scratch *s, tern_real *x)
{
    int64_t c = b->attention->n;
    affine(m, context, b->attention, b->attention_bias->data, 0, rows, s->out);
    norm(m, c, s->out, b->attention_gamma, b->attention_beta, b->eps, s->row, x);
    affine(m, x, b->up, b->up_bias->data, 1, rows, s->hidden);
    affine(m, s->hidden, b->down, b->down_bias->data, 0, rows, s->out);
    norm(m, c, s->out, b->output_gamma, b->output_beta, b->eps, s->row, x);
}

static block_scratch *scratch_for_threads(tern_arena *arena, int64_t c, int64_t f)
{
    int n = omp_get_max_threads();
    block_scratch *all = tern_arena_alloc(arena, (size_t)n * sizeof *all);
    for (int i = 0; i < n; i++) {
        all[i].out = tern_arena_alloc(arena, (size_t)(TERN_INT8_ROWS * c) * sizeof(tern_real));
        all[i].hidden = tern_arena_alloc(arena, (size_t)(TERN_INT8_ROWS * f) * sizeof(tern_real));
        all[i].row = tern_arena_alloc(arena, (size_t)c * sizeof(tern_real));
    }
    return all;
}

static void check_block(const tern_int8_block *b, const tern_tensor *context, const tern_tensor *x)
{
    int64_t c = x->cols, f = b->up->n;
    TERN_CHECK_SHAPE("int8_block", context, x->rows, c);
    TERN_CHECK_SHAPE("int8_block", b->attention_bias, 1, c);
    TERN_CHECK_SHAPE("int8_block", b->up_bias, 1, f);
    TERN_CHECK_SHAPE("int8_block", b->down_bias, 1, c);
    TERN_CHECK(b->attention->n == c && b->attention->k == c && b->up->k == c && b->down->n == c && b->down->k == f,
               "int8_block: weights [%lld, %lld], [%lld, %lld], [%lld, %lld] for x [%lld, %lld]",
               (long long)b->attention->n, (long long)b->attention->k, (long long)f, (long long)b->up->k,
               (long long)b->down->n, (long long)b->down->k, (long long)x->rows, (long long)c);
}

void tern_int8_block_forward(tern_tape *tape, const tern_int8_block *block, const tern_tensor *context, tern_tensor *x)
{
    TERN_CHECK(!tern_tape_recording(tape), "int8: the tape %s", "records");
    check_block(block, context, x);
    int64_t t = x->rows, c = x->cols, widest = block->down->padded;
    tern_arena *arena = tern_tape_workspace(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    rows8 *rows = rows8_for_threads(arena, tern_max(widest, block->up->padded));
    block_scratch *scratch = scratch_for_threads(arena, c, block->up->n);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < t; i += TERN_INT8_ROWS) {
        int thread = omp_get_thread_num();
        block_tile(block, tern_min(t - i, TERN_INT8_ROWS), context->data + i * c, rows + thread, scratch + thread,
                   x->data + i * c);
    }
    tern_arena_rewind(arena, mark);
}
