/* Operations in float: the same bits on any number of threads, the fused ones against their plain parts, edges. */
#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "selftest/selftest.h"
#include "tests/support.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static tern_tape *tape;
static float *owned[64];
static int n_owned;

static void set_up(void)
{
    tape = tern_tape_create();
}

static void tear_down(void)
{
    tern_tape_free(tape);
    while (n_owned > 0)
        free(owned[--n_owned]);
}

/* A leaf of values in (-1, 1). */
static tern_tensor *leaf(int64_t rows, int64_t cols)
{
    float *x = tern_alloc((size_t)(rows * cols), sizeof *x);
    for (int64_t i = 0; i < rows * cols; i++)
        x[i] = (float)(2 * tern_random_unit(1, (uint64_t)n_owned, (uint64_t)i, 0) - 1);
    owned[n_owned++] = x;
    return tern_tape_input(tape, x, rows, cols, 1);
}

static tern_tensor *same_as(const tern_tensor *x)
{
    return tern_tape_input(tape, x->data, x->rows, x->cols, 1);
}

/* Largest difference below tolerance times the largest value. */
static void near(const char *what, const float *x, const float *want, size_t n, double tolerance)
{
    double apart = 0, largest = 1e-30;
    for (size_t i = 0; i < n; i++) {
        apart = fmax(apart, fabs((double)x[i] - (double)want[i]));
        largest = fmax(largest, fabs((double)want[i]));
    }
    ck_assert_msg(apart <= tolerance * largest, "%s: apart by %g of %g", what, apart, largest);
}

/* Sums of k products in float differ by about sqrt(k) units; 64 units of 2^-24 hold for all sizes here. */
static const double UNITS = 64 * 0x1p-24;

static double *values_of(int kind, int shape, int threads, size_t n)
{
    int before = omp_get_max_threads();
    double *values = tern_calloc(n, sizeof *values);
    omp_set_num_threads(threads);
    tern_selftest_float_values(kind, shape, values, n);
    omp_set_num_threads(before);
    return values;
}

static void compare_threads(int kind, int shape, const char *name, size_t n)
{
    static const int threads[] = {1, 3, 7};
    double *one = values_of(kind, shape, 1, n);
    for (int i = 0; i < 3; i++) {
        double *many = values_of(kind, shape, threads[i], n);
        ck_assert_msg(memcmp(one, many, n * sizeof *one) == 0, "%s, shape %d: 1 and %d threads differ", name, shape,
                      threads[i]);
        free(many);
    }
    free(one);
}

/* Every op, every loss and the whole model, values and gradients. */
START_TEST(bits_do_not_depend_on_the_number_of_threads)
{
    const char *name;
    tern_selftest_float_count(0, 0, &name);
    int cases = 0;
    for (int kind = 0; name; tern_selftest_float_count(++kind, 0, &name)) {
        size_t n;
        for (int shape = TERN_SELFTEST_LARGE; (n = tern_selftest_float_count(kind, shape, NULL)) > 0 || shape < 0;
             shape++, cases++)
            if (n > 0)
                compare_threads(kind, shape, name, n);
    }
    ck_assert_int_gt(cases, 80);
}
END_TEST

START_TEST(feed_forward_is_linear_gelu_linear)
{
    tern_tensor *in[5] = {leaf(300, 33), leaf(130, 33), leaf(1, 130), leaf(33, 130), leaf(1, 33)}, *plain[5];
    tern_tensor *y = tern_feed_forward(tape, in[0], in[1], in[2], in[3], in[4]);
    for (int i = 0; i < 5; i++)
        plain[i] = same_as(in[i]);
    tern_tensor *h = tern_gelu(tape, tern_linear(tape, plain[0], plain[1], plain[2]));
    tern_tensor *z = tern_linear(tape, h, plain[3], plain[4]);
    near("value", y->data, z->data, tern_tensor_size(y), UNITS);
    tern_tensor *seed = leaf(300, 33);
    tern_tape_seed(tape, y, seed->data);
    tern_tape_seed(tape, z, seed->data);
    tern_tape_backward_seeded(tape);
    for (int i = 0; i < 5; i++)
        near("gradient", tern_tape_grad(tape, in[i]), tern_tape_grad(tape, plain[i]), tern_tensor_size(in[i]), UNITS);
}
END_TEST

/* 8 sequences of 5 tokens. */
static tern_packed eight_by_five(void)
{
    static int64_t offsets[9];
    static int32_t ids[40];
    for (int i = 0; i < 9; i++)
        offsets[i] = 5 * i;
    return (tern_packed){.n_seq = 8, .n_tok = 40, .max_len = 5, .ids = ids, .offsets = offsets};
}

START_TEST(layer_norm_drops_what_dropout_drops)
{
    tern_packed batch = eight_by_five();
    tern_dropout_site site = {.p = 0.3, .seed = 1, .step = 2, .site = 3};
    tern_tensor *x = leaf(40, 67), *gamma = leaf(1, 67), *beta = leaf(1, 67), *copy = same_as(x);
    tern_tensor *y = tern_layer_norm(tape, x, NULL, gamma, beta, 1e-12, &batch, &site);
    tern_tensor *dropped = tern_dropout(tape, copy, &batch, &site);
    tern_tensor *z = tern_layer_norm(tape, dropped, NULL, gamma, beta, 1e-12, &batch, NULL);
    near("value", y->data, z->data, tern_tensor_size(y), UNITS);
    tern_tensor *seed = leaf(40, 67);
    tern_tape_seed(tape, y, seed->data);
    tern_tape_seed(tape, z, seed->data);
    tern_tape_backward_seeded(tape);
    near("gradient", tern_tape_grad(tape, x), tern_tape_grad(tape, copy), tern_tensor_size(x), UNITS);
}
END_TEST

START_TEST(dropout_keeps_its_rate_and_its_sum)
{
    tern_packed batch = eight_by_five();
    tern_dropout_site site = {.p = 0.25, .seed = 9};
    float *ones = tern_alloc(40 * 1000, sizeof *ones);
    for (int i = 0; i < 40000; i++)
        ones[i] = 1;
    owned[n_owned++] = ones;
    tern_tensor *y = tern_dropout(tape, tern_tape_input(tape, ones, 40, 1000, 1), &batch, &site);
    int dropped = 0;
    for (int i = 0; i < 40000; i++) {
        dropped += y->data[i] == 0;
        ck_assert(y->data[i] == 0 || y->data[i] == (float)(1 / 0.75));
    }
    /* Five standard deviations of a binomial distribution. */
    ck_assert_double_eq_tol(dropped / 40000.0, 0.25, 5 * sqrt(0.25 * 0.75 / 40000));
}
END_TEST

START_TEST(dropout_is_that_of_the_place_in_the_logical_batch)
{
    tern_packed whole = eight_by_five(), part = whole;
    const int64_t place = 6, offsets[] = {0, 5};
    tern_dropout_site site = {.p = 0.5, .seed = 9, .step = 4, .site = 2};
    tern_tensor *x = leaf(40, 33), *y = tern_dropout(tape, x, &whole, &site);
    part.n_seq = 1;
    part.n_tok = 5;
    part.offsets = offsets;
    part.places = &place;
    tern_tensor *z = tern_dropout(tape, tern_rows_of(tape, x, 30, 5), &part, &site);
    ck_assert_mem_eq(z->data, y->data + 30 * 33, 5 * 33 * sizeof(float));
    site.p = 0;
    ck_assert_ptr_eq(tern_dropout(tape, x, &whole, &site), x);
}
END_TEST

/* The loss of the fused op, without tiles and in double. */
static double plain_softmax(const tern_tensor *q, const tern_tensor *k, double scale, const uint8_t *masked, int64_t m,
                            int transposed)
{
    double total = 0;
    for (int64_t i = 0; i < q->rows; i++) {
        double sum = 0, target = 0;
        for (int64_t j = 0; j < k->rows; j++) {
            double s = 0;
            for (int64_t d = 0; d < q->cols; d++)
                s += (double)q->data[i * q->cols + d] * (double)k->data[j * q->cols + d];
            if (i == j)
                target = scale * s;
            if (i == j || !masked || !masked[transposed ? j * m + i : i * m + j])
                sum += exp(scale * s);
        }
        total += log(sum) - target;
    }
    return total / (double)q->rows;
}

static uint8_t *random_mask(int64_t n)
{
    uint8_t *masked = tern_alloc((size_t)n, 1);
    for (int64_t i = 0; i < n; i++)
        masked[i] = tern_random_below(3, 5, (uint64_t)i, 0, 0) == 0;
    return masked;
}

/* One direction of it: from a to c, or transposed. */
static tern_tensor *one_way(tern_tensor *a, tern_tensor *c, double scale, const uint8_t *masked, int64_t m,
                            int transposed)
{
    tern_in_batch o = {
        .scale = scale, .directions = transposed ? TERN_C_TO_A : TERN_A_TO_C, .masked = masked, .masked_cols = m};
    return tern_in_batch_softmax(tape, a, c, &o);
}

START_TEST(in_batch_softmax_is_the_plain_sum_over_several_tiles)
{
    enum { N = 260, M = 1100, D = 7 };
    uint8_t *masked = random_mask((int64_t)N * M);
    tern_tensor *a = tern_normalize(tape, leaf(N, D)), *c = tern_normalize(tape, leaf(M, D));
    tern_tensor *p = tern_rows_of(tape, c, 0, N);
    double forward = (double)*one_way(a, c, 20, masked, M, 0)->data;
    double back = (double)*one_way(a, p, 20, masked, M, 1)->data;
    double none = (double)*one_way(a, c, 20, NULL, M, 0)->data;
    ck_assert_double_eq_tol(forward, plain_softmax(a, c, 20, masked, M, 0), 1e-6 * forward);
    ck_assert_double_eq_tol(back, plain_softmax(p, a, 20, masked, M, 1), 1e-6 * back);
    ck_assert_double_eq_tol(none, plain_softmax(a, c, 20, NULL, M, 0), 1e-6 * none);
    free(masked);
}
END_TEST

/* 1 when the bits of the pair in either order, there [i, j] and back [j, i], leave it out in a direction. */
static int leaves_out(unsigned direction, int there, int back)
{
    const int none = TERN_PAIR_NO_NEGATIVE, same = TERN_PAIR_SAME_ANCHOR, repeated = TERN_PAIR_REPEATED;
    switch (direction) {
    case TERN_A_TO_C:
        return (there & (none | repeated)) != 0;
    case TERN_C_TO_A:
        return (back & (none | same)) != 0;
    case TERN_A_TO_A:
        return ((there | back) & (none | same)) != 0;
    default:
        return (there & (none | repeated)) != 0 || (back & none) != 0;
    }
}

START_TEST(each_direction_goes_by_the_masks_that_are_meant_for_it)
{
    enum { N = 5, EACH = 2, M = N * (1 + EACH), D = 6 };
    tern_tensor *a = tern_normalize(tape, leaf(N, D)), *c = tern_normalize(tape, leaf(M, D));
    const unsigned direction[] = {TERN_A_TO_C, TERN_C_TO_A, TERN_A_TO_A, TERN_C_TO_C};
    for (int bit = 1; bit < 8; bit++) {
        uint8_t masked[N * M];
        for (int i = 0; i < N * M; i++)
            masked[i] = tern_random_below(2, 6, (uint64_t)i, (uint64_t)bit, 0) ? (uint8_t)bit : 0;
        double total = 0;
        for (int i = 0; i < N; i++) {
            double sum = 0, target = 0;
            for (int b = 0; b < 4; b++) {
                int from_a = b == 0 || b == 2, to_a = b == 1 || b == 2;
                for (int j = 0; j < (to_a ? N : M); j++) {
                    double s = 0;
                    for (int d = 0; d < D; d++)
                        s += (double)(from_a ? a : c)->data[i * D + d] * (double)(to_a ? a : c)->data[j * D + d];
                    target = b == 0 && i == j ? s : target;
                    int own = b < 2 ? 0 : i == j || (b == 3 && j >= N && (j - N) / EACH == i);
                    int back = j < N ? masked[j * M + i] : 0, there = b == 1 ? 0 : masked[i * M + j];
                    if ((b < 2 && i == j) || (!own && i != j && !leaves_out(direction[b], there, back)))
                        sum += exp(3 * s);
                }
            }
            total += log(sum) - 3 * target;
        }
        tern_in_batch o = {.scale = 3, .directions = 15, .joint = 1, .masked = masked};
        ck_assert_double_eq_tol((double)*tern_in_batch_softmax(tape, a, c, &o)->data, total / N, 1e-5);
    }
}
END_TEST

START_TEST(masked_candidates_get_no_gradient)
{
    enum { N = 3, M = 600, D = 5 };
    uint8_t *masked = calloc(N * M, 1);
    for (int i = 0; i < N; i++)
        for (int j = N; j < M; j += 2)
            masked[i * M + j] = 1;
    tern_tensor *a = leaf(N, D), *c = leaf(M, D);
    tern_tape_backward(tape, one_way(a, c, 2, masked, M, 0));
    const float *dc = tern_tape_grad(tape, c);
    for (int j = N; j < M; j++)
        for (int d = 0; d < D; d++)
            ck_assert((dc[j * D + d] == 0) == ((j - N) % 2 == 0));
    free(masked);
}
END_TEST

START_TEST(in_batch_softmax_survives_scores_that_overflow_exp)
{
    float a[] = {30, 0, 0, 30}, c[] = {30, 0, 0, 30};
    tern_tensor *loss = one_way(tern_tape_input(tape, a, 2, 2, 1), tern_tape_input(tape, c, 2, 2, 1), 20, NULL, 2, 0);
    ck_assert_float_eq(*loss->data, 0);
    a[0] = NAN;
    loss = one_way(tern_tape_input(tape, a, 2, 2, 1), tern_tape_input(tape, c, 2, 2, 1), 20, NULL, 2, 0);
    ck_assert(isnan(*loss->data));
}
END_TEST

START_TEST(a_row_of_zeros_is_normalised_to_zeros)
{
    float data[] = {0, 0, 3, 4}, seed[] = {1, 2, 1, 0};
    tern_tensor *x = tern_tape_input(tape, data, 2, 2, 1), *y = tern_normalize(tape, x);
    ck_assert_float_eq(y->data[0], 0);
    ck_assert_float_eq(y->data[2], 0.6f);
    tern_tape_seed(tape, y, seed);
    tern_tape_backward_seeded(tape);
    const float *dx = tern_tape_grad(tape, x);
    ck_assert_float_eq(dx[1], 2e12f); /* the floor is a constant */
    ck_assert_float_eq_tol(dx[2], 0.128f, 1e-7f);
    ck_assert_float_eq_tol(dx[3], -0.096f, 1e-7f);
}
END_TEST

START_TEST(equal_texts_have_no_gradient_in_the_euclidean_triplet)
{
    float data[] = {1, 2, 3};
    tern_tensor *a = tern_tape_input(tape, data, 1, 3, 1), *p = same_as(a), *n = same_as(a);
    tern_tensor *loss = tern_triplet_margin(tape, a, p, n, TERN_PAIR_EUCLIDEAN, 0.5, NULL);
    ck_assert_float_eq(*loss->data, 0.5f);
    tern_tape_backward(tape, loss);
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(tern_tape_grad(tape, a)[i], 0);
}
END_TEST

START_TEST(triplets_beyond_the_margin_have_no_gradient)
{
    float a[] = {1, 0}, p[] = {1, 0}, n[] = {-1, 0};
    tern_tensor *x = tern_tape_input(tape, n, 1, 2, 1);
    tern_tape_backward(tape,
                       tern_triplet_margin(tape, tern_tape_input(tape, a, 1, 2, 1), tern_tape_input(tape, p, 1, 2, 1),
                                           x, TERN_PAIR_COSINE_DISTANCE, 1, NULL));
    ck_assert_float_eq(tern_tape_grad(tape, x)[1], 0);
}
END_TEST

START_TEST(sums_are_made_in_double)
{
    enum { N = 1 << 20 };
    float *x = tern_alloc(N, sizeof *x);
    for (int i = 0; i < N; i++)
        x[i] = 0.1f;
    owned[n_owned++] = x;
    ck_assert_float_eq(*tern_sum(tape, tern_tape_input(tape, x, 1024, 1024, 0))->data, (float)(N * (double)0.1f));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bits_do_not_depend_on_the_number_of_threads,
        feed_forward_is_linear_gelu_linear,
        layer_norm_drops_what_dropout_drops,
        dropout_keeps_its_rate_and_its_sum,
        dropout_is_that_of_the_place_in_the_logical_batch,
        in_batch_softmax_is_the_plain_sum_over_several_tiles,
        masked_candidates_get_no_gradient,
        each_direction_goes_by_the_masks_that_are_meant_for_it,
        in_batch_softmax_survives_scores_that_overflow_exp,
        a_row_of_zeros_is_normalised_to_zeros,
        equal_texts_have_no_gradient_in_the_euclidean_triplet,
        triplets_beyond_the_margin_have_no_gradient,
        sums_are_made_in_double,
    };
    Suite *suite = suite_create("ops");
    TCase *tc = tcase_create("ops");
    tcase_set_timeout(tc, 240);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
