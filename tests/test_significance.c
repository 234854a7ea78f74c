/* eval/significance.c against all sign flips, and tern_scores_compare. */
#include "autograd/gemm.h"
#include "base/hash.h"
#include "eval/scores.h"
#include "eval/significance.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* The p-value over all 2^n flips. */
static double exact(const double *d, int n)
{
    double observed = 0, magnitude = 0;
    for (int i = 0; i < n; i++) {
        observed += d[i];
        magnitude += fabs(d[i]);
    }
    int64_t hits = 0;
    for (int64_t flips = 0; flips < INT64_C(1) << n; flips++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += flips >> i & 1 ? -d[i] : d[i];
        hits += fabs(sum) >= fabs(observed) - 1e-12 * magnitude;
    }
    return (double)hits / (double)(INT64_C(1) << n);
}

static double drawn(const double *d, int n, uint64_t seed)
{
    const double zero[64] = {0};
    return tern_paired_test(zero, d, n, 0, seed);
}

START_TEST(agrees_with_all_sign_flips)
{
    for (uint64_t round = 0; round < 12; round++) {
        double d[13];
        int n = 5 + (int)(round % 9);
        for (int i = 0; i < n; i++)
            d[i] = round % 2 ? tern_random_unit(round, (uint64_t)i, 0, 0) - 0.3
                             : (double)tern_random_below(5, round, (uint64_t)i, 0, 0) / 4 - 0.25;
        double p = exact(d, n), spread = sqrt(p * (1 - p) / TERN_DRAWS_DEFAULT);
        ck_assert_double_eq_tol(drawn(d, n, round), p, 5 * spread + 2.0 / TERN_DRAWS_DEFAULT);
    }
}
END_TEST

START_TEST(equal_pairs_change_nothing)
{
    const double a[] = {1, 0.5, 0.25, 0, 1, 0, 0.5, 1}, b[] = {1, 0.5, 0.5, 1, 1, 0, 1, 0.5};
    const double short_a[] = {0.25, 0, 0.5, 1}, short_b[] = {0.5, 1, 1, 0.5};
    ck_assert_double_eq(tern_paired_test(a, b, 8, 0, 1), tern_paired_test(short_a, short_b, 4, 0, 1));
    ck_assert_double_eq(tern_paired_test(a, a, 8, 0, 1), 1);
    ck_assert_double_eq(tern_paired_test(NULL, NULL, 0, 0, 1), 1);
}
END_TEST

START_TEST(is_two_sided_and_never_zero)
{
    double a[200], b[200];
    for (int i = 0; i < 200; i++) {
        a[i] = 0.25;
        b[i] = 0.75;
    }
    ck_assert_double_eq(tern_paired_test(a, b, 200, 10000, 1), 1.0 / 10001);
    ck_assert_double_eq(tern_paired_test(b, a, 200, 10000, 1), 1.0 / 10001);
    ck_assert_double_eq(tern_paired_test(a, b, 200, 5, 1), 1.0 / 10001); /* too few draws are raised */
    a[7] = NAN;
    ck_assert_double_eq(tern_paired_test(a, b, 200, 10000, 1), 1);
}
END_TEST

START_TEST(the_same_p_on_any_number_of_threads)
{
    double a[70], b[70];
    for (uint64_t i = 0; i < 70; i++) {
        a[i] = tern_random_unit(1, i, 0, 0);
        b[i] = tern_random_unit(2, i, 0, 0) + 0.05;
    }
    tern_threads_start(1, NULL);
    double one = tern_paired_test(a, b, 70, 0, 9);
    tern_threads_start(3, NULL);
    ck_assert_double_eq(tern_paired_test(a, b, 70, 0, 9), one);
    ck_assert_double_ne(tern_paired_test(a, b, 70, 0, 10), one);
    tern_threads_start(0, NULL);
}
END_TEST

static tern_scores scores_of(const char *metric, int64_t n, const char *const *ids, const double *values)
{
    tern_scores scores;
    tern_scores_start(&scores, &metric, 1, n);
    for (int64_t q = 0; q < n; q++) {
        scores.query_ids[q] = strdup(ids[q]);
        scores.per_query[q] = values[q];
    }
    tern_scores_finish(&scores);
    return scores;
}

START_TEST(evaluations_are_paired_by_id_over_the_queries_that_both_have)
{
    tern_scores a = scores_of("x", 3, (const char *const[]){"q1", "q2", "q3"}, (double[]){0.25, 0.5, 1});
    tern_scores b = scores_of("x", 3, (const char *const[]){"q9", "q2", "q1"}, (double[]){0, 1, 0.5});
    tern_scores c = scores_of("x", 1, (const char *const[]){"none"}, (double[]){0});
    tern_comparison found;
    tern_error error = {{0}};
    ck_assert_msg(tern_scores_compare(&a, &b, "x", &found, &error) == 0, "%s", error.message);
    ck_assert_int_eq(found.n, 2);
    ck_assert_double_eq(found.mean_a, 0.375);
    ck_assert_double_eq(found.mean_b, 0.75);
    ck_assert_double_eq(found.difference, 0.375);
    ck_assert_double_eq_tol(found.p_value, 0.5, 0.01);
    ck_assert_int_lt(tern_scores_compare(&a, &c, "x", &found, &error), 0);
    ck_assert_msg(strstr(error.message, "share no query"), "%s", error.message);
    ck_assert_int_lt(tern_scores_compare(&a, &b, "y", &found, &error), 0);
    ck_assert_msg(strstr(error.message, "no metric y"), "%s", error.message);
    tern_scores_free(&a);
    tern_scores_free(&b);
    tern_scores_free(&c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("significance");
    TCase *tc = tcase_create("significance");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, agrees_with_all_sign_flips);
    tcase_add_test(tc, equal_pairs_change_nothing);
    tcase_add_test(tc, is_two_sided_and_never_zero);
    tcase_add_test(tc, the_same_p_on_any_number_of_threads);
    tcase_add_test(tc, evaluations_are_paired_by_id_over_the_queries_that_both_have);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
