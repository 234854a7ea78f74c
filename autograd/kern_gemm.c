/* c = op(a) b + bias for a few hundred rows of a: b was laid out before, in panels of columns that the innermost loop
 * reads from end to end. Once for large products, where kern_gemm_amx.c doesn't stand in, and once for the small ones
 * of attention.
 *
 * An element of c is one chain of multiply-adds along k, in order, wherever its row and column lie: its bits depend on
 * its row of a and its column of b alone. */
#include "autograd/kern_table.h"
#include "autograd/kern_vector.h"
#include "base/integer.h"

/* A block of c that stays in registers is ROWS x VECTORS; there must be room for a row of b and one of a besides. */
#if defined(__AVX512F__) || defined(__aarch64__) /* 32 registers; else 16 */
#define SUMS 24
#else
#define SUMS 12
#endif

enum {
    MOST_VECTORS = 3,
    MOST_ROWS = 12,
    SMALL_VECTORS = 2, /* heads are 32 or 64 wide: no column of a panel is wasted */
    SMALL_ROWS = SUMS / SMALL_VECTORS,
    SMALL_COLS = SMALL_VECTORS * LANES
};

/* b as stored: [k,n], or [n,k] when it is transposed. */
typedef struct stored {
    int64_t k, n, ldb;
    const tern_real *b;
} stored;

/* Columns j .. j + cols of b to a panel [k, width], zero beyond them. */
static void lay_straight(const stored *s, int64_t j, int64_t cols, int64_t width, tern_real *panel)
{
    for (int64_t p = 0; p < s->k; p++, panel += width) {
        const tern_real *b = s->b + p * s->ldb + j;
        int64_t i = 0;
        for (; i + LANES <= cols; i += LANES)
            *(vector_anywhere *)(panel + i) = *(const vector_anywhere *)(b + i);
        for (; i < width; i++)
            panel[i] = i < cols ? b[i] : 0;
    }
}

/* The same when b is transposed. Beyond the last column stands that one again, in whole vectors, and then nothing. */
static void lay_turned(const stored *s, int64_t j, int64_t cols, int64_t width, tern_real *panel)
{
    for (int64_t v = 0; v < cols; v += LANES) {
        const tern_real *lines[LANES];
        for (int64_t i = 0; i < LANES; i++)
            lines[i] = s->b + (j + tern_min(v + i, cols - 1)) * s->ldb;
        int64_t p = 0;
        for (; p + 4 <= s->k; p += 4)
            kern_turn(lines, p, panel + p * width + v, width);
        for (; p < s->k; p++)
            for (int64_t i = 0; i < LANES; i++)
                panel[p * width + v + i] = lines[i][p];
    }
}

static void lay(int transpose, const stored *s, int64_t from, int64_t to, int64_t width, tern_real *right)
{
    for (int64_t j = from; j < to; j += width)
        (transpose ? lay_turned : lay_straight)(s, j, tern_min(s->n - j, width), width, right + j * s->k);
}

/* Where the rows of a lie: element (i, p) is at a[i * row + p * step]. */
typedef struct left {
    const tern_real *a;
    int64_t row, step;
} left;

typedef struct target {
    tern_real *c;
    int64_t ldc, cols;      /* cols: of this panel, all but at the right edge */
    const tern_real *start; /* what sums start with, rows start_ld apart */
    int64_t start_ld;
} target;

static target target_at(tern_real *c, int64_t ldc, int64_t cols, const tern_real *bias, int accumulate)
{
    static const tern_real zeros[MOST_VECTORS * LANES];
    return (target){c, ldc, cols, accumulate ? c : bias ? bias : zeros, accumulate ? ldc : 0};
}

#ifdef __clang__
#define EACH(i, n) _Pragma("unroll") for (int i = 0; i < (n); i++)
#else
#define EACH(i, n) _Pragma("GCC unroll 16") for (int i = 0; i < (n); i++)
#endif

/* rows, vectors and width, of a panel, are constants where this is used, so that the sums are registers. */
static inline __attribute__((always_inline)) void block(int rows, int vectors, int width, int64_t k, const left *l,
                                                        const tern_real *panel, const target *t)
{
    vector sums[MOST_ROWS][MOST_VECTORS], b[MOST_VECTORS];
    EACH(i, rows)
    {
        EACH(v, vectors)
        sums[i][v] = *(const vector_anywhere *)(t->start + i * t->start_ld + v * LANES);
    }
    const tern_real *a = l->a;
    for (int64_t p = 0; p < k; p++, a += l->step, panel += width) {
        EACH(v, vectors)
        b[v] = *(const vector_anywhere *)(panel + v * LANES);
        EACH(i, rows)
        {
            EACH(v, vectors)
            sums[i][v] += a[i * l->row] * b[v];
        }
    }
    EACH(i, rows)
    {
        EACH(v, vectors)
        *(vector_anywhere *)(t->c + i * t->ldc + v * LANES) = sums[i][v];
    }
}

/* most: the number of rows that leave room in the registers. */
static inline __attribute__((always_inline)) void some_rows(int most, int64_t rows, int vectors, int width, int64_t k,
                                                            const left *l, const tern_real *panel, const target *t)
{
#define CASE(n)                                                                                                        \
    case n:                                                                                                            \
        block(n <= most ? n : 1, vectors, width, k, l, panel, t);                                                      \
        break
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
    }
#undef CASE
}

typedef void some_rows_of(int64_t rows, int64_t k, const left *l, const tern_real *panel, const target *t);

/* A block that is cut by c's right edge goes through a whole one. */
static void edge_rows(some_rows_of *compute, int64_t rows, int64_t k, const left *l, const tern_real *panel,
                      const target *t)
{
    enum { LINE = MOST_VECTORS * LANES };
    tern_real whole[MOST_ROWS * LINE] = {0};
    target inside = {whole, LINE, t->cols, whole, LINE};
    for (int64_t i = 0; i < rows; i++)
        memcpy(whole + i * LINE, t->start + i * t->start_ld, (size_t)t->cols * sizeof *whole);
    compute(rows, k, l, panel, &inside);
    for (int64_t i = 0; i < rows; i++)
        memcpy(t->c + i * t->ldc, whole + i * LINE, (size_t)t->cols * sizeof *whole);
}

void TERN_KERNEL(gemm_small_lay_right)(int transpose, int64_t k, int64_t n, const tern_real *b, int64_t ldb,
                                       tern_real *right)
{
    stored s = {k, n, ldb, b};
    lay(transpose, &s, 0, n, SMALL_COLS, right);
}

/* Nothing is laid out on the left: what is small stays in cache, and its rows are as good as its columns. */
static void small_rows(int64_t rows, int64_t k, const left *l, const tern_real *panel, const target *t)
{
    if (t->cols <= LANES)
        some_rows(SMALL_ROWS, rows, 1, SMALL_COLS, k, l, panel, t);
    else
        some_rows(SMALL_ROWS, rows, SMALL_VECTORS, SMALL_COLS, k, l, panel, t);
}

void TERN_KERNEL(gemm_small)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                             const tern_real *right, int accumulate, tern_real *c, int64_t ldc)
{
    int64_t blocks = tern_parts(m, SMALL_ROWS);
    int64_t row = transpose_a ? 1 : lda, step = transpose_a ? lda : 1;
    for (int64_t j = 0; j < n; j += SMALL_COLS)
        for (int64_t block = 0; block < blocks; block++) { /* about equal, so that none has few sums to wait for */
            int64_t i = block * m / blocks, end = (block + 1) * m / blocks;
            left l = {a + i * row, row, step};
            target t = target_at(c + i * ldc + j, ldc, tern_min(n - j, SMALL_COLS), NULL, accumulate);
            if (t.cols % LANES)
                edge_rows(small_rows, end - i, k, &l, right + j * k, &t);
            else
                small_rows(end - i, k, &l, right + j * k, &t);
        }
}

#if !defined(__AMX_BF16__) || defined(TERN_DOUBLE)

enum {
    VECTORS = 3,
    ROWS = SUMS / VECTORS,
    COLS = VECTORS * LANES,
    DEPTH = 384 /* of k at once: a panel of b is then about the size of a first-level cache */
};

size_t TERN_KERNEL(gemm_right_size)(int64_t k, int64_t n)
{
    return (size_t)(k * tern_round_up(n, COLS)) * sizeof(tern_real);
}

void TERN_KERNEL(gemm_lay_right)(int transpose, int64_t k, int64_t n, const tern_real *b, int64_t ldb, int64_t from,
                                 int64_t to, void *right)
{
    stored s = {k, n, ldb, b};
    lay(transpose, &s, from, to, COLS, right);
}

/* a as stored [k, m]: its columns side by side in groups of ROWS, [k, ROWS] each. */
static void lay_left(int64_t m, int64_t k, const tern_real *a, int64_t lda, tern_real *to)
{
    for (int64_t i = 0; i < m; i += ROWS) {
        int64_t rows = tern_min(m - i, ROWS);
        for (int64_t p = 0; p < k; p++, to += ROWS)
            memcpy(to, a + p * lda + i, (size_t)rows * sizeof *to);
    }
}

size_t TERN_KERNEL(gemm_scratch_size)(void)
{
    return (size_t)TERN_GEMM_ROWS * DEPTH * sizeof(tern_real);
}

static void large_rows(int64_t rows, int64_t k, const left *l, const tern_real *panel, const target *t)
{
    some_rows(ROWS, rows, VECTORS, COLS, k, l, panel, t);
}

void TERN_KERNEL(gemm)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                       const void *right, const tern_real *bias, int accumulate, tern_real *c, int64_t ldc,
                       void *scratch)
{
    for (int64_t p = 0; p == 0 || p < k; p += DEPTH) { /* k 0: c is the bias */
        int64_t depth = tern_min(k - p, DEPTH);
        if (transpose_a)
            lay_left(m, depth, a + p * lda, lda, scratch);
        for (int64_t j = 0; j < n; j += COLS) {
            const tern_real *panel = (const tern_real *)right + j * k + p * COLS;
            for (int64_t i = 0; i < m; i += ROWS) {
                target t =
                    target_at(c + i * ldc + j, ldc, tern_min(n - j, COLS), bias ? bias + j : NULL, accumulate || p > 0);
                left natural = {a + i * lda + p, lda, 1}, laid = {(tern_real *)scratch + i * depth, 1, ROWS};
                const left *l = transpose_a ? &laid : &natural;
                if (t.cols < COLS)
                    edge_rows(large_rows, tern_min(m - i, ROWS), depth, l, panel, &t);
                else
                    large_rows(tern_min(m - i, ROWS), depth, l, panel, &t);
            }
        }
    }
}

#endif
