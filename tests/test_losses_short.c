/* Losses over rows of which some lack negatives, against sums made by hand over those that there are. */
#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/pair_mask.h"
#include "losses/loss.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

enum { N = 5, K = 3, D = 6, WIDTH = N + N * K };

static tern_tape *tape;
static float anchor[N * D], positive[N * D], negative[N * K * D];
static int64_t text[N * (2 + K)];
static uint8_t masked[N * WIDTH];

/* How many negatives each row has; the places behind hold numbers that must not be seen. */
static const int has[N] = {3, 1, 0, 2, 0};

static int lacks(int64_t place)
{
    return place % K >= has[place / K];
}

static void fill(float *x, int64_t n, uint64_t stream)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(2 * tern_random_unit(8, stream, (uint64_t)i, 0) - 1);
}

static void setup(void)
{
    tape = tern_tape_create();
    fill(anchor, N * D, 1);
    fill(positive, N * D, 2);
    fill(negative, N * K * D, 3);
    memset(masked, 0, sizeof masked);
    for (int64_t i = 0; i < N * (2 + K); i++)
        text[i] = i;
    for (int64_t j = 0; j < N * K; j++)
        if (lacks(j)) {
            text[2 * N + j] = -1;
            for (int64_t i = 0; i < N; i++)
                masked[i * WIDTH + N + j] = TERN_PAIR_NO_NEGATIVE;
        }
}

static void teardown(void)
{
    tern_tape_free(tape);
}

static double dot(const float *x, const float *y)
{
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

static double cosine(const float *x, const float *y)
{
    return dot(x, y) / sqrt(dot(x, x) * dot(y, y));
}

static const float *candidate(int64_t j)
{
    return j < N ? positive + j * D : negative + (j - N) * D;
}

/* The loss of the batch by the program; its gradient for the negatives too, which those that lack have none of. */
static double value_of(const tern_loss_options *o)
{
    tern_loss_batch batch = {.n = N, .n_negatives = K, .masked = masked, .text = text};
    batch.anchor = tern_tape_input(tape, anchor, N, D, 1);
    batch.positive = tern_tape_input(tape, positive, N, D, 1);
    batch.negative = tern_tape_input(tape, negative, N * K, D, 1);
    batch.other = (tern_loss_roles){batch.anchor, batch.positive, batch.negative};
    tern_tensor *loss = tern_loss_value(o, tape, &batch);
    double value = (double)*loss->data, there = 0;
    tern_tape_backward(tape, loss);
    const tern_real *grad = tern_tape_grad(tape, batch.negative);
    for (int64_t j = 0; j < N * K; j++)
        for (int64_t d = 0; d < D; d++) {
            ck_assert_msg(!lacks(j) || grad[j * D + d] == 0, "%s: the lacking negative %lld has a gradient", o->name,
                          (long long)j);
            there += fabs((double)grad[j * D + d]);
        }
    ck_assert_msg(there > 0, "%s: no negative has a gradient", o->name);
    return value;
}

START_TEST(in_batch_softmaxes_are_over_the_candidates_that_there_are)
{
    double sum = 0;
    for (int64_t i = 0; i < N; i++) {
        double all = 0;
        for (int64_t j = 0; j < WIDTH; j++)
            if (j < N || !lacks(j - N))
                all += exp(20 * cosine(anchor + i * D, candidate(j)));
        sum += log(all) - 20 * cosine(anchor + i * D, positive + i * D);
    }
    tern_loss_options o = tern_loss_defaults("multiple_negatives_ranking");
    ck_assert_double_eq_tol(value_of(&o), sum / N, 1e-5 * sum);
}
END_TEST

START_TEST(the_hardest_negative_is_one_that_there_is)
{
    double sum = 0;
    for (int64_t i = 0; i < N; i++) {
        double most = -1;
        for (int64_t j = 0; j < WIDTH; j++)
            if (j != i && (j < N || !lacks(j - N)))
                most = fmax(most, cosine(anchor + i * D, candidate(j)));
        sum += fmax(0, 0.8 - cosine(anchor + i * D, positive + i * D)) + fmax(0, most - 0.3);
    }
    tern_loss_options o = tern_loss_defaults("mega_batch_margin");
    ck_assert_double_eq_tol(value_of(&o), sum / N, 1e-5 * sum);
}
END_TEST

static double euclidean(const float *x, const float *y)
{
    return sqrt(fmax(0, dot(x, x) + dot(y, y) - 2 * dot(x, y)));
}

START_TEST(triplets_are_counted_as_many_as_there_are)
{
    double sum = 0;
    int n = 0;
    for (int64_t j = 0; j < N * K; j++) {
        const float *a = anchor + j / K * D, *p = positive + j / K * D;
        if (lacks(j))
            continue;
        sum += fmax(0, euclidean(a, p) - euclidean(a, negative + j * D) + 5);
        n++;
    }
    ck_assert_int_eq(n, 6);
    tern_loss_options o = tern_loss_defaults("triplet");
    ck_assert_double_eq_tol(value_of(&o), sum / n, 1e-5 * sum);
}
END_TEST

START_TEST(without_a_triplet_the_loss_is_nothing_and_teaches_nothing)
{
    for (int64_t j = 0; j < N * K; j++)
        text[2 * N + j] = -1;
    tern_tensor *a = tern_tape_input(tape, anchor, N, D, 1), *p = tern_tape_input(tape, positive, N, D, 1);
    tern_tensor *n = tern_tape_input(tape, negative, N * K, D, 1);
    tern_tensor *loss = tern_triplet_margin(tape, a, p, n, TERN_PAIR_EUCLIDEAN, 5, text + 2 * N);
    ck_assert_double_eq((double)*loss->data, 0);
    tern_tape_backward(tape, loss);
    for (int64_t i = 0; i < N * D; i++)
        ck_assert_double_eq((double)tern_tape_grad(tape, a)[i], 0);
}
END_TEST

/* One column of texts, x [N, D] with step rows between them, those that are there. */
static double column(const float *x, int64_t step, int64_t first)
{
    double mean = 0, square = 0, pairs = 0;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            if (i == j || (first >= 0 && (lacks(i * K + first) || lacks(j * K + first))))
                continue;
            double s = cosine(x + i * step * D, x + j * step * D);
            mean += s;
            square += s * s;
            pairs++;
        }
    if (pairs == 0)
        return 0;
    mean /= pairs;
    return mean * mean + fmax(0, square / pairs - 1.0 / D);
}

START_TEST(spreading_is_over_the_texts_that_there_are)
{
    double sum = column(anchor, 1, -1) + column(positive, 1, -1);
    for (int64_t c = 0; c < K; c++)
        sum += column(negative + c * D, K, c);
    tern_loss_options o = tern_loss_defaults("global_orthogonal");
    ck_assert_double_eq_tol(value_of(&o), sum / (2 + K), 1e-5);
}
END_TEST

/* Where every row lacks the same, it is the loss with fewer negatives, in all directions and under a guide. */
START_TEST(what_all_rows_lack_might_as_well_not_be_asked_for)
{
    const char *const names[] = {"infonce", "guided", "mega_batch_margin"};
    float one[N * D];
    uint8_t none[N * 2 * N] = {0}, most[N * WIDTH] = {0};
    for (int64_t i = 0; i < N; i++) {
        memcpy(one + i * D, negative + i * K * D, sizeof(float[D]));
        for (int64_t j = 0; j < N * K; j++)
            most[i * WIDTH + N + j] = j % K ? TERN_PAIR_NO_NEGATIVE : 0;
    }
    for (int l = 0; l < 3; l++) {
        tern_loss_options o = tern_loss_defaults(names[l]);
        o.directions = TERN_QUERY_TO_DOC | TERN_DOC_TO_QUERY | TERN_QUERY_TO_QUERY | TERN_DOC_TO_DOC;
        o.partition = TERN_JOINT;
        o.hardness = TERN_HARDNESS_ALL;
        o.hardness_strength = 5;
        tern_tensor *a = tern_tape_input(tape, anchor, N, D, 1), *p = tern_tape_input(tape, positive, N, D, 1);
        tern_loss_batch few = {.n = N, .anchor = a, .positive = p, .n_negatives = 1, .masked = none}, many = few;
        few.negative = tern_tape_input(tape, one, N, D, 1);
        few.other = (tern_loss_roles){a, p, few.negative};
        many.negative = tern_tape_input(tape, negative, N * K, D, 1);
        many.other = (tern_loss_roles){a, p, many.negative};
        many.n_negatives = K;
        many.masked = most;
        double left = (double)*tern_loss_value(&o, tape, &few)->data;
        ck_assert_double_eq_tol((double)*tern_loss_value(&o, tape, &many)->data, left, 1e-5 * (1 + left));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("losses_short");
    TCase *tc = tcase_create("losses_short");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, in_batch_softmaxes_are_over_the_candidates_that_there_are);
    tcase_add_test(tc, the_hardest_negative_is_one_that_there_is);
    tcase_add_test(tc, triplets_are_counted_as_many_as_there_are);
    tcase_add_test(tc, without_a_triplet_the_loss_is_nothing_and_teaches_nothing);
    tcase_add_test(tc, spreading_is_over_the_texts_that_there_are);
    tcase_add_test(tc, what_all_rows_lack_might_as_well_not_be_asked_for);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
