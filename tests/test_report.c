/* The result of a run in words: the last line says where the model is, or that it is worse than its base. */
#include "tests/support.h"
#include "train/report.h"

#include <math.h>
#include <string.h>

static tern_progress progress;

/* The report of a run with dev scores (base below 0: no dev). */
static json_t *with_dev(double base, double best)
{
    progress = (tern_progress){.best_score = best, .best_step = 40, .seconds = 2, .tokens = 1000};
    tern_outcome outcome = {.metric = "ndcg_at_10",
                            .model_folder = "runs/faq/model",
                            .steps = 60,
                            .dev_base = base < 0 ? NAN : base,
                            .dev_as_trained = NAN,
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

/* The whole text; names: what must be in it. */
static void expect_text(json_t *result, const char *const *names)
{
    char *text = tern_report_text(result);
    for (; *names; names++)
        ck_assert_msg(strstr(text, *names), "no \"%s\" in: %s", *names, text);
    free(text);
    json_decref(result);
}

static tern_scores one_score(double value)
{
    tern_scores scores;
    tern_scores_start(&scores, (const char *const[]){"ndcg_at_10"}, 1, 1);
    scores.per_query[0] = value;
    tern_scores_finish(&scores);
    return scores;
}

/* worse_than_base looks at the base as everybody uses it, whatever the base as trained scores. */
START_TEST(the_base_as_trained_is_a_second_row)
{
    progress = (tern_progress){.best_score = 0.5, .best_step = 40};
    tern_scores base = one_score(0.7), trained = one_score(0.39);
    tern_outcome outcome = {.metric = "ndcg_at_10",
                            .model_folder = "m",
                            .base = &base,
                            .as_trained = &trained,
                            .tuned = one_score(0.6),
                            .test = {.p_value = 0.25},
                            .test_as_trained = {.p_value = 1e-5},
                            .dev_base = NAN,
                            .dev_as_trained = NAN,
                            .texts = 1000,
                            .cut_texts = 690,
                            .max_seq_length = 16,
                            .progress = &progress};
    json_t *result = tern_report_json(&outcome);
    ck_assert(json_is_true(json_object_get(result, "worse_than_base")));
    ck_assert(json_is_true(json_object_get(result, "measured")));
    ck_assert_double_eq(json_number_value(json_object_get(json_object_get(result, "base_as_trained"), "ndcg_at_10")),
                        0.39);
    ck_assert_double_eq(json_number_value(json_object_get(result, "p_value_as_trained")), 1e-5);
    static const char *const wanted[] = {"ndcg_at_10          0.70000   0.60000    -0.10000   p = 0.25\n"
                                         "  base as trained   0.39000   0.60000    +0.21000   p = 1e-05\n",
                                         "690 of 1000 training texts (69 %) were cut at 16 tokens\n",
                                         "worse than its base on test: ndcg_at_10 0.60000 against 0.70000", NULL};
    expect_text(result, wanted);
    tern_scores_free(&base);
    tern_scores_free(&trained);
    tern_scores_free(&outcome.tuned);
}
END_TEST

START_TEST(a_run_that_measured_nothing_says_how_to)
{
    progress = (tern_progress){0};
    tern_outcome outcome = {.metric = "ndcg_at_10", .model_folder = "m", .base_model = "b", .progress = &progress};
    outcome.dev_base = outcome.dev_as_trained = NAN;
    static const char *const wanted[][2] = {
        {"Nothing was measured: give held-out rows as data.dev (to choose the best checkpoint) and data.test; compare "
         "tern eval b DATA with tern eval m DATA\n"},
        {"Nothing was measured: with --no-eval neither data.dev nor data.test is read; compare tern eval b"},
        {"tern eval m DATA scores the model\n"}};
    for (int i = 0; i < 3; i++) {
        outcome.no_eval = i > 0;
        outcome.base_model = i < 2 ? "b" : NULL;
        json_t *result = tern_report_json(&outcome);
        ck_assert(json_is_false(json_object_get(result, "measured")));
        expect_text(result, wanted[i]);
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

START_TEST(steps_that_taught_nothing_are_said_in_the_last_line_with_the_reasons)
{
    json_t *none = with_dev(-1, 0);
    ck_assert_int_eq(json_integer_value(json_object_get(none, "idle_steps")), 0);
    ck_assert(json_is_integer(json_object_get(none, "idle_steps")));
    ck_assert_uint_eq(json_object_size(json_object_get(none, "idle_reasons")), 0);
    json_decref(none);
    progress = (tern_progress){.best_score = 0.3, .best_step = 40, .seconds = 2};
    progress.idle[TERN_IDLE_ONE_ROW] = 12;
    progress.idle[TERN_IDLE_ALL_MASKED] = 3;
    tern_outcome outcome = {.metric = "ndcg_at_10", .model_folder = "m", .steps = 60, .progress = &progress};
    outcome.dev_as_trained = NAN;
    for (int worse = 0; worse < 2; worse++) {
        outcome.dev_base = worse ? 0.4 : NAN;
        json_t *result = tern_report_json(&outcome);
        ck_assert_int_eq(json_integer_value(json_object_get(result, "idle_steps")), 15);
        const json_t *reasons = json_object_get(result, "idle_reasons");
        ck_assert_uint_eq(json_object_size(reasons), 2);
        ck_assert_int_eq(json_integer_value(json_object_get(reasons, "one_row")), 12);
        ck_assert_int_eq(json_integer_value(json_object_get(reasons, "all_masked")), 3);
        expect_last_line(result,
                         worse ? "The model in m is worse than its base on dev: ndcg_at_10 0.30000 against 0.40000; "
                                 "keep the base, or lower train.learning_rate; 15 of 60 steps taught nothing: a batch "
                                 "of one row (12), every candidate masked (3)"
                               : "The model is in m; 15 of 60 steps taught nothing: a batch of one row (12), every "
                                 "candidate masked (3)");
    }
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

static json_t *parse(const char *text, tern_error *error)
{
    return tern_report_parse(text, strlen(text), "result.json", error);
}

START_TEST(a_key_of_another_type_or_range_is_refused)
{
    static const char *const wrong[] = {
        "\"base\":[],\"tuned\":{}",
        "\"base\":{\"m\":0.5}",
        "\"tuned\":{\"m\":0.5}",
        "\"base\":{\"m\":\"0.5\"},\"tuned\":{\"m\":0.5}",
        "\"p_value\":0.5",
        "\"base\":{},\"tuned\":{},\"p_value\":1.5",
        "\"base\":{},\"tuned\":{},\"p_value_as_trained\":0.5",
        "\"dev\":7",
        "\"dev\":{\"base\":0.5,\"best\":0.6}",
        "\"dev\":{\"base\":0.5,\"best\":0.6,\"step\":-1}",
        "\"measured\":0",
        "\"no_eval\":false",
        "\"training_texts\":{\"texts\":1,\"cut\":2,\"max_seq_length\":8}",
        "\"steps\":1.5",
        "\"steps\":-1",
        "\"idle_reasons\":{}",
        "\"idle_steps\":1,\"idle_reasons\":{\"one_row\":-1}",
        "\"seconds\":-0.5",
        "\"peak_memory_mb\":\"7\"",
        "\"judgements_missing\":null",
        "\"warnings\":[1]",
        "\"warnings\":\"one\"",
        "\"base_model\":{}",
    };
    tern_error error = {{0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[256];
        snprintf(text, sizeof text, "{\"metric\":\"m\",\"model\":\"x\",%s}", wrong[i]);
        ck_assert_msg(!parse(text, &error), "%s", text);
        ck_assert_str_eq(error.message, "result.json: is not what tern writes; remove it and run the command again");
    }
    ck_assert_ptr_null(parse("[]", &error));
    ck_assert_ptr_null(parse("{\"metric\":\"m\"}", &error));
}
END_TEST

START_TEST(what_a_run_makes_is_read_back)
{
    tern_error error = {{0}};
    for (int with = 0; with < 2; with++) {
        json_t *result = with_dev(with ? 0.5 : -1, 0.6);
        char *text = json_dumps(result, JSON_COMPACT);
        json_t *again = parse(text, &error);
        ck_assert_msg(json_equal(result, again), "%s: %s", text, error.message);
        json_decref(again);
        json_decref(result);
        free(text);
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
    tcase_add_test(tc, the_base_as_trained_is_a_second_row);
    tcase_add_test(tc, a_run_that_measured_nothing_says_how_to);
    tcase_add_test(tc, steps_that_taught_nothing_are_said_in_the_last_line_with_the_reasons);
    tcase_add_test(tc, without_dev_the_test_set_decides);
    tcase_add_test(tc, a_key_of_another_type_or_range_is_refused);
    tcase_add_test(tc, what_a_run_makes_is_read_back);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
