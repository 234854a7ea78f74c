/* y = LayerNorm(residual + dropout(x)) * gamma + beta, row by row (Ba, Kiros, Hinton 2016); the formulas stand in
 * kern_layer_norm.c.
 *
 * x, residual, y [T,C]; gamma, beta [1,C]; residual NULL: none. Saved: mean and 1/deviation of each row and the rows'
 * dropout keys; the sum and its normalised form are made again. */
#include "autograd/kern_dropout.h"
#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/tile.h"

#include <omp.h>
#include <string.h>

typedef struct saved_rows {
    double p;
    uint32_t *keys; /* [T] or NULL: no dropout */
    tern_real *mean, *rstd;
} saved_rows;

/* Distance between the threads' rows of scratch: each starts on a line of its own. */
static int64_t stride(int64_t c)
{
    return (c + 15) / 16 * 16;
}

/* Sums of the tiles' parts [tiles, 2, C] into dgamma and dbeta, in the order of tiles. */
static void add_parts(int64_t tiles, int64_t c, const tern_real *parts, tern_real *dgamma, tern_real *dbeta)
{
    const tern_kernel_table *kern = tern_kernels();
    for (int64_t i = 0; i < tiles; i++) {
        if (dgamma)
            kern->add((size_t)c, parts + 2 * i * c, dgamma);
        if (dbeta)
            kern->add((size_t)c, parts + (2 * i + 1) * c, dbeta);
    }
}

static void backward(tern_tape *tape, const tern_record *record)
{
    tern_tensor *x = record->in[0], *gamma = record->in[1], *beta = record->in[2], *residual = record->in[3];
    const saved_rows *saved = record->saved;
    int64_t t = x->rows, c = x->cols, tiles = tern_tiles(t);
    int fresh_residual, fresh_x;
    tern_real *dresidual = tern_tape_grad_fresh(tape, residual, &fresh_residual);
    tern_real *dx = tern_tape_grad_fresh(tape, x, &fresh_x);
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *parts = tern_arena_alloc(arena, (size_t)(tiles * 2 * c) * sizeof *parts);
    tern_real *scratch = tern_arena_alloc(arena, (size_t)omp_get_max_threads() * (size_t)stride(c) * sizeof *scratch);
    const tern_kernel_table *kern = tern_kernels();
    memset(parts, 0, (size_t)(tiles * 2 * c) * sizeof *parts);

#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t from = tile * TERN_TILE_ROWS, to = from + tern_tile_rows(t, tile);
        tern_real *part = parts + 2 * tile * c, *s = scratch + omp_get_thread_num() * stride(c);
        for (int64_t i = from; i < to; i++) {
            if (fresh_residual)
                memset(dresidual + i * c, 0, (size_t)c * sizeof *dresidual);
            if (fresh_x)
                memset(dx + i * c, 0, (size_t)c * sizeof *dx);
            kern->layer_norm_backward(c, x->data + i * c, residual ? residual->data + i * c : NULL, saved->p,
                                      saved->keys ? saved->keys[i] : 0, gamma->data, saved->mean[i], saved->rstd[i],
                                      record->out->grad + i * c, s, dx ? dx + i * c : NULL,
                                      dresidual ? dresidual + i * c : NULL, part, part + c);
        }
    }
    add_parts(tiles, c, parts, tern_tape_grad(tape, gamma), tern_tape_grad(tape, beta));
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"layer_norm", backward};

tern_tensor *tern_layer_norm(tern_tape *tape, tern_tensor *x, tern_tensor *residual, tern_tensor *gamma,
                             tern_tensor *beta, double eps, const tern_packed *batch, const tern_dropout_site *dropout)
{
    int64_t t = x->rows, c = x->cols;
    TERN_CHECK_SHAPE("layer_norm", gamma, 1, c);
    TERN_CHECK_SHAPE("layer_norm", beta, 1, c);
    if (residual)
        TERN_CHECK_SHAPE("layer_norm", residual, t, c);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *y = tern_tape_tensor(tape, t, c);
    saved_rows *saved = tern_arena_alloc(arena, sizeof *saved);
    saved->keys = tern_dropout_keys(arena, batch, t, dropout);
    saved->p = saved->keys ? dropout->p : 0;
    saved->mean = tern_arena_alloc(arena, (size_t)t * sizeof *saved->mean);
    saved->rstd = tern_arena_alloc(arena, (size_t)t * sizeof *saved->rstd);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *scratch = tern_arena_alloc(arena, (size_t)omp_get_max_threads() * (size_t)stride(c) * sizeof *scratch);
    const tern_kernel_table *kern = tern_kernels();

#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < t; i++)
        kern->layer_norm(c, x->data + i * c, residual ? residual->data + i * c : NULL, saved->p,
                         saved->keys ? saved->keys[i] : 0, gamma->data, beta->data, (tern_real)eps,
                         scratch + omp_get_thread_num() * stride(c), y->data + i * c, saved->mean + i, saved->rstd + i);
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x, gamma, beta, residual), saved);
    return y;
}
