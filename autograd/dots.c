#include "autograd/dots.h"

#include "autograd/gemm.h"
#include "autograd/kernels.h"
#include "base/integer.h"
#include "base/memory.h"

#include <stdlib.h>

struct tern_dots {
    int64_t n, k;
    const tern_real *x;
    void *laid; /* NULL for few vectors */
};

tern_dots *tern_dots_open(int64_t n, int64_t k, const tern_real *x)
{
    tern_dots *d = tern_alloc(1, sizeof *d);
    *d = (tern_dots){n, k, x, NULL};
    if (n <= TERN_DOTS_FEW)
        return d;
    d->laid = tern_alloc_aligned(1, tern_kernels()->gemm_right_size(k, n));
    tern_gemm_lay_right(1, k, n, x, k, d->laid);
    return d;
}

void tern_dots_close(tern_dots *dots)
{
    if (dots)
        free(dots->laid);
    free(dots);
}

size_t tern_dots_scratch(const tern_dots *dots)
{
    return dots->laid ? tern_kernels()->gemm_scratch_size() : 0;
}

/* Rows in groups that stay in the first-level cache from the second vector on. */
static void few(const tern_dots *d, int64_t m, const tern_real *a, tern_real *y, int64_t stride)
{
    enum { ROWS = 16 };
    for (int64_t i = 0; i < m; i += ROWS)
        for (int64_t j = 0; j < d->n; j++)
            tern_kernels()->dots(tern_min(ROWS, m - i), d->k, a + i * d->k, d->x + j * d->k, y + i * stride + j,
                                 stride);
}

void tern_dots_rows(const tern_dots *dots, int64_t m, const tern_real *a, tern_real *y, int64_t stride, void *scratch)
{
    int64_t k = dots->k;
    if (!dots->laid) {
        few(dots, m, a, y, stride);
        return;
    }
    for (int64_t i = 0; i < m; i += TERN_GEMM_ROWS)
        tern_kernels()->gemm(0, tern_min(TERN_GEMM_ROWS, m - i), dots->n, k, a + i * k, k, dots->laid, NULL, 0,
                             y + i * stride, stride, scratch);
}

int64_t tern_dots_reaching(int64_t n, const tern_real *y, const tern_real *limit, int32_t *which)
{
    return tern_kernels()->reaching(n, y, limit, which);
}
