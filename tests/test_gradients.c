/* The checks of `tern selftest`, one test each: gradients against differences in double, float against double, kernels
 * against libm. */
#include "selftest/selftest.h"
#include "tests/support.h"

static void refuse(void *context, const tern_selftest_row *row)
{
    ++*(int *)context;
    ck_assert_msg(row->ok, "%s %s: gradient off by %g, float by %g, %g ulp; %s", row->group, row->name,
                  row->gradient_error, row->float_error, row->ulp, row->worst);
}

static void check_group(const char *group, int least)
{
    int ran = 0, reported = 0;
    ck_assert_int_eq(tern_selftest_run(group, &ran, refuse, &reported), 0);
    ck_assert_int_ge(ran, least);
    ck_assert_int_eq(reported, ran);
}

START_TEST(wrong_gradients_are_found)
{
    check_group("check", 1);
}
END_TEST

START_TEST(every_operation_has_the_gradient_of_its_value)
{
    check_group("op", 17);
}
END_TEST

START_TEST(every_loss_has_the_gradient_of_its_value)
{
    check_group("loss", 3);
}
END_TEST

START_TEST(a_whole_model_has_the_gradient_of_its_value)
{
    check_group("model", 1);
}
END_TEST

START_TEST(kernels_are_within_two_ulp)
{
    check_group("kernel", 2);
}
END_TEST

START_TEST(a_name_picks_one_check_and_an_unknown_one_none)
{
    int ran = 0, reported = 0;
    tern_selftest_run("tanh", &ran, refuse, &reported);
    ck_assert_int_eq(ran, 1);
    tern_selftest_run("no_such_check", &ran, refuse, &reported);
    ck_assert_int_eq(ran, 0);
    ck_assert_int_eq(reported, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients");
    TCase *tc = tcase_create("gradients");
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, wrong_gradients_are_found);
    tcase_add_test(tc, every_operation_has_the_gradient_of_its_value);
    tcase_add_test(tc, every_loss_has_the_gradient_of_its_value);
    tcase_add_test(tc, a_whole_model_has_the_gradient_of_its_value);
    tcase_add_test(tc, kernels_are_within_two_ulp);
    tcase_add_test(tc, a_name_picks_one_check_and_an_unknown_one_none);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
