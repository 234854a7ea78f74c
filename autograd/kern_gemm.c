/* c = op(a) b + bias for a few hundred rows of a: b was laid out before, in panels of columns that the innermost loop
 * reads from end to end. Vectors are the compiler's own (vector_size), as wide as this instruction set's registers.
 *
 * An element of c is one chain of multiply-adds along k, in order, wherever its row and column lie: its bits depend on
 * its row of a and its column of b alone. */
#include "autograd/kern_table.h"

#if !defined(__AMX_BF16__) || defined(TERN_DOUBLE)

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

/* A block of c that stays in registers: ROWS x 3 vectors, and there must be room for 3 more of b and one of a. */
#if defined(__AVX512F__) || defined(__aarch64__) /* 32 registers; else 16 */
#define ROWS 8
#else
#define ROWS 4
#endif

typedef tern_real vector __attribute__((vector_size(VECTOR_BYTES)));
typedef tern_real vector_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(tern_real)), may_alias));

enum {
    LANES = VECTOR_BYTES / sizeof(tern_real),
    VECTORS = 3,
    COLS = VECTORS * LANES,
    DEPTH = 384 /* of k at once: a panel of b is then about the size of a first-level cache */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

size_t TERN_KERNEL(gemm_right_size)(int64_t k, int64_t n)
{
    return (size_t)(k * ((n + COLS - 1) / COLS * COLS)) * sizeof(tern_real);
}

/* Panel by panel: [k, COLS], zero beyond column n. */
void TERN_KERNEL(gemm_lay_right)(int transpose, int64_t k, int64_t n, const tern_real *b, int64_t ldb, int64_t from,
                                 int64_t to, void *right)
{
    for (int64_t j = from; j < to; j += COLS) {
        tern_real *panel = (tern_real *)right + j * k;
        int64_t cols = least(n - j, COLS);
        if (cols < COLS)
            memset(panel, 0, (size_t)(k * COLS) * sizeof *panel);
        for (int64_t p = 0; !transpose && p < k; p++)
            memcpy(panel + p * COLS, b + p * ldb + j, (size_t)cols * sizeof *panel);
        for (int64_t p = 0; transpose && p < k; p += LANES) /* a line of every row at a time */
            for (int64_t i = 0; i < cols; i++)
                for (int64_t q = p; q < least(p + LANES, k); q++)
                    panel[q * COLS + i] = b[(j + i) * ldb + q];
    }
}

/* Where the rows of a lie: element (i, p) is at a[i * row + p * step]. */
typedef struct left {
    const tern_real *a;
    int64_t row, step;
} left;

typedef struct target {
    tern_real *c;
    int64_t ldc, cols; /* cols: of this panel, COLS but at the right edge */
    const tern_real *bias;
    int accumulate;
} target;

static inline __attribute__((always_inline)) void start(const target *t, int64_t i, vector *sums)
{
    static const tern_real zeros[COLS];
    tern_real line[COLS] = {0};
    const tern_real *from = t->accumulate ? t->c + i * t->ldc : t->bias ? t->bias : zeros;
    if (t->cols < COLS)
        from = memcpy(line, from, (size_t)t->cols * sizeof *line);
    for (int v = 0; v < VECTORS; v++)
        sums[v] = *(const vector_anywhere *)(from + v * LANES);
}

static inline __attribute__((always_inline)) void finish(const target *t, int64_t i, const vector *sums)
{
    tern_real line[COLS], *to = t->cols < COLS ? line : t->c + i * t->ldc;
    for (int v = 0; v < VECTORS; v++)
        *(vector_anywhere *)(to + v * LANES) = sums[v];
    if (t->cols < COLS)
        memcpy(t->c + i * t->ldc, line, (size_t)t->cols * sizeof *line);
}

/* rows is a constant where this is used, so that the sums are registers. */
static inline __attribute__((always_inline)) void block(int rows, int64_t k, const left *l, const tern_real *panel,
                                                        const target *t)
{
    vector sums[ROWS][VECTORS];
    for (int i = 0; i < rows; i++)
        start(t, i, sums[i]);
    const tern_real *a = l->a;
    for (int64_t p = 0; p < k; p++, a += l->step, panel += COLS) {
        vector b[VECTORS];
        for (int v = 0; v < VECTORS; v++)
            b[v] = *(const vector_anywhere *)(panel + v * LANES);
        for (int i = 0; i < rows; i++)
            for (int v = 0; v < VECTORS; v++)
                sums[i][v] += a[i * l->row] * b[v];
    }
    for (int i = 0; i < rows; i++)
        finish(t, i, sums[i]);
}

static void some_rows(int64_t rows, int64_t k, const left *l, const tern_real *panel, const target *t)
{
    switch (rows) {
    case 1:
        return block(1, k, l, panel, t);
    case 2:
        return block(2, k, l, panel, t);
    case 3:
        return block(3, k, l, panel, t);
#if ROWS > 4
    case 4:
        return block(4, k, l, panel, t);
    case 5:
        return block(5, k, l, panel, t);
    case 6:
        return block(6, k, l, panel, t);
    case 7:
        return block(7, k, l, panel, t);
#endif
    default:
        return block(ROWS, k, l, panel, t);
    }
}

/* a as stored [k, m]: its columns side by side in groups of ROWS, [k, ROWS] each. */
static void lay_left(int64_t m, int64_t k, const tern_real *a, int64_t lda, tern_real *to)
{
    for (int64_t i = 0; i < m; i += ROWS) {
        int64_t rows = least(m - i, ROWS);
        for (int64_t p = 0; p < k; p++, to += ROWS)
            memcpy(to, a + p * lda + i, (size_t)rows * sizeof *to);
    }
}

size_t TERN_KERNEL(gemm_scratch_size)(void)
{
    return (size_t)TERN_GEMM_ROWS * DEPTH * sizeof(tern_real);
}

void TERN_KERNEL(gemm)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                       const void *right, const tern_real *bias, int accumulate, tern_real *c, int64_t ldc,
                       void *scratch)
{
    for (int64_t p = 0; p < k; p += DEPTH) {
        int64_t depth = least(k - p, DEPTH);
        if (transpose_a)
            lay_left(m, depth, a + p * lda, lda, scratch);
        for (int64_t j = 0; j < n; j += COLS) {
            target t = {c + j, ldc, least(n - j, COLS), bias ? bias + j : NULL, accumulate || p > 0};
            const tern_real *panel = (const tern_real *)right + j * k + p * COLS;
            for (int64_t i = 0; i < m; i += ROWS, t.c += ROWS * ldc) {
                left natural = {a + i * lda + p, lda, 1}, laid = {(tern_real *)scratch + i * depth, 1, ROWS};
                some_rows(least(m - i, ROWS), depth, transpose_a ? &laid : &natural, panel, &t);
            }
        }
    }
}

#endif
