/* Work cut into tiles of a fixed size, so that results don't depend on the number of threads. */
#ifndef TERN_AUTOGRAD_TILE_H
#define TERN_AUTOGRAD_TILE_H

#include "autograd/gemm.h"
#include "autograd/tape.h"

/* Rows of activations that go through a product and what follows it while they are in cache. BLAS packs the weights
 * again for every tile: 256 rows gave 6 % over 128 on a training step of MiniLM, 384 and 512 no more. */
enum { TERN_TILE_ROWS = 256 };

static inline int64_t tern_tiles(int64_t rows)
{
    return (rows + TERN_TILE_ROWS - 1) / TERN_TILE_ROWS;
}

static inline int64_t tern_tile_rows(int64_t rows, int64_t tile)
{
    int64_t left = rows - tile * TERN_TILE_ROWS;
    return left < TERN_TILE_ROWS ? left : TERN_TILE_ROWS;
}

/* y = x w^T + b on one thread. x [n,C], w [D,C], b [D] or NULL, y [n,D]. */
void tern_tile_affine(int64_t n, int64_t c, int64_t d, const tern_real *x, const tern_real *w, const tern_real *b,
                      tern_real *y);

/* dw += dy^T x and db += column sums of dy, on all threads. dy [T,D], x [T,C], dw [D,C], db [D]; NULL: not wanted.
 * Each thread owns blocks of dw: no private copies, and one order of summation. */
void tern_weight_grad(int64_t t, int64_t d, int64_t c, const tern_real *dy, const tern_real *x, tern_real *dw,
                      tern_real *db);

#endif
