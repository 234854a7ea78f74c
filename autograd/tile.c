#include "autograd/tile.h"

#include "autograd/kernels.h"

#include <string.h>

void tern_tile_affine(int64_t n, int64_t c, int64_t d, const tern_real *x, const tern_real *w, const tern_real *b,
                      tern_real *y)
{
    for (int64_t i = 0; b && i < n; i++)
        memcpy(y + i * d, b, (size_t)d * sizeof *y);
    tern_gemm(0, 1, n, d, c, 1, x, c, w, c, b ? 1 : 0, y, d);
}

/* Blocks of dw: [rows, cols] each, counted row by row. */
typedef struct weight_blocks {
    int64_t d, c, rows, cols, per_row, n;
} weight_blocks;

/* BLAS packs both operands again for each block, so blocks are large: packing an element took the time of 40 to 50
 * multiplications. There must be enough of them for the threads, and their number may depend on the shape alone. */
static weight_blocks cut(int64_t d, int64_t c)
{
    enum { ROWS = 384, COLS = 192, ENOUGH = 4 };
    weight_blocks b = {.d = d, .c = c, .rows = ROWS, .cols = COLS, .per_row = (c + COLS - 1) / COLS};
    if ((d + ROWS - 1) / ROWS * b.per_row < ENOUGH)
        b.rows = ROWS / 2;
    b.n = (d + b.rows - 1) / b.rows * b.per_row;
    return b;
}

/* What t rows of dy and x add to block i. */
static void add_block(const weight_blocks *b, int64_t i, int64_t t, const tern_real *dy, const tern_real *x,
                      tern_real *dw, tern_real *db)
{
    int64_t row = i / b->per_row * b->rows, col = i % b->per_row * b->cols;
    int64_t rows = b->d - row < b->rows ? b->d - row : b->rows, cols = b->c - col < b->cols ? b->c - col : b->cols;
    if (dw)
        tern_gemm(1, 0, rows, cols, t, 1, dy + row, b->d, x + col, b->c, 1, dw + row * b->c + col, b->c);
    for (int64_t k = 0; db && col == 0 && k < t; k++)
        tern_kernels()->add((size_t)rows, dy + k * b->d + row, db + row);
}

/* Tile by tile, so that what a thread's blocks share of dy and x is in cache after the first of them. The loop inside
 * gives a thread the same blocks for every tile (static schedules of equal loops do), so no thread waits for another
 * and tiles are added in order. */
void tern_weight_grad(int64_t t, int64_t d, int64_t c, const tern_real *dy, const tern_real *x, tern_real *dw,
                      tern_real *db)
{
    weight_blocks blocks = cut(d, c);
#pragma omp parallel
    for (int64_t tile = 0; tile < tern_tiles(t); tile++) {
        int64_t from = tile * TERN_TILE_ROWS, n = tern_tile_rows(t, tile);
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < blocks.n; i++)
            add_block(&blocks, i, n, dy + from * d, x + from * c, dw, db);
    }
}
