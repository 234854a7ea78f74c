/* What exact search needs beside matrix products.
 *
 * Dot products of many rows with one vector: what a product is when there are too few columns to lay out a matrix for.
 *
 * A product is WAYS * LANES partial sums, added in a fixed order: its bits depend on its row and on x alone. */
#include "autograd/kern_table.h"
#include "autograd/kern_vector.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

typedef tern_real narrow __attribute__((vector_size(16)));

/* Four rows at once load x once for all of them, and are four streams that the processor fetches ahead. */
enum { WAYS = 2, ROWS = 4, NARROW = 16 / sizeof(tern_real), PARTS = LANES / NARROW };

static inline tern_real sum_of(const vector *ways)
{
    union {
        vector whole;
        narrow parts[PARTS];
    } sum = {ways[0] + ways[1]};
    narrow s = sum.parts[0];
    for (int i = 1; i < PARTS; i++)
        s += sum.parts[i];
    tern_real total = s[0];
    for (int i = 1; i < NARROW; i++)
        total += s[i];
    return total;
}

/* rows is a constant where this is used, so that the sums are registers. */
static inline __attribute__((always_inline)) void block(int rows, int64_t k, const tern_real *a, const tern_real *x,
                                                        tern_real *y, int64_t stride)
{
    vector sums[ROWS][WAYS] = {{{0}}};
    int64_t j = 0;
    for (; j + WAYS * LANES <= k; j += WAYS * LANES)
        for (int w = 0; w < WAYS; w++) {
            vector right = *(const vector_anywhere *)(x + j + w * LANES);
            for (int i = 0; i < rows; i++)
                sums[i][w] += *(const vector_anywhere *)(a + i * k + j + w * LANES) * right;
        }
    if (j < k) {
        tern_real left[WAYS * LANES] = {0}, right[WAYS * LANES] = {0};
        memcpy(right, x + j, (size_t)(k - j) * sizeof *right);
        for (int i = 0; i < rows; i++) {
            memcpy(left, a + i * k + j, (size_t)(k - j) * sizeof *left);
            for (int w = 0; w < WAYS; w++)
                sums[i][w] += *(vector_anywhere *)(left + w * LANES) * *(vector_anywhere *)(right + w * LANES);
        }
    }
    for (int i = 0; i < rows; i++)
        y[i * stride] = sum_of(sums[i]);
}

void TERN_KERNEL(dots)(int64_t n, int64_t k, const tern_real *a, const tern_real *x, tern_real *y, int64_t stride)
{
    int64_t i = 0;
    for (; i + ROWS <= n; i += ROWS)
        block(ROWS, k, a + i * k, x, y + i * stride, stride);
    for (; i < n; i++)
        block(1, k, a + i * k, x, y + i * stride, stride);
}

/* A bit for each of WIDTH values that is at least its limit; none for NaN. */
#if defined(TERN_DOUBLE) || !defined(__SSE2__)
enum { WIDTH = 8 };
static inline unsigned reaching_bits(const tern_real *x, const tern_real *limit)
{
    unsigned bits = 0;
    for (int i = 0; i < WIDTH; i++)
        bits |= (unsigned)(x[i] >= limit[i]) << i;
    return bits;
}
#elif defined(__AVX512F__)
enum { WIDTH = 16 };
static inline unsigned reaching_bits(const float *x, const float *limit)
{
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_loadu_ps(limit), _CMP_GE_OQ);
}
#elif defined(__AVX2__)
enum { WIDTH = 8 };
static inline unsigned reaching_bits(const float *x, const float *limit)
{
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x), _mm256_loadu_ps(limit), _CMP_GE_OQ));
}
#else
enum { WIDTH = 4 };
static inline unsigned reaching_bits(const float *x, const float *limit)
{
    return (unsigned)_mm_movemask_ps(_mm_cmpge_ps(_mm_loadu_ps(x), _mm_loadu_ps(limit)));
}
#endif

int64_t TERN_KERNEL(reaching)(int64_t n, const tern_real *x, const tern_real *limit, int32_t *which)
{
    int64_t i = 0, found = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        for (unsigned bits = reaching_bits(x + i, limit + i); bits; bits &= bits - 1)
            which[found++] = (int32_t)i + __builtin_ctz(bits);
    for (; i < n; i++)
        if (x[i] >= limit[i])
            which[found++] = (int32_t)i;
    return found;
}
