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

/* Rows of dw in one task. A product packs all of x again for each slab, so slabs are large; there must be enough of
 * them for the threads, and their number may depend on the shape alone. */
static int64_t slab_rows(int64_t d)
{
    enum { LEAST = 64, SLABS = 8 };
    int64_t rows = (d / SLABS + 15) / 16 * 16;
    return rows < LEAST ? LEAST : rows;
}

void tern_weight_grad(int64_t t, int64_t d, int64_t c, const tern_real *dy, const tern_real *x, tern_real *dw,
                      tern_real *db)
{
    const tern_kernel_table *kern = tern_kernels();
    int64_t slab = slab_rows(d), slabs = (d + slab - 1) / slab;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < slabs; i++) {
        int64_t from = i * slab, rows = d - from < slab ? d - from : slab;
        if (dw)
            tern_gemm(1, 0, rows, c, t, 1, dy + from, d, x, c, 1, dw + from * c, c);
        for (int64_t k = 0; db && k < t; k++)
            kern->add((size_t)rows, dy + k * d + from, db + from);
    }
}
