/* The result of a run in words: the last line says where the model is, or that it is worse than its base. */
#include "tests/support.h"
#include "train/report.h"

#include <string.h>

static tern_progress progress;

/* The report of a run with dev scores (base below 0: no dev). */
static json_t *with_dev(double base, double best)
{
    progress = (tern_progress){.best_score = best, .best_step = 40, .seconds = 2, .tokens = 1000};
    tern_outcome outcome = {.metric = "ndcg_at_10",
                            .model_folder = "runs/faq/model",
                            .steps = 60,
                            .has_dev = base >= 0,
                            .dev_base = base,
                            .progress = &progress};
    return tern_report_json(&outcome);
}

static void expect_last_line(json_t *result, const char *wanted)
{
    char *text = tern_report_text(result);
    size_t n = strlen(text);
    ck_assert_uint_gt(n, 1);
    ck_assert_int_eq(text[n - 1], '\n');
    text[n - 1] = 0;
    const char *last = strrchr(text, '\n');
    ck_assert_str_eq(last ? last + 1 : text, wanted);
    free(text);
    json_decref(result);
}

START_TEST(a_model_below_its_base_on_dev_is_said_in_the_last_line)
{
    json_t *result = with_dev(0.82, 0.81);
    ck_assert(json_is_true(json_object_get(result, "worse_than_base")));
    expect_last_line(result, "The model in runs/faq/model is worse than its base on dev: ndcg_at_10 0.81000 against "
                             "0.82000; keep the base, or lower train.learning_rate");
}
END_TEST

START_TEST(warnings_are_kept_in_the_result)
{
    json_t *warnings = json_pack("[s, s]", "one", "two"), *none = with_dev(-1, 0);
    tern_outcome outcome = {.metric = "m", .model_folder = "x", .progress = &progress, .warnings = warnings};
    json_t *result = tern_report_json(&outcome), *kept = json_object_get(result, "warnings");
    ck_assert_uint_eq(json_array_size(kept), 2);
    ck_assert_str_eq(json_string_value(json_array_get(kept, 1)), "two");
    char *text = tern_report_text(result);
    ck_assert_ptr_nonnull(strstr(text, "2 warnings, listed in result.json\n"));
    free(text);
    ck_assert_ptr_null(json_object_get(none, "warnings"));
    json_decref(none);
    json_decref(result);
    json_decref(warnings);
}
END_TEST

START_TEST(a_better_or_equal_model_is_said_to_be_there)
{
    for (int equal = 0; equal < 2; equal++) {
        json_t *result = with_dev(0.8, equal ? 0.8 : 0.81);
        ck_assert(json_is_false(json_object_get(result, "worse_than_base")));
        expect_last_line(result, "The model is in runs/faq/model");
    }
}
END_TEST

START_TEST(without_scores_nothing_is_claimed)
{
    json_t *result = with_dev(-1, 0);
    ck_assert_ptr_null(json_object_get(result, "worse_than_base"));
    expect_last_line(result, "The model is in runs/faq/model");
}
END_TEST

#define RESULT                                                                                                         \
    "{\"base\":{\"mrr_at_10\":0.5},\"tuned\":{\"mrr_at_10\":0.25},\"p_value\":0.01,\"metric\":\"mrr_at_10\",%s"        \
    "\"steps\":3,\"seconds\":1,\"tokens_per_second\":9,\"peak_memory_mb\":7,\"model\":\"m\"}"

/* Test's scores decide where there is no dev, and not where there is. */
START_TEST(without_dev_the_test_set_decides)
{
    const char *path = tern_test_path("result.json");
    const char *dev[] = {"", "\"dev\":{\"base\":0.1,\"best\":0.2,\"step\":3},"};
    const char *wanted[] = {
        "The model in m is worse than its base on test: mrr_at_10 0.25000 against 0.50000; keep the "
        "base, or lower train.learning_rate",
        "The model is in m"};
    for (int i = 0; i < 2; i++) {
        char whole[512];
        tern_error error = {{0}};
        int n = snprintf(whole, sizeof whole, RESULT, dev[i]);
        tern_test_put_file(path, whole, (size_t)n);
        json_t *result = tern_report_read(path, &error);
        ck_assert_msg(result != NULL, "%s", error.message);
        expect_last_line(result, wanted[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("report");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_model_below_its_base_on_dev_is_said_in_the_last_line);
    tcase_add_test(tc, warnings_are_kept_in_the_result);
    tcase_add_test(tc, a_better_or_equal_model_is_said_to_be_there);
    tcase_add_test(tc, without_scores_nothing_is_claimed);
    tcase_add_test(tc, without_dev_the_test_set_decides);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
