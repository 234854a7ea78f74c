/* Softmax of a row, with the largest score taken off first so that exp never overflows. scale > 0. On AVX-512
 * kern_softmax_avx512.c stands in for it. */
#include "autograd/kern_dropout.h"
#include "autograd/kern_table.h"

#if !defined(__AVX512F__) || defined(TERN_DOUBLE)

tern_real TERN_KERNEL(softmax)(int64_t n, tern_real scale, tern_real *x)
{
    tern_real top = x[0], sum = 0;
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < n; j++)
        top = top > x[j] ? top : x[j];
    top *= scale;
#pragma omp simd
    for (int64_t j = 0; j < n; j++)
        x[j] = kern_exp(x[j] * scale - top);
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++)
        sum += x[j];
    tern_real inverse = 1 / sum;
#pragma omp simd
    for (int64_t j = 0; j < n; j++)
        x[j] *= inverse;
    return top + (tern_real)log((double)sum);
}

void TERN_KERNEL(softmax_again)(int64_t n, tern_real scale, tern_real log_sum, tern_real *x)
{
#pragma omp simd
    for (int64_t j = 0; j < n; j++)
        x[j] = kern_exp(x[j] * scale - log_sum);
}

void TERN_KERNEL(attention_backward)(int64_t n, tern_real scale, double drop, uint32_t key, tern_real *p, tern_real *dp)
{
    uint32_t threshold = tern_dropout_threshold(drop);
    tern_real keep = (tern_real)(1 / (1 - drop)), delta = 0;
#pragma omp simd reduction(+ : delta)
    for (int64_t j = 0; j < n; j++) {
        dp[j] *= tern_dropout_factor(key, (uint32_t)j, threshold, keep);
        delta += p[j] * dp[j];
    }
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        dp[j] = p[j] * (dp[j] - delta) * scale;
        p[j] *= tern_dropout_factor(key, (uint32_t)j, threshold, keep);
    }
}

#endif
