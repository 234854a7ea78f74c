/* Products in 8 bits: every instruction set against sums of 64 bits, exactly; quantising against its bound; whole
 * operations against double, within what rounding to 8 bits can do. */
#include "autograd/int8.h"
#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "tests/support.h"

#include <check.h>
#include <math.h>
#include <string.h>

static double unit(uint64_t seed, int64_t i)
{
    return tern_random_unit(seed, 0, (uint64_t)i, 0);
}

/* Integers as weights: the first of each row is 127, so that the scale is 1. */
static float *integer_weights(int64_t n, int64_t k, int most)
{
    float *w = tern_alloc((size_t)(n * k), sizeof *w);
    for (int64_t i = 0; i < n * k; i++)
        w[i] = i % k == 0 ? 127 : (float)floor(unit(1, i) * (2 * most + 1)) - (float)most;
    return w;
}

/* y of the kernel for a [m,k] in 0..255, step 1, low 0: the sums themselves. The caller frees it. */
static float *kernel_sums(const tern_kernel_table *kern, int64_t m, const uint8_t *a, const tern_int8_weights *w)
{
    int64_t rows = (m + TERN_INT8_ROWS - 1) / TERN_INT8_ROWS * TERN_INT8_ROWS;
    uint8_t *padded = tern_alloc_aligned((size_t)rows, (size_t)w->padded);
    float *y = tern_alloc((size_t)(m * w->n + 1), sizeof *y), *step = tern_alloc((size_t)m, sizeof *step);
    float *zeros = tern_calloc((size_t)(m > w->n ? m : w->n), sizeof *zeros);
    memset(padded, 0xEE, (size_t)(rows * w->padded)); /* padding of rows and columns must not matter */
    for (int64_t i = 0; i < m; i++) {
        step[i] = 1;
        memcpy(padded + i * w->padded, a + i * w->k, (size_t)w->k);
    }
    y[m * w->n] = -77;
    kern->int8_affine(m, padded, step, zeros, w, zeros, 0, y);
    ck_assert(y[m * w->n] == -77);
    free(padded);
    free(step);
    free(zeros);
    return y;
}

static int64_t exact_sum(int64_t k, const uint8_t *a, const float *w)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < k; i++)
        sum += a[i] * (int64_t)w[i];
    return sum;
}

static void check_product(const tern_kernel_table *kern, int64_t m, int64_t n, int64_t k)
{
    float *w = integer_weights(n, k, 127);
    uint8_t *a = tern_alloc((size_t)(m * k), 1);
    for (int64_t i = 0; i < m * k; i++)
        a[i] = (uint8_t)(unit(2, i) * 256);
    tern_int8_weights *packed = tern_int8_pack(n, k, w);
    float *y = kernel_sums(kern, m, a, packed);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            int64_t want = exact_sum(k, a + i * k, w + j * k);
            ck_assert(llabs(want) < 1 << 24);
            ck_assert_msg(y[i * n + j] == (float)want, "%s: [%d,%d] of %d x %d x %d is %g, not %lld", kern->isa, (int)i,
                          (int)j, (int)m, (int)n, (int)k, (double)y[i * n + j], (long long)want);
        }
    tern_int8_free(packed);
    free(y);
    free(a);
    free(w);
}

START_TEST(sums_are_exact_for_every_number_of_rows)
{
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (int64_t m = 1; kern && m <= 40; m++)
        check_product(kern, m, 40, 70);
    for (int64_t m = TERN_INT8_ROWS - 1; kern && m <= TERN_INT8_ROWS; m++)
        check_product(kern, m, 33, 64);
}
END_TEST

START_TEST(sums_are_exact_whatever_the_width_and_depth)
{
    static const int64_t widths[] = {1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100};
    static const int64_t depths[] = {1, 2, 3, 4, 5, 7, 31, 60, 63, 64, 65, 127, 128, 129, 384};
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (size_t n = 0; kern && n < sizeof widths / sizeof *widths; n++)
        for (size_t k = 0; k < sizeof depths / sizeof *depths; k++)
            check_product(kern, 13, widths[n], depths[k]);
}
END_TEST

/* The largest numbers, where 16-bit sums would saturate: sums that float holds exactly, one sign and both. */
START_TEST(extremes_neither_saturate_nor_overflow)
{
    enum { M = 3, N = 3, K = 4096 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    static float w[N * K];
    static uint8_t a[M * K];
    memset(a, 255, sizeof a);
    for (int64_t i = 0; i < K; i++) {
        w[i] = 127;
        w[K + i] = -127;
        w[2 * K + i] = i < K / 2 ? 127 : -127;
    }
    tern_int8_weights *packed = tern_int8_pack(N, K, w);
    float *y = kernel_sums(kern, M, a, packed);
    for (int i = 0; i < M; i++) {
        ck_assert(y[i * N] == 255.0f * 127 * K);
        ck_assert(y[i * N + 1] == -255.0f * 127 * K);
        ck_assert(y[i * N + 2] == 0);
    }
    tern_int8_free(packed);
    free(y);
}
END_TEST

START_TEST(quantising_is_off_by_at_most_half_a_step)
{
    enum { K = 77, PADDED = 128 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (int round = 0; kern && round < 200; round++) {
        float x[K], step, low;
        uint8_t a[PADDED];
        double size = exp(unit(5, round) * 40 - 20), shift = unit(6, round) - 0.5;
        for (int i = 0; i < K; i++)
            x[i] = (float)((unit(7, round * K + i) + shift) * size);
        kern->int8_quantise(K, PADDED, x, a, &step, &low);
        for (int i = 0; i < K; i++)
            ck_assert_double_le(fabs((double)low + (double)step * a[i] - (double)x[i]), (double)step * 0.50002);
        for (int i = K; i < PADDED; i++)
            ck_assert(a[i] == 0);
    }
}
END_TEST

START_TEST(equal_and_tiny_values_are_a_row_too)
{
    enum { K = 5, PADDED = 64 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    float x[K] = {-3, -3, -3, -3, -3}, small[K] = {0, 1e-40f, -1e-39f, 0, 0}, step, low;
    uint8_t a[PADDED];
    if (!kern)
        return;
    kern->int8_quantise(K, PADDED, x, a, &step, &low);
    ck_assert(step == 0 && low == -3 && a[0] == 0);
    kern->int8_quantise(K, PADDED, small, a, &step, &low);
    ck_assert(step < 1e-38f && fabsf(low) < 1e-38f);
}
END_TEST

START_TEST(what_is_not_finite_stays_so)
{
    enum { K = 40, PADDED = 64 };
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    const tern_kernel_table *kern = tern_kernels_at(_i);
    for (int i = 0; kern && i < 3 * K; i++) {
        float x[K] = {1, -2}, step, low;
        uint8_t a[PADDED];
        x[i / 3] = bad[i % 3];
        kern->int8_quantise(K, PADDED, x, a, &step, &low);
        ck_assert(isnan(step));
        tern_int8_weights *w = tern_int8_pack(1, K, x);
        ck_assert(isnan(w->scale[0]) && isnan(w->sum[0]));
        tern_int8_free(w);
    }
}
END_TEST

static tern_tensor *random_tensor(tern_tape *tape, int64_t rows, int64_t cols, double size, uint64_t seed)
{
    tern_tensor *t = tern_tape_tensor(tape, rows, cols);
    for (int64_t i = 0; i < rows * cols; i++)
        t->data[i] = (float)((unit(seed, i) - 0.45) * size);
    return t;
}

/* With x' = x + dx, w' = w + dw, |dx| <= step / 2 and |dw| <= scale / 2 an output is off by no more than
 * sum |dx| |w| + |x'| |dw|. */
static double bound(int64_t k, const float *x, const float *w)
{
    double least = (double)x[0], most = (double)x[0], large = 0, sum_w = 0, sum_x = 0;
    for (int64_t i = 0; i < k; i++) {
        least = fmin(least, (double)x[i]);
        most = fmax(most, (double)x[i]);
        large = fmax(large, fabs((double)w[i]));
        sum_w += fabs((double)w[i]);
        sum_x += fabs((double)x[i]);
    }
    double step = (most - least) / 255, scale = large / 127;
    return (step / 2 * sum_w + (sum_x + (double)k * step / 2) * scale / 2) * 1.001 + 1e-6;
}

START_TEST(linear_is_off_by_what_rounding_allows)
{
    enum { ROWS = 101, N = 50, K = 90 };
    tern_tape *tape = tern_tape_create();
    tern_tape_set_recording(tape, 0);
    tern_tensor *x = random_tensor(tape, ROWS, K, 3, 11), *w = random_tensor(tape, N, K, 0.2, 12);
    tern_tensor *b = random_tensor(tape, 1, N, 1, 13);
    tern_int8_weights *packed = tern_int8_pack(N, K, w->data);
    const tern_tensor *y = tern_int8_linear(tape, x, packed, b);
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t j = 0; j < N; j++) {
            double want = (double)b->data[j];
            for (int64_t k = 0; k < K; k++)
                want += (double)x->data[i * K + k] * (double)w->data[j * K + k];
            ck_assert_double_le(fabs((double)y->data[i * N + j] - want), bound(K, x->data + i * K, w->data + j * K));
        }
    tern_int8_free(packed);
    tern_tape_free(tape);
}
END_TEST

static double gelu(double u)
{
    return u * 0.5 * erfc(-u / sqrt(2));
}

/* GELU as a function of the bias: the weights are zero. */
START_TEST(gelu_is_off_by_at_most_a_ten_thousandth)
{
    enum { N = 4001 };
    const tern_kernel_table *kern = tern_kernels_at(_i);
    if (!kern)
        return;
    static float bias[N], y[N];
    static const float zeros[N];
    uint8_t *a = tern_alloc_aligned(TERN_INT8_ROWS, TERN_INT8_DEPTH);
    memset(a, 1, TERN_INT8_ROWS * TERN_INT8_DEPTH);
    for (int j = 0; j < N; j++)
        bias[j] = (float)(j - N / 2) * 0.01f;
    tern_int8_weights *w = tern_int8_pack(N, 1, zeros);
    kern->int8_affine(1, a, &(float){1}, &(float){0}, w, bias, 1, y);
    for (int j = 0; j < N; j++)
        ck_assert_double_le(fabs((double)y[j] - gelu((double)bias[j])), 1e-4);
    tern_int8_free(w);
    free(a);
}
END_TEST

enum { T = 130, C = 24, F = 100 };

typedef struct random_block {
    tern_int8_block block;
    tern_int8_weights *attention, *up, *down;
    tern_tensor *context, *x;
} random_block;

static random_block make_block(tern_tape *tape)
{
    random_block r = {
        .attention = tern_int8_pack(C, C, random_tensor(tape, C, C, 0.5, 31)->data),
        .up = tern_int8_pack(F, C, random_tensor(tape, F, C, 0.7, 32)->data),
        .down = tern_int8_pack(C, F, random_tensor(tape, C, F, 0.3, 33)->data),
        .context = random_tensor(tape, T, C, 3, 34),
        .x = random_tensor(tape, T, C, 4, 35),
    };
    r.block = (tern_int8_block){
        .attention = r.attention,
        .up = r.up,
        .down = r.down,
        .attention_bias = random_tensor(tape, 1, C, 1, 36),
        .up_bias = random_tensor(tape, 1, F, 1, 37),
        .down_bias = random_tensor(tape, 1, C, 1, 38),
        .attention_gamma = random_tensor(tape, 1, C, 2, 39),
        .attention_beta = random_tensor(tape, 1, C, 1, 40),
        .output_gamma = random_tensor(tape, 1, C, 2, 41),
        .output_beta = random_tensor(tape, 1, C, 1, 42),
        .eps = 1e-12,
    };
    return r;
}

static void free_block(random_block *r)
{
    tern_int8_free(r->attention);
    tern_int8_free(r->up);
    tern_int8_free(r->down);
}

/* The block's formula out of whole operations. */
static const tern_tensor *by_parts(tern_tape *tape, const random_block *r)
{
    const tern_int8_block *b = &r->block;
    tern_tensor *h = tern_int8_linear(tape, r->context, b->attention, b->attention_bias);
    h = tern_layer_norm(tape, h, r->x, (tern_tensor *)b->attention_gamma, (tern_tensor *)b->attention_beta, b->eps,
                        NULL, NULL);
    tern_tensor *u = tern_int8_linear(tape, h, b->up, b->up_bias);
    for (int64_t i = 0; i < T * F; i++)
        u->data[i] = (float)gelu((double)u->data[i]);
    u = tern_int8_linear(tape, u, b->down, b->down_bias);
    return tern_layer_norm(tape, u, h, (tern_tensor *)b->output_gamma, (tern_tensor *)b->output_beta, b->eps, NULL,
                           NULL);
}

/* GELU's 1e-4 may move a value across a rounding to 8 bits. */
START_TEST(block_is_its_parts)
{
    tern_tape *tape = tern_tape_create();
    tern_tape_set_recording(tape, 0);
    random_block r = make_block(tape);
    const tern_tensor *want = by_parts(tape, &r);
    tern_int8_block_forward(tape, &r.block, r.context, r.x);
    for (int64_t i = 0; i < T * C; i++)
        ck_assert_float_eq_tol(r.x->data[i], want->data[i], 0.01f);
    free_block(&r);
    tern_tape_free(tape);
}
END_TEST

START_TEST(rows_do_not_depend_on_the_rows_beside_them)
{
    tern_tape *tape = tern_tape_create();
    tern_tape_set_recording(tape, 0);
    random_block r = make_block(tape);
    tern_tensor *alone = tern_tape_tensor(tape, T, C);
    memcpy(alone->data, r.x->data, T * C * sizeof *alone->data);
    for (int64_t i = 0; i < T; i++)
        tern_int8_block_forward(tape, &r.block, tern_tape_input(tape, r.context->data + i * C, 1, C, 0),
                                tern_tape_input(tape, alone->data + i * C, 1, C, 0));
    tern_int8_block_forward(tape, &r.block, r.context, r.x);
    ck_assert_mem_eq(alone->data, r.x->data, T * C * sizeof *alone->data);
    free_block(&r);
    tern_tape_free(tape);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("int8");
    TCase *tcase = tcase_create("int8");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, sums_are_exact_for_every_number_of_rows, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, sums_are_exact_whatever_the_width_and_depth, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, extremes_neither_saturate_nor_overflow, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, quantising_is_off_by_at_most_half_a_step, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, equal_and_tiny_values_are_a_row_too, 0, TERN_ISAS);
    tcase_add_loop_test(tcase, what_is_not_finite_stays_so, 0, TERN_ISAS);
    tcase_add_test(tcase, linear_is_off_by_what_rounding_allows);
    tcase_add_loop_test(tcase, gelu_is_off_by_at_most_a_ten_thousandth, 0, TERN_ISAS);
    tcase_add_test(tcase, block_is_its_parts);
    tcase_add_test(tcase, rows_do_not_depend_on_the_rows_beside_them);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
