/* Products of int8: activations of 8 bits without a sign, each row with a range of its own, times weights of 8 bits
 * with one, each output with a scale of its own. Sums are int32 and exact, so that every instruction set gives the same
 * ones.
 *
 *     x[i,k] ~ low[i] + step[i] a[i,k]            a in 0..255
 *     w[j,k] ~ scale[j] v[j,k]                    v in -127..127
 *     y[i,j] = step[i] scale[j] sum_k a[i,k] v[j,k] + low[i] scale[j] sum_k v[j,k] + bias[j]
 *
 * The weights lie in panels of 16 outputs, four columns of k beside each other:
 *
 *     output 0: k 0..3 | output 1: k 0..3 | .. | output 15: k 0..3 || output 0: k 4..7 | ..
 *
 * which is what a VNNI instruction takes at once (64 bytes), and sixteen times that is a tile of AMX. */
#include "autograd/kern_table.h"

#if defined(__AVX2__) && !defined(TERN_DOUBLE)
#include <immintrin.h>
#endif
#if defined(__AMX_INT8__) && !defined(TERN_DOUBLE)
#include "autograd/kern_amx.h"
#endif

enum { COLS = 2 * TERN_INT8_PANEL };

#if defined(__AMX_INT8__) && !defined(TERN_DOUBLE)

/* Two tiles of sums by two: half as many tiles are loaded as are multiplied. */
enum { ROWS = 32, TILE = TERN_AMX_ROWS, TILE_BYTES = TERN_AMX_BYTES };

static void start(void)
{
    kern_amx_configure();
}

static void stop(void)
{
    _tile_release();
}

static void multiply_half(int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    _tile_zero(0);
    _tile_zero(1);
    for (int64_t i = 0; i < k; i += TILE_BYTES) {
        _tile_loadd(4, a + i, k);
        _tile_loadd(6, w + i * TILE, TILE_BYTES);
        _tile_loadd(7, w + (i + k) * TILE, TILE_BYTES);
        _tile_dpbusd(0, 4, 6);
        _tile_dpbusd(1, 4, 7);
    }
    _tile_stored(0, sums, COLS * sizeof *sums);
    _tile_stored(1, sums + TILE, COLS * sizeof *sums);
}

static void multiply(int64_t m, int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    if (m <= TILE) {
        multiply_half(k, a, w, sums);
        return;
    }
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t i = 0; i < k; i += TILE_BYTES) {
        _tile_loadd(4, a + i, k);
        _tile_loadd(5, a + TILE * k + i, k);
        _tile_loadd(6, w + i * TILE, TILE_BYTES);
        _tile_loadd(7, w + (i + k) * TILE, TILE_BYTES);
        _tile_dpbusd(0, 4, 6);
        _tile_dpbusd(1, 4, 7);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
    _tile_stored(0, sums, COLS * sizeof *sums);
    _tile_stored(1, sums + TILE, COLS * sizeof *sums);
    _tile_stored(2, sums + TILE * COLS, COLS * sizeof *sums);
    _tile_stored(3, sums + TILE * COLS + TILE, COLS * sizeof *sums);
}

#else

enum { ROWS = 12 };

static void start(void)
{
}

static void stop(void)
{
}

#if defined(__AVX512VNNI__) && !defined(TERN_DOUBLE)

static inline __m512i four(const uint8_t *a)
{
    int32_t bytes;
    memcpy(&bytes, a, sizeof bytes);
    return _mm512_set1_epi32(bytes);
}

static void multiply(int64_t m, int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    (void)m;
    __m512i left[ROWS], right[ROWS];
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++)
        left[r] = right[r] = _mm512_setzero_si512();
    for (int64_t i = 0; i < k; i += 4) {
        __m512i w0 = _mm512_load_si512(w + i * TERN_INT8_PANEL), w1 = _mm512_load_si512(w + (i + k) * TERN_INT8_PANEL);
#pragma GCC unroll 12
        for (int r = 0; r < ROWS; r++) {
            __m512i x = four(a + r * k + i);
            left[r] = _mm512_dpbusd_epi32(left[r], x, w0);
            right[r] = _mm512_dpbusd_epi32(right[r], x, w1);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
        _mm512_store_si512(sums + r * COLS, left[r]);
        _mm512_store_si512(sums + r * COLS + TERN_INT8_PANEL, right[r]);
    }
}

#elif defined(__AVX512BW__) && !defined(TERN_DOUBLE)

/* Products of 16 bits, two of them added: the instruction that multiplies bytes saturates its sums at 16 bits. A lane
 * holds half of an output's sum. */
enum { STEP = 6, HALF = TERN_INT8_PANEL / 2 };

static inline __m512i four(const uint8_t *a)
{
    int32_t bytes;
    memcpy(&bytes, a, sizeof bytes);
    return _mm512_cvtepu8_epi16(_mm256_set1_epi32(bytes));
}

static inline void put(__m512i halves, int32_t *sums)
{
    __m512i whole = _mm512_add_epi32(halves, _mm512_srli_epi64(halves, 32));
    _mm256_store_si256((__m256i *)sums, _mm512_cvtepi64_epi32(whole));
}

static void multiply_panel(int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    __m512i left[STEP], right[STEP];
#pragma GCC unroll 6
    for (int r = 0; r < STEP; r++)
        left[r] = right[r] = _mm512_setzero_si512();
    for (int64_t i = 0; i < k; i += 4) {
        const __m256i *at = (const __m256i *)(w + i * TERN_INT8_PANEL);
        __m512i w0 = _mm512_cvtepi8_epi16(_mm256_load_si256(at)), w1 = _mm512_cvtepi8_epi16(_mm256_load_si256(at + 1));
#pragma GCC unroll 6
        for (int r = 0; r < STEP; r++) {
            __m512i x = four(a + r * k + i);
            left[r] = _mm512_add_epi32(left[r], _mm512_madd_epi16(x, w0));
            right[r] = _mm512_add_epi32(right[r], _mm512_madd_epi16(x, w1));
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < STEP; r++) {
        put(left[r], sums + r * COLS);
        put(right[r], sums + r * COLS + HALF);
    }
}

#elif defined(__AVX2__) && !defined(TERN_DOUBLE)

/* As above; a panel is four vectors. */
enum { STEP = 2, PARTS = 4 };

static inline __m256i four(const uint8_t *a)
{
    int32_t bytes;
    memcpy(&bytes, a, sizeof bytes);
    return _mm256_cvtepu8_epi16(_mm_set1_epi32(bytes));
}

static inline void put(__m256i halves, __m256i next, int32_t *sums)
{
    __m256i whole = _mm256_permute4x64_epi64(_mm256_hadd_epi32(halves, next), _MM_SHUFFLE(3, 1, 2, 0));
    _mm256_store_si256((__m256i *)sums, whole);
}

static void multiply_panel(int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    __m256i s[STEP][PARTS];
#pragma GCC unroll 2
    for (int r = 0; r < STEP; r++)
#pragma GCC unroll 4
        for (int p = 0; p < PARTS; p++)
            s[r][p] = _mm256_setzero_si256();
    for (int64_t i = 0; i < k; i += 4) {
        const __m128i *at = (const __m128i *)(w + i * TERN_INT8_PANEL);
        __m256i x[STEP];
#pragma GCC unroll 2
        for (int r = 0; r < STEP; r++)
            x[r] = four(a + r * k + i);
#pragma GCC unroll 4
        for (int p = 0; p < PARTS; p++) {
            __m256i v = _mm256_cvtepi8_epi16(_mm_load_si128(at + p));
#pragma GCC unroll 2
            for (int r = 0; r < STEP; r++)
                s[r][p] = _mm256_add_epi32(s[r][p], _mm256_madd_epi16(x[r], v));
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < STEP; r++) {
        put(s[r][0], s[r][1], sums + r * COLS);
        put(s[r][2], s[r][3], sums + r * COLS + TERN_INT8_PANEL / 2);
    }
}

#else

enum { STEP = 1 };

static void multiply_panel(int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    memset(sums, 0, TERN_INT8_PANEL * sizeof *sums);
    for (int64_t i = 0; i < k; i += 4)
        for (int j = 0; j < TERN_INT8_PANEL; j++)
            for (int l = 0; l < 4; l++)
                sums[j] += a[i + l] * w[i * TERN_INT8_PANEL + 4 * j + l];
}

#endif

#if !defined(__AVX512VNNI__) || defined(TERN_DOUBLE)

static void multiply(int64_t m, int64_t k, const uint8_t *a, const int8_t *w, int32_t *sums)
{
    for (int64_t r = 0; r < m; r += STEP)
        for (int64_t p = 0; p < COLS; p += TERN_INT8_PANEL)
            multiply_panel(k, a + r * k, w + p * k, sums + r * COLS + p);
}

#endif
#endif

/* A row that isn't finite gets a step of NaN, and so does all that is made from it: the caller sees it in the end. */
void TERN_KERNEL(int8_quantise)(int64_t k, int64_t padded, const tern_real *x, uint8_t *a, float *step, float *low)
{
    tern_real least = x[0], most = x[0], total = 0; /* comparisons miss a NaN, a sum doesn't */
#pragma omp simd reduction(min : least) reduction(max : most) reduction(+ : total)
    for (int64_t j = 0; j < k; j++) {
        least = x[j] < least ? x[j] : least;
        most = x[j] > most ? x[j] : most;
        total += x[j];
    }
    tern_real range = most - least, inverse = range > (tern_real)1e-30 ? 255 / range : 0;
    *step = range < (tern_real)1e38 && !isnan(total) ? (float)(range / 255) : NAN;
    *low = (float)least;
    memset(a + k, 0, (size_t)(padded - k));
    if (!(*step > 0) || inverse == 0) {
        memset(a, 0, (size_t)k);
        return;
    }
#pragma omp simd
    for (int64_t j = 0; j < k; j++)
        a[j] = (uint8_t)(int32_t)((x[j] - least) * inverse + (tern_real)0.5);
}

/* GELU with erf, off by at most 1e-4: a hundredth of what rounding the result to 8 bits takes, and four times as fast
 * as the one that is right to the last bits (which took longer than a product on AMX). Phi(u) = 1/2 + u p(u^2) up
 * to 4.2, 0 or 1 beyond: a minimax fit of our own to the error of u Phi(u). */
static inline tern_real gelu(tern_real u)
{
    const tern_real end = (tern_real)4.2;
    tern_real t = u < -end ? -end : u;
    t = t > end ? end : t;
    tern_real s = t * t, p = (tern_real)-9.01714037e-10;
    p = p * s + (tern_real)7.94107606e-8;
    p = p * s - (tern_real)3.03786192e-6;
    p = p * s + (tern_real)6.68897846e-5;
    p = p * s - (tern_real)0.000950651593;
    p = p * s + (tern_real)0.00929821469;
    p = p * s - (tern_real)0.065528214;
    p = p * s + (tern_real)0.398465931;
    return u * (t * p + (tern_real)0.5);
}

/* n outputs of one row, from sums to numbers. */
static inline void finish(int64_t n, const int32_t *sums, float step, float low, const float *scale, const float *sum,
                          const tern_real *bias, int with_gelu, tern_real *y)
{
    if (!with_gelu) {
#pragma omp simd
        for (int64_t j = 0; j < n; j++)
            y[j] = (tern_real)sums[j] * (step * scale[j]) + (low * sum[j] + bias[j]);
        return;
    }
#pragma omp simd
    for (int64_t j = 0; j < n; j++)
        y[j] = gelu((tern_real)sums[j] * (step * scale[j]) + (low * sum[j] + bias[j]));
}

static void finish_block(const tern_int8_weights *w, int64_t first, int64_t m, const int32_t *sums, const float *step,
                         const float *low, const tern_real *bias, int with_gelu, tern_real *y)
{
    const float *scale = w->scale + first, *sum = w->sum + first;
    int64_t left = w->n - first;
    for (int64_t r = 0; r < m; r++) {
        const int32_t *row = sums + r * COLS;
        if (left >= COLS)
            finish(COLS, row, step[r], low[r], scale, sum, bias + first, with_gelu, y + r * w->n + first);
        else
            finish(left, row, step[r], low[r], scale, sum, bias + first, with_gelu, y + r * w->n + first);
    }
}

/* Columns outside, rows inside: the weights of 32 outputs stay in the first cache while all rows meet them. */
void TERN_KERNEL(int8_affine)(int64_t m, const uint8_t *a, const float *step, const float *low,
                              const tern_int8_weights *w, const tern_real *bias, int with_gelu, tern_real *y)
{
    int32_t sums[ROWS * COLS] __attribute__((aligned(64)));
    start();
    for (int64_t j = 0; j < w->n; j += COLS) {
        for (int64_t i = 0; i < m; i += ROWS) {
            int64_t rows = m - i < ROWS ? m - i : ROWS;
            multiply(rows, w->padded, a + i * w->padded, w->panels + j * w->padded, sums);
            finish_block(w, j, rows, sums, step + i, low + i, bias, with_gelu, y + i * w->n);
        }
    }
    stop();
}
