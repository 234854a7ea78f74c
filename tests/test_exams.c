/* train/exams.c on files of rows: which metric makes pairs with scores of them, and what is refused. */
#include "base/memory.h"
#include "checkpoints/model.h"
#include "recipes/recipe.h"
#include "support.h"
#include "train/exams.h"

#include <math.h>
#include <string.h>

#define STS "anchor\tpositive\tgold\nthe dog\tthe dog\t5\na cat\tthe dog\t1\nthe cat\ta cat\t4\n"

static void put(const char *name, const char *text)
{
    remove(tern_test_path(name));
    tern_test_put_file(tern_test_path(name), text, strlen(text));
}

/* A recipe whose dev set is as given; it stands beside the files that put writes. */
static tern_recipe *recipe_with(const char *dev, const char *more)
{
    tern_error error = {{0}};
    char *text = tern_format("model: some/model\nloss: triplet\ndata:\n  train: {file: train.jsonl}\n  dev: {%s}\n%s"
                             "output: {dir: out}\n",
                             dev, more);
    tern_recipe *recipe = tern_recipe_parse(text, strlen(text), tern_test_path("recipe.yaml"), NULL, 0, &error);
    ck_assert_msg(recipe, "%s", error.message);
    free(text);
    return recipe;
}

static void refused(const char *dev, const char *more, const char *what)
{
    tern_error error = {{0}};
    tern_exams exams;
    tern_recipe *recipe = recipe_with(dev, more);
    ck_assert_int_lt(tern_exams_open(&exams, recipe, &error), 0);
    ck_assert_msg(strstr(error.message, "recipe.yaml:") && strstr(error.message, what), "%s", error.message);
    tern_exams_close(&exams);
    tern_recipe_free(recipe);
}

static tern_model *tiny(void)
{
    tern_error error = {{0}};
    tern_model *model = tern_model_load("tests/goldens/tiny", &error);
    ck_assert_msg(model, "%s", error.message);
    return model;
}

START_TEST(pairs_with_scores_are_scored_by_correlation)
{
    put("sts.tsv", STS);
    tern_recipe *recipe = recipe_with("file: sts.tsv, score: gold, score_range: [0, 5]", "");
    ck_assert_str_eq(recipe->eval.metric, "cosine_spearman");
    tern_exams exams;
    tern_error error = {{0}};
    ck_assert_msg(tern_exams_open(&exams, recipe, &error) == 0, "%s", error.message);
    ck_assert_int_eq(tern_exams_has(&exams, TERN_EXAM_DEV), 1);
    ck_assert_int_eq(tern_exams_has(&exams, TERN_EXAM_TEST), 0);
    tern_model *model = tiny();
    tern_train_watch watch = {0};
    tern_scores one, both[TERN_EXAMS] = {{0}};
    ck_assert_msg(tern_exams_score(&exams, TERN_EXAM_DEV, model, "dev", &watch, &one, &error) == 0, "%s",
                  error.message);
    ck_assert_int_eq(one.n_queries, 3);
    ck_assert_double_eq(one.per_query[tern_scores_column(&one, "score")], 1); /* 5 of 0 to 5 */
    ck_assert_double_eq(one.per_query[tern_scores_column(&one, "cosine_similarity")], 1);
    ck_assert(fabs(tern_scores_get(&one, "cosine_spearman")) <= 1);
    const int want[] = {1, 0};
    ck_assert_int_eq(tern_exams_score_both(&exams, want, model, "base", &watch, both, &error), 0);
    ck_assert_mem_eq(one.per_query, both[0].per_query, 15 * sizeof(double));
    tern_scores_free(&one);
    tern_scores_free(&both[0]);
    tern_model_free(model);
    tern_exams_close(&exams);
    tern_recipe_free(recipe);
}
END_TEST

START_TEST(the_metric_decides_between_scores_and_triplets)
{
    put("rows.jsonl", "{\"anchor\": \"a dog\", \"positive\": \"the dog\", \"negative\": \"a cat\", \"score\": 1}\n"
                      "{\"anchor\": \"a cat\", \"positive\": \"the dog\", \"negative\": \"a cat\", \"score\": 0}\n");
    static const char *const metrics[] = {"triplet_accuracy", "cosine_pearson"};
    uint64_t fingerprint[2];
    for (int i = 0; i < 2; i++) {
        char *more = tern_format("eval: {metric: %s}\n", metrics[i]);
        tern_recipe *recipe = recipe_with("file: rows.jsonl", more);
        tern_exams exams;
        tern_error error = {{0}};
        ck_assert_msg(tern_exams_open(&exams, recipe, &error) == 0, "%s", error.message);
        tern_model *model = tiny();
        tern_scores scores;
        ck_assert_int_eq(tern_exams_score(&exams, TERN_EXAM_DEV, model, "dev", &(tern_train_watch){0}, &scores, &error),
                         0);
        ck_assert(!isnan(tern_scores_get(&scores, metrics[i])));
        ck_assert(isnan(tern_scores_get(&scores, metrics[!i])));
        fingerprint[i] = tern_exams_fingerprint(&exams, TERN_EXAM_DEV);
        tern_scores_free(&scores);
        tern_model_free(model);
        tern_exams_close(&exams);
        tern_recipe_free(recipe);
        free(more);
    }
    ck_assert(fingerprint[0] != fingerprint[1]);
}
END_TEST

START_TEST(rows_without_what_the_metric_needs_are_refused)
{
    put("sts.tsv", STS);
    put("flat.tsv", "anchor\tpositive\tscore\na\tb\t1\nc\td\t1\n");
    static const char sts[] = "eval: {metric: cosine_spearman}\n";
    refused("file: sts.tsv", sts, "sts.tsv: cosine_spearman: similarity needs rows with");
    refused("file: flat.tsv, score: score", "", "every row has the score 1");
    refused("file: flat.tsv", "", "triplet_accuracy needs rows with anchor, positive and negative");
    refused("file: sts.tsv, score: gold, score_range: [0, 4]", "", "sts.tsv:2");
    refused("file: sts.tsv, score: golf", "", "did you mean \"gold\"?");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exams");
    TCase *tc = tcase_create("exams");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, pairs_with_scores_are_scored_by_correlation);
    tcase_add_test(tc, the_metric_decides_between_scores_and_triplets);
    tcase_add_test(tc, rows_without_what_the_metric_needs_are_refused);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
