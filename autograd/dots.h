/* Dot products of many rows with a set of vectors that stays: what exact search is made of. Shared by autograd and eval
 * as gemm.h is.
 *
 *     tern_dots *d = tern_dots_open(n, k, x);            // vectors x [n,k], on all threads
 *     void *scratch = tern_alloc_aligned(1, tern_dots_scratch(d));
 *     tern_dots_rows(d, m, a, y, n, scratch);            // y [m,n], on this thread
 *     tern_dots_close(d);
 */
#ifndef TERN_AUTOGRAD_DOTS_H
#define TERN_AUTOGRAD_DOTS_H

#include "autograd/tensor.h"

typedef struct tern_dots tern_dots;

/* x [n,k] is borrowed until the end, and laid out for this machine's kernels: up to 6 bytes a number. */
tern_dots *tern_dots_open(int64_t n, int64_t k, const tern_real *x);
void tern_dots_close(tern_dots *dots);
/* Bytes that a thread needs meanwhile; their content doesn't matter. Aligned to 64. */
size_t tern_dots_scratch(const tern_dots *dots);
/* y[i * stride + j] = the dot product of row i of a [m,k] with x's row j. The bits of one depend on its row of a, its
 * row of x, and on whether n is more than TERN_DOTS_FEW. Values are to be finite: with others a product may be NaN
 * where it would be infinite. */
void tern_dots_rows(const tern_dots *dots, int64_t m, const tern_real *a, tern_real *y, int64_t stride, void *scratch);

/* Writes the places i < n where y[i] >= limit[i] into which, ascending, and returns their number. NaN is nowhere. */
int64_t tern_dots_reaching(int64_t n, const tern_real *y, const tern_real *limit, int32_t *which);

/* Up to so many vectors, products one by one take less time than laying out every row for a matrix product. */
enum { TERN_DOTS_FEW = 32 };

#endif
