/* Work cut into tiles of a fixed size, and products of a tile with a matrix that all tiles share. */
#ifndef TERN_AUTOGRAD_TILE_H
#define TERN_AUTOGRAD_TILE_H

#include "autograd/kernels.h"
#include "autograd/tape.h"
#include "base/integer.h"

/* Rows of activations that go through a product and what follows it while they are in cache. */
enum { TERN_TILE_ROWS = TERN_GEMM_ROWS };

static inline int64_t tern_tiles(int64_t rows)
{
    return tern_parts(rows, TERN_TILE_ROWS);
}

static inline int64_t tern_tile_rows(int64_t rows, int64_t tile)
{
    return tern_min(rows - tile * TERN_TILE_ROWS, TERN_TILE_ROWS);
}

/* What products take while an operation computes. */
typedef struct tern_workspace {
    tern_arena *arena;
    tern_arena_mark mark;
    char *scratch; /* for gemm, of each thread */
    size_t scratch_size;
} tern_workspace;

tern_workspace tern_workspace_open(tern_tape *tape);
void tern_workspace_close(tern_workspace *work);

/* op(b) [k,n], laid out once for all tiles that are multiplied by it. */
typedef struct tern_laid {
    const tern_workspace *work;
    int64_t k, n;
    void *right;
} tern_laid;

/* Lays out b, stored [k,n], or [n,k] with transpose 1, on all threads. It lives until the workspace is closed. */
tern_laid tern_lay(const tern_workspace *work, int transpose, int64_t k, int64_t n, const tern_real *b);

/* c = a b + bias on this thread, or c += a b when accumulate is 1 and bias NULL. a [m,k] with m at most TERN_TILE_ROWS,
 * bias [n] or NULL, c [m,n]. */
void tern_laid_product(const tern_laid *b, int64_t m, const tern_real *a, const tern_real *bias, int accumulate,
                       tern_real *c);

/* dw += dy^T x and db += column sums of dy, on all threads. dy [T,D], x [T,C], dw [D,C], db [D]; NULL: not wanted.
 * Each thread owns blocks of dw: no private copies, and one order of summation. */
void tern_weight_grad(tern_tape *tape, int64_t t, int64_t d, int64_t c, const tern_real *dy, const tern_real *x,
                      tern_real *dw, tern_real *db);

#endif
