/* The products of every instruction set this machine has, against sums in double. */
#include "autograd/kernels.h"
#include "base/hash.h"
#include "base/memory.h"
#include "tests/support.h"

#include <check.h>
#include <math.h>
#include <string.h>

/* c = op(a) op(b) + start, and how it is stored. */
typedef struct product {
    int transpose_a, transpose_b;
    int64_t m, n, k, lda, ldb, ldc;
    float *a, *b, *c, *start; /* start, c: [m, ldc] */
} product;

static float some(uint64_t i, uint64_t what)
{
    return (float)(tern_random_unit(7, what, i, 0) * 2 - 1);
}

static float *some_matrix(int64_t rows, int64_t ld, uint64_t what)
{
    float *x = tern_alloc_aligned((size_t)(rows * ld), sizeof *x);
    for (int64_t i = 0; i < rows * ld; i++)
        x[i] = some((uint64_t)i, what);
    return x;
}

/* Rows are stored `more` numbers longer than they are. */
static product make(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k, int64_t more)
{
    product p = {.transpose_a = transpose_a, .transpose_b = transpose_b, .m = m, .n = n, .k = k};
    p.lda = (transpose_a ? m : k) + more;
    p.ldb = (transpose_b ? k : n) + more;
    p.ldc = n + more;
    p.a = some_matrix(transpose_a ? k : m, p.lda, 1);
    p.b = some_matrix(transpose_b ? n : k, p.ldb, 2);
    p.start = some_matrix(m, p.ldc, 3);
    p.c = some_matrix(m, p.ldc, 3);
    return p;
}

static void drop(product *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
    free(p->start);
}

static float a_at(const product *p, int64_t i, int64_t k)
{
    return p->transpose_a ? p->a[k * p->lda + i] : p->a[i * p->lda + k];
}

static float b_at(const product *p, int64_t k, int64_t j)
{
    return p->transpose_b ? p->b[j * p->ldb + k] : p->b[k * p->ldb + j];
}

/* part: columns laid out at a time. */
static void run(const tern_kernel_table *kern, product *p, const float *bias, int accumulate, int64_t part)
{
    void *right = tern_alloc_aligned(kern->gemm_right_size(p->k, p->n), 1);
    void *scratch = tern_alloc_aligned(kern->gemm_scratch_size(), 1);
    for (int64_t from = 0; from < p->n; from += part) {
        int64_t to = from + part < p->n ? from + part : p->n;
        kern->gemm_lay_right(p->transpose_b, p->k, p->n, p->b, p->ldb, from, to, right);
    }
    kern->gemm(p->transpose_a, p->m, p->n, p->k, p->a, p->lda, right, bias, accumulate, p->c, p->ldc, scratch);
    free(right);
    free(scratch);
}

/* The bound of k + 1 additions in any order, each rounded to float (Higham 2002, 3.1), and of what AMX leaves out of a
 * product: 2^-23 of it. */
static void expect_exact(const char *isa, const product *p, const float *bias, int accumulate)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->ldc; j++) {
            float got = p->c[i * p->ldc + j], before = p->start[i * p->ldc + j];
            if (j >= p->n) {
                ck_assert_msg(got == before, "%s wrote beyond its row", isa);
                continue;
            }
            double want = accumulate ? (double)before : bias ? (double)bias[j] : 0, size = fabs(want);
            for (int64_t k = 0; k < p->k; k++) {
                double term = (double)a_at(p, i, k) * (double)b_at(p, k, j);
                want += term;
                size += fabs(term);
            }
            double bound = ((double)p->k + 3) * 0x1p-24 * size;
            ck_assert_msg(fabs((double)got - want) <= bound, "%s: %lld x %lld x %lld, element %lld, %lld: %g, not %g",
                          isa, (long long)p->m, (long long)p->n, (long long)p->k, (long long)i, (long long)j,
                          (double)got, want);
        }
}

START_TEST(products_of_every_shape_are_right)
{
    static const int64_t m[] = {1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 33, 100, TERN_GEMM_ROWS};
    static const int64_t n[] = {1, 12, 15, 16, 31, 32, 33, 47, 48, 49, 95, 96, 97, 200};
    static const int64_t k[] = {0, 1, 3, 15, 16, 17, 31, 32, 33, 63, 100, 383, 384, 385, 800};
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    for (uint64_t at = 0; at < 210; at++) {
        int flags = (int)(tern_random(3, at, 0, 0) & 7), accumulate = flags & 1;
        product p = make(flags >> 1 & 1, flags >> 2, m[at % 14], n[at / 3 % 14], k[at % 15], (int64_t)at % 3);
        float *bias = at % 2 && !accumulate ? some_matrix(1, p.n, 4) : NULL;
        run(kern, &p, bias, accumulate, at % 5 ? p.n : TERN_GEMM_COLS);
        expect_exact(kern->isa, &p, bias, accumulate);
        free(bias);
        drop(&p);
    }
}
END_TEST

static void run_small(const tern_kernel_table *kern, product *p, int accumulate)
{
    int64_t cols = (p->n + TERN_GEMM_SMALL_COLS - 1) / TERN_GEMM_SMALL_COLS * TERN_GEMM_SMALL_COLS;
    float *right = tern_alloc_aligned((size_t)(p->k * cols), sizeof *right);
    kern->gemm_small_lay_right(p->transpose_b, p->k, p->n, p->b, p->ldb, right);
    kern->gemm_small(p->transpose_a, p->m, p->n, p->k, p->a, p->lda, right, accumulate, p->c, p->ldc);
    free(right);
}

START_TEST(small_products_of_every_shape_are_right)
{
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 15, 16, 17, 31, 32, 33, 48, 78, 108};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    for (uint64_t at = 0; at < 600; at++) {
        int flags = (int)(tern_random(4, at, 0, 0) & 7), accumulate = flags & 1;
        int64_t m = sizes[at % SIZES], n = sizes[at * 7 / SIZES % SIZES], k = sizes[at * 5 % SIZES];
        product p = make(flags >> 1 & 1, flags >> 2, m, n, k, (int64_t)at % 3);
        run_small(kern, &p, accumulate);
        expect_exact(kern->isa, &p, NULL, accumulate);
        drop(&p);
    }
}
END_TEST

/* The last columns' vectors are then stored as they are: what belongs to the product must be the same. */
START_TEST(a_small_product_may_be_told_of_whole_vectors)
{
    enum { M = 13, N = 21, WHOLE = 32, K = 35 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    product p = make(0, 1, M, N, K, 0);
    run_small(kern, &p, 0);
    float *right = tern_alloc_aligned(K * WHOLE, sizeof *right), *c = tern_alloc_aligned(M * WHOLE, sizeof *c);
    kern->gemm_small_lay_right(1, K, N, p.b, K, right);
    kern->gemm_small(0, M, WHOLE, K, p.a, K, right, 0, c, WHOLE);
    for (int64_t i = 0; i < M; i++)
        ck_assert_mem_eq(c + i * WHOLE, p.c + i * N, N * sizeof *c);
    free(right);
    free(c);
    drop(&p);
}
END_TEST

static void compute(const tern_kernel_table *kern, product *p, int small)
{
    if (small)
        run_small(kern, p, 0);
    else
        run(kern, p, NULL, 0, p->n);
}

/* The product of what lies from row and col on has the bits that the whole one has there. */
static void expect_part(const tern_kernel_table *kern, const product *whole, int64_t row, int64_t col, int small)
{
    product part = make(0, 1, whole->m - row, whole->n - col, whole->k, 0);
    memcpy(part.a, whole->a + row * whole->k, (size_t)(part.m * part.k) * sizeof *part.a);
    memcpy(part.b, whole->b + col * whole->k, (size_t)(part.n * part.k) * sizeof *part.b);
    compute(kern, &part, small);
    for (int64_t r = 0; r < part.m; r++)
        ck_assert_mem_eq(part.c + r * part.n, whole->c + (row + r) * whole->n + col, (size_t)part.n * sizeof *part.c);
    drop(&part);
}

/* Tiles, chunks and blocks may then be cut as is convenient. */
START_TEST(an_element_of_a_small_product_depends_on_its_row_and_column_alone)
{
    enum { M = 40, N = 70, K = 50 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    product whole = make(0, 1, M, N, K, 0);
    compute(kern, &whole, 1);
    for (int64_t row = 0; row < M; row += 13)
        for (int64_t col = 0; col < N; col += 11)
            expect_part(kern, &whole, row, col, 1);
    drop(&whole);
}
END_TEST

START_TEST(an_element_depends_on_its_row_and_column_alone)
{
    enum { M = 70, N = 150, K = 500 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    product whole = make(0, 1, M, N, K, 0);
    compute(kern, &whole, 0);
    static const int64_t rows[] = {0, 1, 37, 69}, cols[] = {0, 33, 95, 149};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            expect_part(kern, &whole, rows[i], cols[j], 0);
    drop(&whole);
}
END_TEST

START_TEST(numbers_of_very_different_size_keep_their_digits)
{
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    product p = make(0, 0, 40, 40, 64, 0);
    for (int64_t i = 0; i < 40 * 64; i++) {
        p.a[i] = ldexpf(p.a[i], (int)(i * 37 % 61) - 30);
        p.b[i] = ldexpf(p.b[i], (int)(i * 53 % 61) - 30);
    }
    run(kern, &p, NULL, 0, 40);
    expect_exact(kern->isa, &p, NULL, 0);
    drop(&p);
}
END_TEST

START_TEST(what_is_not_finite_stays_so)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    for (int v = 0; v < 3; v++)
        for (int in_b = 0; in_b < 2; in_b++) {
            product p = make(0, 1, 20, 20, 40, 0);
            (in_b ? p.b : p.a)[3 * 40 + 21] = values[v];
            run(kern, &p, NULL, 0, 20);
            for (int64_t i = 0; i < 20 * 20; i++)
                ck_assert_int_eq(!isfinite(p.c[i]), (in_b ? i % 20 : i / 20) == 3);
            drop(&p);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tc = tcase_create("gemm");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, products_of_every_shape_are_right, 0, TERN_ISAS);
    tcase_add_loop_test(tc, small_products_of_every_shape_are_right, 0, TERN_ISAS);
    tcase_add_loop_test(tc, a_small_product_may_be_told_of_whole_vectors, 0, TERN_ISAS);
    tcase_add_loop_test(tc, an_element_of_a_small_product_depends_on_its_row_and_column_alone, 0, TERN_ISAS);
    tcase_add_loop_test(tc, an_element_depends_on_its_row_and_column_alone, 0, TERN_ISAS);
    tcase_add_loop_test(tc, numbers_of_very_different_size_keep_their_digits, 0, TERN_ISAS);
    tcase_add_loop_test(tc, what_is_not_finite_stays_so, 0, TERN_ISAS);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
