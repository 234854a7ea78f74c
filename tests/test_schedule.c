/* Learning rates worked by hand from the formulas of Hugging Face's schedules. */
#include "tests/support.h"

#include "train/schedule.h"

#include <math.h>

static double rate(tern_rate_kind kind, int64_t warmup, int64_t total, int64_t step)
{
    tern_schedule s = {.kind = kind, .peak = 2, .warmup = warmup, .total = total};
    return tern_schedule_rate(&s, step);
}

START_TEST(warm_up_rises_from_zero_to_the_peak)
{
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 4, 20, 0), 0);
    ck_assert_double_eq(rate(TERN_RATE_COSINE, 4, 20, 1), 0.5);
    ck_assert_double_eq(rate(TERN_RATE_CONSTANT, 4, 20, 3), 1.5);
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 4, 20, 4), 2);
}
END_TEST

START_TEST(linear_falls_to_zero_at_the_total)
{
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 4, 20, 12), 1);
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 4, 20, 19), 2.0 / 16);
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 4, 20, 20), 0);
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 4, 20, 25), 0);
}
END_TEST

START_TEST(cosine_is_half_a_wave)
{
    ck_assert_double_eq_tol(rate(TERN_RATE_COSINE, 4, 20, 4), 2, 1e-15);
    ck_assert_double_eq_tol(rate(TERN_RATE_COSINE, 4, 20, 8), 1 + sqrt(0.5), 1e-15);
    ck_assert_double_eq_tol(rate(TERN_RATE_COSINE, 4, 20, 12), 1, 1e-15);
    ck_assert_double_eq_tol(rate(TERN_RATE_COSINE, 4, 20, 20), 0, 1e-15);
}
END_TEST

START_TEST(constant_stays_at_the_peak)
{
    ck_assert_double_eq(rate(TERN_RATE_CONSTANT, 4, 20, 19), 2);
    ck_assert_double_eq(rate(TERN_RATE_CONSTANT, 0, 20, 0), 2);
}
END_TEST

static double stable(int64_t warmup, int64_t decay, int64_t step)
{
    tern_schedule s = {.kind = TERN_RATE_WARMUP_STABLE_DECAY, .peak = 2, .warmup = warmup, .total = 20, .decay = decay};
    return tern_schedule_rate(&s, step);
}

START_TEST(warm_up_stable_decay_falls_over_the_last_steps_only)
{
    ck_assert_double_eq(stable(4, 8, 1), 0.5);
    ck_assert_double_eq(stable(4, 8, 4), 2);
    ck_assert_double_eq(stable(4, 8, 12), 2);
    ck_assert_double_eq(stable(4, 8, 13), 2.0 * 7 / 8);
    ck_assert_double_eq(stable(4, 8, 19), 2.0 / 8);
    ck_assert_double_eq(stable(4, 8, 20), 0);
    ck_assert_double_eq(stable(4, 0, 19), 2);
    ck_assert_double_eq(stable(0, 20, 5), 1.5);
}
END_TEST

START_TEST(warm_up_comes_before_a_decay_that_is_too_long)
{
    ck_assert_double_eq(stable(4, 18, 3), 1.5);
    ck_assert_double_eq(stable(4, 18, 4), 2);
    ck_assert_double_eq(stable(4, 18, 12), 1);
    ck_assert_double_eq(stable(20, 5, 19), 1.9);
}
END_TEST

START_TEST(without_warm_up_the_first_step_has_the_peak)
{
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 0, 10, 0), 2);
    ck_assert_double_eq(rate(TERN_RATE_LINEAR, 0, 1, 0), 2);
}
END_TEST

START_TEST(warm_up_steps_are_a_share_rounded_up_or_a_number)
{
    ck_assert_int_eq(tern_warmup_steps(0.1, 250), 25);
    ck_assert_int_eq(tern_warmup_steps(0.1, 87), 9);
    ck_assert_int_eq(tern_warmup_steps(0, 87), 0);
    ck_assert_int_eq(tern_warmup_steps(30, 87), 30);
    ck_assert_int_eq(tern_warmup_steps(100, 87), 87);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tcase = tcase_create("schedule");
    tcase_add_test(tcase, warm_up_rises_from_zero_to_the_peak);
    tcase_add_test(tcase, linear_falls_to_zero_at_the_total);
    tcase_add_test(tcase, cosine_is_half_a_wave);
    tcase_add_test(tcase, constant_stays_at_the_peak);
    tcase_add_test(tcase, warm_up_stable_decay_falls_over_the_last_steps_only);
    tcase_add_test(tcase, warm_up_comes_before_a_decay_that_is_too_long);
    tcase_add_test(tcase, without_warm_up_the_first_step_has_the_peak);
    tcase_add_test(tcase, warm_up_steps_are_a_share_rounded_up_or_a_number);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
