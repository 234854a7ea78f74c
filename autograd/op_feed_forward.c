/* BERT's feed-forward block in one operation: u = x w1^T + b1, h = gelu(u), y = h w2^T + b2.
 *
 *     dh = dy w2,  du = dh * gelu'(u),  dx = du w1,
 *     dw2 = dy^T h,  dw1 = du^T x,  db2, db1 = column sums of dy, du.
 *
 * x [T,C], w1 [F,C], b1 [1,F], w2 [C,F], b2 [1,C], y [T,C]. A tile of rows goes through both products while it is in
 * cache. Saved: u [T,F]; h is made again from it (a quarter of a layer's memory for one pass of erf), and du is
 * written over it, so backward runs once. */
#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/tile.h"

#include <omp.h>

static tern_real *thread_scratch(tern_tape *tape, int64_t columns)
{
    size_t tile = (size_t)TERN_TILE_ROWS * (size_t)columns;
    return tern_arena_alloc(tern_tape_workspace(tape), (size_t)omp_get_max_threads() * tile * sizeof(tern_real));
}

static void backward(tern_tape *tape, const tern_record *record)
{
    tern_tensor *x = record->in[0], *w1 = record->in[1], *b1 = record->in[2], *w2 = record->in[3], *b2 = record->in[4];
    int64_t t = x->rows, c = x->cols, f = w1->rows;
    tern_tensor *saved = record->saved;
    tern_real *u = saved->data, *dy = record->out->grad, *dx = tern_tape_grad(tape, x);
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *h = tern_arena_alloc(arena, (size_t)(t * f) * sizeof *h);
    tern_workspace work = tern_workspace_open(tape);
    tern_real *scratch = thread_scratch(tape, f);
    tern_laid down = tern_lay(&work, 0, c, f, w2->data), up = tern_lay(&work, 0, f, c, w1->data);
    const tern_kernel_table *kern = tern_kernels();

#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t tile = 0; tile < tern_tiles(t); tile++) {
        int64_t from = tile * TERN_TILE_ROWS, n = tern_tile_rows(t, tile);
        tern_real *dh = scratch + omp_get_thread_num() * TERN_TILE_ROWS * f, *ut = u + from * f;
        tern_laid_product(&down, n, dy + from * c, NULL, 0, dh);
        kern->gelu_backward((size_t)(n * f), ut, dh, ut, h + from * f);
        if (dx)
            tern_laid_product(&up, n, ut, NULL, 1, dx + from * c);
    }
    tern_workspace_close(&work);
    tern_weight_grad(tape, t, c, f, dy, h, tern_tape_grad(tape, w2), tern_tape_grad(tape, b2));
    tern_weight_grad(tape, t, f, c, u, x->data, tern_tape_grad(tape, w1), tern_tape_grad(tape, b1));
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"feed_forward", backward};

tern_tensor *tern_feed_forward(tern_tape *tape, tern_tensor *x, tern_tensor *w1, tern_tensor *b1, tern_tensor *w2,
                               tern_tensor *b2)
{
    int64_t t = x->rows, c = x->cols, f = w1->rows;
    TERN_CHECK_SHAPE("feed_forward", w1, f, c);
    TERN_CHECK_SHAPE("feed_forward", b1, 1, f);
    TERN_CHECK_SHAPE("feed_forward", w2, c, f);
    TERN_CHECK_SHAPE("feed_forward", b2, 1, c);
    tern_tensor *const *in = TERN_INPUTS(x, w1, b1, w2, b2);
    tern_tensor *y = tern_tape_tensor(tape, t, c);
    tern_tensor *saved = tern_tape_wants(tape, in) ? tern_tape_tensor(tape, t, f) : NULL;
    tern_workspace work = tern_workspace_open(tape);
    tern_real *scratch = thread_scratch(tape, f);
    tern_laid up = tern_lay(&work, 1, c, f, w1->data), down = tern_lay(&work, 1, f, c, w2->data);
    const tern_kernel_table *kern = tern_kernels();

#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t tile = 0; tile < tern_tiles(t); tile++) {
        int64_t from = tile * TERN_TILE_ROWS, n = tern_tile_rows(t, tile);
        tern_real *h = scratch + omp_get_thread_num() * TERN_TILE_ROWS * f, *u = saved ? saved->data + from * f : h;
        tern_laid_product(&up, n, x->data + from * c, b1->data, 0, u);
        kern->gelu((size_t)(n * f), u, h);
        tern_laid_product(&down, n, h, b2->data, 0, y->data + from * c);
    }
    tern_workspace_close(&work);
    tern_tape_record(tape, &op, y, in, saved);
    return y;
}
