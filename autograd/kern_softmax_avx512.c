/* The kernels of kern_softmax.c on AVX-512. Rows are as long as texts, and what compilers do with the end of a row,
 * number by number, took two thirds of the time at lengths of 8 and 78: here the end is one vector with a mask. */
#include "autograd/kern_dropout.h"
#include "autograd/kern_table.h"

#if defined(__AVX512F__) && !defined(TERN_DOUBLE)

#include <immintrin.h>

enum { LANES = 16 };

/* The first n of a vector's numbers. */
static inline __mmask16 first(int64_t n)
{
    return (__mmask16)(n >= LANES ? 0xffff : (1u << n) - 1);
}

/* Stores the first n. Not with a mask: the processor takes that for a store of the whole vector, and the next row's
 * load would wait until it is done. */
static inline void store_first(float *x, int64_t n, __m512 v)
{
    if (n >= LANES) {
        _mm512_storeu_ps(x, v);
        return;
    }
    __m256 half = _mm512_castps512_ps256(v);
    if (n & 8) {
        _mm256_storeu_ps(x, half);
        x += 8;
        half = _mm512_extractf32x8_ps(v, 1);
    }
    __m128 quarter = _mm256_castps256_ps128(half);
    if (n & 4) {
        _mm_storeu_ps(x, quarter);
        x += 4;
        quarter = _mm256_extractf128_ps(half, 1);
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)x, quarter);
        x += 2;
        quarter = _mm_movehl_ps(quarter, quarter);
    }
    if (n & 1)
        _mm_store_ss(x, quarter);
}

/* kern_exp. */
static inline __m512 exp_of(__m512 x)
{
    const __m512 least = _mm512_set1_ps(-87.3f), shift = _mm512_set1_ps(12582912.0f);
    __m512 cut = _mm512_min_ps(_mm512_set1_ps(88.3f), _mm512_max_ps(least, x)); /* in this order NaN stays */
    __m512 shifted = _mm512_fmadd_ps(cut, _mm512_set1_ps(1.44269504f), shift), n = _mm512_sub_ps(shifted, shift);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), cut);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(0.0013814605f), r, _mm512_set1_ps(0.008368715f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.04166839f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.16666521f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.49999994f));
    p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1.0f));
    __m512i exponent = _mm512_slli_epi32(_mm512_add_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(127)), 23);
    return _mm512_maskz_mul_ps(_mm512_cmp_ps_mask(x, least, _CMP_NLT_UQ), p, _mm512_castsi512_ps(exponent));
}

tern_real TERN_KERNEL(softmax)(int64_t n, tern_real scale, tern_real *x)
{
    int64_t end = n - n % LANES;
    __mmask16 mask = first(n - end);
    __m512 scales = _mm512_set1_ps(scale), rest = _mm512_mask_loadu_ps(_mm512_set1_ps(x[0]), mask, x + end),
           tops = rest;
    for (int64_t j = 0; j < end; j += LANES)
        tops = _mm512_max_ps(tops, _mm512_loadu_ps(x + j));
    tern_real top = _mm512_reduce_max_ps(tops) * scale;
    tops = _mm512_set1_ps(top);
    rest = _mm512_maskz_mov_ps(mask, exp_of(_mm512_fmsub_ps(rest, scales, tops)));
    __m512 sums = rest;
    for (int64_t j = 0; j < end; j += LANES) {
        __m512 e = exp_of(_mm512_fmsub_ps(_mm512_loadu_ps(x + j), scales, tops));
        _mm512_storeu_ps(x + j, e);
        sums = _mm512_add_ps(sums, e);
    }
    tern_real sum = _mm512_reduce_add_ps(sums);
    __m512 inverse = _mm512_set1_ps(1 / sum);
    for (int64_t j = 0; j < end; j += LANES)
        _mm512_storeu_ps(x + j, _mm512_mul_ps(_mm512_loadu_ps(x + j), inverse));
    store_first(x + end, n - end, _mm512_mul_ps(rest, inverse));
    return top + (tern_real)log((double)sum);
}

void TERN_KERNEL(softmax_again)(int64_t n, tern_real scale, tern_real log_sum, tern_real *x)
{
    __m512 scales = _mm512_set1_ps(scale), log_sums = _mm512_set1_ps(log_sum);
    for (int64_t j = 0; j < n; j += LANES) {
        __mmask16 mask = first(n - j);
        __m512 e = exp_of(_mm512_fmsub_ps(_mm512_maskz_loadu_ps(mask, x + j), scales, log_sums));
        store_first(x + j, n - j, e);
    }
}

/* tern_dropout_factor of columns from .. from + 15. */
static inline __m512 factors(uint32_t key, int64_t from, uint32_t threshold, tern_real keep)
{
    const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i columns = _mm512_add_epi32(_mm512_set1_epi32((int)from), places);
    __m512i h =
        _mm512_add_epi32(_mm512_set1_epi32((int)key), _mm512_mullo_epi32(columns, _mm512_set1_epi32((int)0x9E3779B9u)));
    h = _mm512_mullo_epi32(_mm512_xor_si512(h, _mm512_srli_epi32(h, 16)), _mm512_set1_epi32((int)0x85EBCA6Bu));
    h = _mm512_mullo_epi32(_mm512_xor_si512(h, _mm512_srli_epi32(h, 13)), _mm512_set1_epi32((int)0xC2B2AE35u));
    h = _mm512_srli_epi32(_mm512_xor_si512(h, _mm512_srli_epi32(h, 16)), 8);
    return _mm512_maskz_mov_ps(_mm512_cmpge_epu32_mask(h, _mm512_set1_epi32((int)threshold)), _mm512_set1_ps(keep));
}

void TERN_KERNEL(attention_backward)(int64_t n, tern_real scale, double drop, uint32_t key, tern_real *p, tern_real *dp)
{
    uint32_t threshold = tern_dropout_threshold(drop);
    tern_real keep = (tern_real)(1 / (1 - drop));
    __m512 sums = _mm512_setzero_ps(), scales = _mm512_set1_ps(scale);
    for (int64_t j = 0; j < n; j += LANES) {
        __mmask16 mask = first(n - j);
        __m512 f = threshold ? factors(key, j, threshold, keep) : _mm512_set1_ps(keep);
        __m512 kept = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, dp + j), f);
        sums = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, p + j), kept, sums);
    }
    __m512 delta = _mm512_set1_ps(_mm512_reduce_add_ps(sums));
    for (int64_t j = 0; j < n; j += LANES) {
        __mmask16 mask = first(n - j);
        __m512 f = threshold ? factors(key, j, threshold, keep) : _mm512_set1_ps(keep);
        __m512 old = _mm512_maskz_loadu_ps(mask, p + j), kept = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, dp + j), f);
        store_first(dp + j, n - j, _mm512_mul_ps(_mm512_mul_ps(old, _mm512_sub_ps(kept, delta)), scales));
        store_first(p + j, n - j, _mm512_mul_ps(old, f));
    }
}

#endif
