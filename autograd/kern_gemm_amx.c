/* The products of kern_gemm.c on AMX, whose tiles multiply bfloat16 sixteen times as fast as AVX-512 multiplies floats.
 * A float is the sum of three bfloat16 numbers, x = h + m + l, exactly (3 x 8 bits; from 2^-110 to 3.39e38 in size); of
 * the nine products of two such sums the six largest are taken, and what is left out is below 2^-23 of the product,
 * like float's own rounding:
 *
 *     a b = ah bh + (ah bm + am bh) + (am bm + ah bl + al bh)     (Henry, Tang & Heinecke 2019, bf16x3)
 *
 * Sums are float. A tile of a holds 16 rows of 32 numbers as 16 pairs; a tile of b 16 pairs of rows of 16 columns.
 * Which two numbers make a pair doesn't matter as long as a and b agree: here p and p + 16, so that pairs are made by a
 * shift. As in kern_gemm.c, the bits of an element depend on its row of a and its column of b alone. */
#include "autograd/kern_table.h"
#include "base/integer.h"

#if defined(__AMX_BF16__) && !defined(TERN_DOUBLE)

#include "autograd/kern_amx.h"

enum {
    SIDE = TERN_AMX_ROWS,      /* rows and columns of a tile of c */
    BLOCK = 2 * SIDE,          /* of the four tiles of c that are summed at once */
    STEP = 32,                 /* of k in a tile */
    PLANES = 3,                /* h, m, l */
    TILE = 512,                /* uint16_t in a tile */
    GROUP = 2 * PLANES * TILE, /* BLOCK rows or columns, STEP of k: [plane][half] */
    DEPTH = 384                /* of k at once */
};

static int64_t steps_of(int64_t k)
{
    return tern_parts(k, STEP);
}

/* x to the nearest number with 8 bits (ties away from zero), still as a float. */
static inline __m512i near(__m512 x)
{
    return _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
}

static inline __m512 without(__m512 x, __m512i rounded)
{
    return _mm512_sub_ps(x, _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32((int)0xffff0000))));
}

/* The upper halves of low and high as pairs. */
static inline __m512i pair(__m512i low, __m512i high)
{
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(low, 16), high);
}

/* The three planes of pairs (low[i], high[i]). */
static inline void split(__m512 low, __m512 high, __m512i *planes)
{
    for (int i = 0; i < PLANES - 1; i++) {
        __m512i l = near(low), h = near(high);
        planes[i] = pair(l, h);
        low = without(low, l);
        high = without(high, h);
    }
    planes[PLANES - 1] = pair(_mm512_castps_si512(low), _mm512_castps_si512(high));
}

static inline __mmask16 first(int64_t n)
{
    return n >= SIDE ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1);
}

/* Where row i of the tiles of one half of a group goes: a plane is 2 TILE further on. */
static inline void store(uint16_t *to, int64_t i, const __m512i *planes)
{
    for (int j = 0; j < PLANES; j++)
        _mm512_store_si512(to + 2 * j * TILE + i * STEP, planes[j]);
}

/* Tiles of 16 lines of the matrix at x, ld apart and `lines` of them real, with STEP numbers of each: line i becomes
 * row i of the tiles at to. */
static void along(const float *x, int64_t ld, int64_t lines, int64_t k, uint16_t *to)
{
    __mmask16 low = first(k), high = first(k - SIDE);
    for (int64_t i = 0; i < SIDE; i++) {
        __m512i planes[PLANES] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
        if (i < lines)
            split(_mm512_maskz_loadu_ps(low, x + i * ld), _mm512_maskz_loadu_ps(high, x + i * ld + SIDE), planes);
        store(to, i, planes);
    }
}

/* Tiles of STEP lines, `lines` of them real, with 16 numbers of each: lines i and i + 16 become row i. */
static void across(const float *x, int64_t ld, int64_t lines, int64_t cols, uint16_t *to)
{
    __mmask16 mask = first(cols);
    for (int64_t i = 0; i < SIDE; i++) {
        __m512 low = i < lines ? _mm512_maskz_loadu_ps(mask, x + i * ld) : _mm512_setzero_ps();
        __m512 high = i + SIDE < lines ? _mm512_maskz_loadu_ps(mask, x + (i + SIDE) * ld) : _mm512_setzero_ps();
        __m512i planes[PLANES];
        split(low, high, planes);
        store(to, i, planes);
    }
}

/* Rows become columns, in units of 32 bits. */
static void turn(uint16_t *tile)
{
    __m512i r[SIDE], t[SIDE];
    for (int i = 0; i < SIDE; i++)
        r[i] = _mm512_load_si512(tile + i * STEP);
    for (int i = 0; i < SIDE; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < SIDE; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; i++) {
        _mm512_store_si512(tile + i * STEP, _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88));
        _mm512_store_si512(tile + (i + 8) * STEP, _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd));
    }
}

/* One group, as the left or the right matrix wants it. lines: the matrix is stored with lines along k (each line is a
 * row of a or a column of b); else across. Of them `others` rows or columns and k are real. */
static void lay_group(int right, int lines, const float *x, int64_t ld, int64_t others, int64_t k, uint16_t *to)
{
    for (int half = 0; half < 2; half++, to += TILE) {
        int64_t there = others - half * SIDE;
        if (lines)
            along(x + half * SIDE * ld, ld, there, k, to);
        else
            across(x + half * SIDE, ld, k, there, to);
        for (int j = 0; lines == right && j < PLANES; j++)
            turn(to + 2 * j * TILE);
    }
}

size_t TERN_KERNEL(gemm_right_size)(int64_t k, int64_t n)
{
    return (size_t)(tern_parts(n, BLOCK) * steps_of(k)) * GROUP * sizeof(uint16_t);
}

void TERN_KERNEL(gemm_lay_right)(int transpose, int64_t k, int64_t n, const tern_real *b, int64_t ldb, int64_t from,
                                 int64_t to, void *right)
{
    int64_t steps = steps_of(k), panels = tern_parts(tern_min(to, n) - from, BLOCK);
    for (int64_t i = 0; i < panels * steps; i++) { /* along the lines as they are stored */
        int64_t panel = transpose ? i / steps : i % panels, step = transpose ? i % steps : i / panels;
        int64_t j = from + panel * BLOCK, p = step * STEP;
        lay_group(1, transpose, transpose ? b + j * ldb + p : b + p * ldb + j, ldb, n - j, k - p,
                  (uint16_t *)right + (j / BLOCK * steps + step) * GROUP);
    }
}

static void lay_left(int transpose, int64_t m, int64_t k, const float *a, int64_t lda, uint16_t *left)
{
    int64_t steps = steps_of(k), blocks = tern_parts(m, BLOCK);
    for (int64_t n = 0; n < blocks * steps; n++) {
        int64_t i = (transpose ? n % blocks : n / steps) * BLOCK, step = transpose ? n / blocks : n % steps;
        int64_t p = step * STEP;
        lay_group(0, !transpose, transpose ? a + p * lda + i : a + i * lda + p, lda, m - i, k - p,
                  left + (i / BLOCK * steps + step) * GROUP);
    }
}

/* Tiles 0 to 3 are sums, 4 and 5 the halves of a, 6 and 7 those of b: numbers as gcc's intrinsics want them. */
#define LOAD_A(tile, plane) _tile_loadd(tile, a + (2 * (plane) + (tile)-4) * TILE, 64)
#define LOAD_B(tile, plane) _tile_loadd(tile, b + (2 * (plane) + (tile)-6) * TILE, 64)

/* The small products first; loads lie between products. */
static inline void sum_groups(int64_t steps, const uint16_t *a, const uint16_t *b)
{
    enum { H, M, L };
    for (int64_t i = 0; i < steps; i++, a += GROUP, b += GROUP) {
        LOAD_A(4, L);
        LOAD_B(6, H);
        _tile_dpbf16ps(0, 4, 6);
        LOAD_B(7, H);
        _tile_dpbf16ps(1, 4, 7);
        LOAD_A(5, L);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        LOAD_A(4, M);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        LOAD_A(5, M);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        LOAD_B(6, M);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        LOAD_B(7, M);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
        LOAD_A(4, H);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        LOAD_A(5, H);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        LOAD_B(6, L);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        LOAD_B(7, L);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
        LOAD_B(6, H);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        LOAD_B(7, H);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
}

static inline void load_sums(const float *c, int64_t stride)
{
    _tile_loadd(0, c, (size_t)stride * sizeof *c);
    _tile_loadd(1, c + SIDE, (size_t)stride * sizeof *c);
    _tile_loadd(2, c + SIDE * stride, (size_t)stride * sizeof *c);
    _tile_loadd(3, c + SIDE * stride + SIDE, (size_t)stride * sizeof *c);
}

static inline void store_sums(float *c, int64_t stride)
{
    _tile_stored(0, c, (size_t)stride * sizeof *c);
    _tile_stored(1, c + SIDE, (size_t)stride * sizeof *c);
    _tile_stored(2, c + SIDE * stride, (size_t)stride * sizeof *c);
    _tile_stored(3, c + SIDE * stride + SIDE, (size_t)stride * sizeof *c);
}

static inline void zero_sums(void)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/* A block of c that is cut by its edge goes through a whole one. */
static void edge_block(int64_t rows, int64_t cols, int64_t steps, const uint16_t *a, const uint16_t *b,
                       const float *bias, int accumulate, float *c, int64_t ldc)
{
    float whole[BLOCK * BLOCK] __attribute__((aligned(64))) = {0};
    for (int64_t i = 0; (accumulate || bias) && i < rows; i++)
        memcpy(whole + i * BLOCK, accumulate ? c + i * ldc : bias, (size_t)cols * sizeof *c);
    kern_amx_stored();
    load_sums(whole, BLOCK);
    sum_groups(steps, a, b);
    store_sums(whole, BLOCK);
    for (int64_t i = 0; i < rows; i++)
        memcpy(c + i * ldc, whole + i * BLOCK, (size_t)cols * sizeof *c);
}

static void block(int64_t rows, int64_t cols, int64_t steps, const uint16_t *a, const uint16_t *b, const float *bias,
                  int accumulate, float *c, int64_t ldc)
{
    if (rows < BLOCK || cols < BLOCK) {
        edge_block(rows, cols, steps, a, b, bias, accumulate, c, ldc);
        return;
    }
    if (accumulate)
        load_sums(c, ldc);
    else if (bias)
        load_sums(bias, 0); /* every row of the tile from the same place */
    else
        zero_sums();
    sum_groups(steps, a, b);
    store_sums(c, ldc);
}

size_t TERN_KERNEL(gemm_scratch_size)(void)
{
    return (size_t)(TERN_GEMM_ROWS / BLOCK * (DEPTH / STEP)) * GROUP * sizeof(uint16_t);
}

void TERN_KERNEL(gemm)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                       const void *right, const tern_real *bias, int accumulate, tern_real *c, int64_t ldc,
                       void *scratch)
{
    kern_amx_configure();
    for (int64_t p = 0; p == 0 || p < k; p += DEPTH) { /* k 0: c is the bias */
        int64_t depth = tern_min(k - p, DEPTH), steps = steps_of(depth);
        lay_left(transpose_a, m, depth, transpose_a ? a + p * lda : a + p, lda, scratch);
        kern_amx_stored();
        for (int64_t j = 0; j < n; j += BLOCK) {
            const uint16_t *panel = (const uint16_t *)right + (j / BLOCK * steps_of(k) + p / STEP) * GROUP;
            for (int64_t i = 0; i < m; i += BLOCK)
                block(tern_min(m - i, BLOCK), tern_min(n - j, BLOCK), steps,
                      (uint16_t *)scratch + i / BLOCK * steps * GROUP, panel, bias ? bias + j : NULL,
                      accumulate || p > 0, c + i * ldc + j, ldc);
        }
    }
    _tile_release();
}

#endif
