/* eval/similarity.c, eval/correlation.c and the comparison of correlations, against scipy and sentence-transformers
 * (goldens/make_similarity_goldens.py) and by hand. */
#include "autograd/gemm.h"
#include "base/hash.h"
#include "base/memory.h"
#include "eval/correlation.h"
#include "eval/metrics.h"
#include "eval/scores.h"
#include "eval/significance.h"
#include "eval/similarity.h"
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* Sums of a few hundred terms in double. */
static const double tolerance = 1e-12;

static json_t *golden(const char *part)
{
    json_t *all = json_load_file("tests/goldens/similarity.json", 0, NULL);
    ck_assert_ptr_nonnull(all);
    json_t *list = json_incref(json_object_get(all, part));
    ck_assert_uint_ge(json_array_size(list), 4);
    json_decref(all);
    return list;
}

static double *numbers(const json_t *object, const char *key, int64_t *n)
{
    const json_t *list = json_object_get(object, key), *item;
    size_t i;
    double *out = tern_alloc(json_array_size(list), sizeof *out);
    json_array_foreach(list, i, item) out[i] = json_number_value(item);
    *n = (int64_t)json_array_size(list);
    return out;
}

static float *vectors(const json_t *object, const char *key, int64_t *dim)
{
    const json_t *list = json_object_get(object, key), *row, *item;
    size_t i, j, width = json_array_size(json_array_get(list, 0));
    float *out = tern_alloc(json_array_size(list) * width, sizeof *out);
    json_array_foreach(list, i, row) json_array_foreach(row, j, item) out[i * width + j] =
        (float)json_number_value(item);
    *dim = (int64_t)width;
    return out;
}

static const char *const columns[] = {"score", "cosine_similarity", "euclidean_similarity", "manhattan_similarity",
                                      "dot_similarity"};

static tern_scores scores_of(const double *score, const double *similarities, int64_t n)
{
    tern_scores scores;
    tern_scores_start(&scores, columns, 5, n);
    for (int64_t i = 0; i < n; i++) {
        scores.query_ids[i] = tern_format("%lld", (long long)i + 1);
        scores.per_query[5 * i] = score[i];
        memcpy(scores.per_query + 5 * i + 1, similarities + 4 * i, 4 * sizeof *similarities);
    }
    tern_scores_finish(&scores);
    return scores;
}

static void check_case(const json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "name")), *metric;
    int64_t n, ranked, dim;
    double *score = numbers(c, "scores", &n), *ranks = numbers(c, "score_ranks", &ranked);
    float *a = vectors(c, "first", &dim), *b = vectors(c, "second", &dim);
    double *similarities = tern_alloc((size_t)n * TERN_SIMILARITIES, sizeof *similarities);
    tern_similarities(a, b, n, dim, similarities);
    tern_scores scores = scores_of(score, similarities, n);
    json_t *want;
    json_object_foreach(json_object_get(c, "expected"), metric, want)
    {
        ck_assert_msg(tern_metric_family_of(metric) == TERN_METRIC_SIMILARITY, "%s", metric);
        ck_assert_msg(fabs(tern_scores_get(&scores, metric) - json_number_value(want)) <= tolerance,
                      "%s: %s is %.17g, not %.17g", name, metric, tern_scores_get(&scores, metric),
                      json_number_value(want));
    }
    double *found = tern_alloc((size_t)n, sizeof *found);
    tern_ranks(score, n, found);
    ck_assert_mem_eq(found, ranks, (size_t)n * sizeof *ranks);
    free(found);
    tern_scores_free(&scores);
    free(similarities);
    free(a);
    free(b);
    free(score);
    free(ranks);
}

static void check_all(const char *key, void (*check)(const json_t *c))
{
    json_t *list = golden(key), *c;
    size_t i;
    json_array_foreach(list, i, c) check(c);
    json_decref(list);
}

START_TEST(correlations_are_those_of_sentence_transformers)
{
    check_all("cases", check_case);
}
END_TEST

/* A file's worth of one similarity. */
static tern_scores cosines(const double *score, const double *cosine, int64_t n)
{
    double *similarities = tern_calloc((size_t)n * TERN_SIMILARITIES, sizeof *similarities);
    for (int64_t i = 0; i < n; i++)
        similarities[TERN_SIMILARITIES * i] = cosine[i];
    tern_scores scores = scores_of(score, similarities, n);
    free(similarities);
    return scores;
}

static void check_exchange(const json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "name"));
    double want = json_real_value(json_object_get(c, "p_value")), spread = sqrt(want * (1 - want) / TERN_DRAWS_DEFAULT);
    int64_t n;
    double *a = numbers(c, "a", &n), *b = numbers(c, "b", &n), *score = numbers(c, "scores", &n);
    tern_scores first = cosines(score, a, n), second = cosines(score, b, n);
    tern_comparison found;
    tern_error error = {{0}};
    ck_assert_msg(tern_scores_compare(&first, &second, "cosine_spearman", &found, &error) == 0, "%s", error.message);
    ck_assert_int_eq(found.n, n);
    ck_assert_double_eq_tol(found.mean_a, json_real_value(json_object_get(c, "spearman_a")), tolerance);
    ck_assert_double_eq_tol(found.mean_b, json_real_value(json_object_get(c, "spearman_b")), tolerance);
    ck_assert_double_eq_tol(found.difference, found.mean_b - found.mean_a, tolerance);
    ck_assert_msg(fabs(found.p_value - want) <= 5 * spread + 2.0 / TERN_DRAWS_DEFAULT, "%s: p is %g, not %g", name,
                  found.p_value, want);
    tern_scores_free(&first);
    tern_scores_free(&second);
    free(a);
    free(b);
    free(score);
}

START_TEST(p_values_are_those_of_all_exchanges)
{
    check_all("exchanges", check_exchange);
}
END_TEST

START_TEST(the_scale_of_a_model_does_not_change_its_p_value)
{
    double score[30], a[30], b[30], wide[30];
    for (uint64_t i = 0; i < 30; i++) {
        score[i] = tern_random_unit(1, i, 0, 0);
        a[i] = score[i] + tern_random_unit(2, i, 0, 0);
        b[i] = score[i] + tern_random_unit(3, i, 0, 0) / 2;
        wide[i] = 8 * b[i] + 4;
    }
    tern_scores first = cosines(score, a, 30), second = cosines(score, b, 30), third = cosines(score, wide, 30);
    static const char *const metrics[] = {"cosine_spearman", "cosine_pearson"};
    for (int m = 0; m < 2; m++) {
        tern_comparison x, y, back;
        ck_assert_int_eq(tern_scores_compare(&first, &second, metrics[m], &x, NULL), 0);
        ck_assert_int_eq(tern_scores_compare(&first, &third, metrics[m], &y, NULL), 0);
        ck_assert_int_eq(tern_scores_compare(&second, &first, metrics[m], &back, NULL), 0);
        ck_assert_double_gt(x.difference, 0);
        ck_assert_double_eq(x.p_value, y.p_value);
        ck_assert_double_eq(x.p_value, back.p_value);
    }
    tern_scores_free(&first);
    tern_scores_free(&second);
    tern_scores_free(&third);
}
END_TEST

START_TEST(equal_models_odd_values_and_threads)
{
    double a[70], b[70], score[70];
    for (uint64_t i = 0; i < 70; i++) {
        score[i] = (double)tern_random_below(5, 1, i, 0, 0);
        a[i] = tern_random_unit(2, i, 0, 0) + score[i];
        b[i] = tern_random_unit(3, i, 0, 0) + score[i] / 2;
    }
    ck_assert_double_eq(tern_correlation_test(a, a, score, 70, 10000, 1), 1);
    ck_assert_double_eq(tern_correlation_test(NULL, NULL, NULL, 0, 10000, 1), 1);
    tern_threads_start(1, NULL);
    double one = tern_correlation_test(a, b, score, 70, 10000, 9);
    tern_threads_start(3, NULL);
    ck_assert_double_eq(tern_correlation_test(a, b, score, 70, 10000, 9), one);
    ck_assert_double_eq(tern_correlation_test(a, b, score, 70, 5, 9), one); /* too few draws are raised */
    ck_assert_double_ne(tern_correlation_test(a, b, score, 70, 10000, 10), one);
    tern_threads_start(0, NULL);
    a[7] = NAN;
    ck_assert_double_eq(tern_correlation_test(a, b, score, 70, 10000, 9), 1);
}
END_TEST

START_TEST(ties_share_a_rank_and_constants_correlate_with_nothing)
{
    const double x[] = {3, 1, 3, 2, 3}, up[] = {1, 2, 3, 4, 5}, flat[] = {0.1, 0.1, 0.1, 0.1, 0.1};
    const double squares[] = {1, 4, 9, 16, 25};
    double ranks[5];
    tern_ranks(x, 5, ranks);
    ck_assert_mem_eq(ranks, ((double[]){4, 1, 4, 2, 4}), sizeof ranks);
    ck_assert_double_eq(tern_spearman(squares, up, 5), 1);
    ck_assert_double_lt(tern_pearson(squares, up, 5), 1);
    ck_assert_double_eq(tern_pearson(up, up, 5), 1);
    const double huge[] = {-1e308, -0.5e308, 0, 0.5e308, 1e308}, tiny[] = {-2e-320, -1e-320, 0, 1e-320, 2e-320};
    ck_assert_double_eq_tol(tern_pearson(huge, up, 5), 1, tolerance);
    ck_assert_double_eq_tol(tern_pearson(tiny, huge, 5), 1, tolerance);
    ck_assert_double_eq(tern_spearman(flat, up, 5), 0);
    ck_assert_double_eq(tern_pearson(up, flat, 5), 0);
    ck_assert_double_eq(tern_pearson(NULL, NULL, 0), 0);
    ck_assert_double_eq(tern_pearson(up, up, 1), 0);
    tern_standardise(flat, 5, ranks);
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq(ranks[i], 0);
}
END_TEST

START_TEST(similarities_worked_by_hand)
{
    const float a[] = {3, 4, 0.1F, 0.7F, 0, 0}, b[] = {4, 3, 0.1F, 0.7F, 1, 2};
    double out[3 * TERN_SIMILARITIES];
    tern_similarities(a, b, 3, 2, out);
    ck_assert_double_eq_tol(out[TERN_SIMILARITY_COSINE], 24.0 / 25, tolerance);
    ck_assert_double_eq_tol(out[TERN_SIMILARITY_EUCLIDEAN], -sqrt(2), tolerance);
    ck_assert_double_eq_tol(out[TERN_SIMILARITY_MANHATTAN], -2, tolerance);
    ck_assert_double_eq_tol(out[TERN_SIMILARITY_DOT], 24, tolerance);
    ck_assert_double_eq(out[TERN_SIMILARITIES + TERN_SIMILARITY_COSINE], 1); /* exactly, for equal vectors */
    ck_assert_double_eq(out[2 * TERN_SIMILARITIES + TERN_SIMILARITY_COSINE], 0);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ rows */

enum { DIM = 3 };

/* What the embedder was asked for. */
typedef struct calls {
    int64_t texts;
    tern_role role;
} calls;

/* "1 0 2": those numbers; "nan" is one. */
static int embed(void *context, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    calls *seen = context;
    (void)error;
    seen->texts += n;
    seen->role = role;
    for (int64_t i = 0; i < n; i++) {
        char *at = (char *)texts[i];
        for (int j = 0; j < DIM; j++)
            out[i * DIM + j] = strtof(at, &at);
    }
    return 0;
}

/* Rows of a file with the given text, evaluated; 0 or the failure. */
static int evaluate(const char *name, const char *text, calls *seen, tern_scores *scores, tern_error *error)
{
    const char *path = tern_test_path(name);
    remove(path);
    tern_test_put_file(path, text, strlen(text));
    tern_texts *texts = tern_texts_create();
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = path}, texts, error);
    ck_assert_msg(rows, "%s", error->message);
    int status = tern_similarity_evaluate(rows, &(tern_embedder){"numbers", DIM, TERN_SIMILARITY_COSINE, embed, seen},
                                          scores, error);
    tern_rows_free(rows);
    tern_texts_free(texts);
    return status;
}

START_TEST(files_of_pairs_give_a_similarity_a_row)
{
    static const char text[] = "anchor\tpositive\tscore\n"
                               "1 0 0\t2 0 0\t5\n"
                               "1 0 0\t1 1 0\t2.5\n"
                               "0 3 0\t0 0 1\t-1e1\n"
                               "0 0 1\t0 0 1\t5.0\n";
    calls seen = {0};
    tern_scores scores;
    tern_error error = {{0}};
    ck_assert_msg(evaluate("pairs.tsv", text, &seen, &scores, &error) == 0, "%s", error.message);
    ck_assert_int_eq(seen.texts, 5); /* each text once, though two stand on both sides */
    ck_assert_int_eq(seen.role, TERN_ROLE_NONE);
    ck_assert_int_eq(scores.n_queries, 4);
    ck_assert_str_eq(scores.query_ids[3], "4");
    ck_assert_double_eq(scores.per_query[1], 1);
    ck_assert_double_eq(scores.per_query[2], -1); /* vectors are as the model gives them */
    ck_assert_double_eq(scores.per_query[15], 5);
    ck_assert_double_eq(scores.per_query[16], 1);
    ck_assert_double_eq(tern_scores_get(&scores, "cosine_spearman"), 1);
    ck_assert(isnan(tern_scores_get(&scores, "score")));
    ck_assert_int_eq(scores.n_metrics, 8);

    tern_scores back;
    const char *path = tern_test_path("pairs.csv");
    ck_assert_msg(tern_scores_write(&scores, path, 1, &error) == 0, "%s", error.message);
    ck_assert_msg(tern_scores_read(&back, path, &error) == 0, "%s", error.message);
    ck_assert_int_eq(back.n_metrics, 8);
    for (int m = 0; m < 8; m++) {
        ck_assert_str_eq(back.names[m], scores.names[m]);
        ck_assert_double_eq(back.means[m], scores.means[m]);
    }
    tern_scores_free(&back);
    tern_scores_free(&scores);
}
END_TEST

START_TEST(rows_that_no_correlation_is_defined_for_are_refused)
{
    static const struct {
        const char *name, *text, *what;
    } bad[] = {
        {"a.tsv", "anchor\tscore\n1 0 0\t1\n", "without positives"},
        {"b.tsv", "anchor\tpositive\n1 0 0\t1 1 1\n", "without scores"},
        {"c.tsv", "anchor\tpositive\tscore\n1 0 0\t1 1 1\t2\n0 0 1\t1 1 1\t2.0\n", "every row has the score 2"},
        {"d.jsonl", "{\"anchor\": \"1 0 0\", \"positive\": \"1 1 1\", \"score\": [1, 2]}\n", "have 2 scores each"},
        {"e.tsv", "anchor\tpositive\tscore\n1 0 0\tnan 0 0\t2\n0 0 1\t1 1 1\t1\n",
         "not finite for the text \"nan 0 0\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tern_error error = {{0}};
        tern_scores scores;
        calls seen = {0};
        ck_assert_int_lt(evaluate(bad[i].name, bad[i].text, &seen, &scores, &error), 0);
        ck_assert_msg(strstr(error.message, bad[i].what), "%s", error.message);
    }
}
END_TEST

START_TEST(a_model_that_gives_one_vector_for_all_scores_zero)
{
    calls seen = {0};
    tern_scores scores;
    tern_error error = {{0}};
    static const char text[] = "anchor,positive,score\n1 1 1,2 2 2,1\n2 2 2,1 1 1,2\n1 1 1,2 2 2,3\n";
    ck_assert_msg(evaluate("flat.csv", text, &seen, &scores, &error) == 0, "%s", error.message);
    ck_assert_double_eq(tern_scores_get(&scores, "cosine_spearman"), 0);
    ck_assert_double_eq(tern_scores_get(&scores, "cosine_pearson"), 0);
    tern_scores_free(&scores);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ scores */

#define SIDES(a, b) ((const tern_side[]){{"base", a}, {"tuned", b}})

START_TEST(a_base_and_a_tuned_model_stand_side_by_side)
{
    const double score[] = {1, 2, 3}, a[] = {0.1, 0.3, 0.2}, b[] = {0.1, 0.2, 0.3};
    tern_scores base = cosines(score, a, 3), tuned = cosines(score, b, 3), back;
    const char *path = tern_test_path("both.csv");
    tern_error error = {{0}};
    ck_assert_msg(tern_scores_write_sides(SIDES(&base, &tuned), 2, "cosine_spearman", path, 1, &error) == 0, "%s",
                  error.message);
    ck_assert_int_lt(tern_scores_write_sides(SIDES(&base, &tuned), 2, "cosine_spearman", path, 0, &error), 0);
    ck_assert_int_eq(tern_scores_read(&back, path, &error), 0);
    ck_assert_int_eq(back.n_columns, 3);
    ck_assert_str_eq(back.columns[0], "score");
    ck_assert_str_eq(back.columns[1], "base_cosine_similarity");
    ck_assert_double_eq(tern_scores_get(&back, "base_cosine_spearman"), 0.5);
    ck_assert_double_eq(tern_scores_get(&back, "tuned_cosine_spearman"), 1);
    tern_scores_free(&back);
    const tern_side three[] = {{"base", &base}, {"tuned", &tuned}, {"base_as_trained", &tuned}};
    ck_assert_int_eq(tern_scores_write_sides(three, 3, "cosine_pearson", path, 1, &error), 0);
    ck_assert_int_eq(tern_scores_read(&back, path, &error), 0);
    ck_assert_str_eq(back.columns[3], "base_as_trained_cosine_similarity");
    ck_assert_mem_eq(back.per_query + 4, ((double[]){2, 0.3, 0.2, 0.2}), 4 * sizeof(double));
    tern_scores_free(&back);

    tern_scores x, y;
    static const char *const mean[] = {"other", "ndcg_at_10"};
    tern_scores_start(&x, mean, 2, 1);
    tern_scores_start(&y, mean + 1, 1, 1);
    x.query_ids[0] = tern_strdup("q,1");
    y.query_ids[0] = tern_strdup("q,1");
    x.per_query[1] = 0.25;
    y.per_query[0] = 0.75;
    ck_assert_int_eq(tern_scores_write_sides(SIDES(&x, &y), 2, "ndcg_at_10", path, 1, &error), 0);
    ck_assert_int_eq(tern_scores_read(&back, path, &error), 0);
    ck_assert_int_eq(back.n_columns, 2);
    ck_assert_double_eq(tern_scores_get(&back, "base_ndcg_at_10"), 0.25);
    ck_assert_double_eq(tern_scores_get(&back, "tuned_ndcg_at_10"), 0.75);
    ck_assert_int_lt(tern_scores_write_sides(SIDES(&x, &y), 2, "other", path, 1, &error), 0);
    ck_assert_int_lt(tern_scores_write_sides(SIDES(&x, &base), 2, "ndcg_at_10", path, 1, &error), 0);
    tern_scores_free(&back);
    tern_scores_free(&x);
    tern_scores_free(&y);
    tern_scores_free(&base);
    tern_scores_free(&tuned);
}
END_TEST

START_TEST(scores_that_differ_are_not_compared)
{
    const double score[] = {1, 2, 3}, other[] = {1, 2, 4}, a[] = {0.1, 0.3, 0.2};
    tern_scores x = cosines(score, a, 3), y = cosines(other, a, 3), mean;
    tern_comparison found;
    tern_error error = {{0}};
    ck_assert_int_lt(tern_scores_compare(&x, &y, "cosine_spearman", &found, &error), 0);
    ck_assert_msg(strstr(error.message, "row 3 has another score"), "%s", error.message);
    tern_scores_start(&mean, (const char *const[]){"cosine_spearman"}, 1, 1);
    mean.query_ids[0] = tern_strdup("1");
    ck_assert_int_lt(tern_scores_compare(&x, &mean, "cosine_spearman", &found, &error), 0);
    ck_assert_msg(strstr(error.message, "a mean in one"), "%s", error.message);
    tern_scores_free(&mean);
    tern_scores_free(&x);
    tern_scores_free(&y);
}
END_TEST

START_TEST(columns_tell_the_metrics)
{
    tern_scores scores, more;
    tern_scores_start(&scores, (const char *const[]){"score", "x"}, 2, 2); /* no similarity: both are plain */
    ck_assert_int_eq(scores.n_metrics, 2);
    ck_assert_str_eq(scores.names[0], "score");
    tern_scores_free(&scores);
    tern_scores_start(&scores, (const char *const[]){"cosine_similarity", "_similarity"}, 2, 2); /* no score */
    ck_assert_int_eq(scores.n_metrics, 2);
    ck_assert_str_eq(scores.names[0], "cosine_similarity");
    tern_scores_free(&scores);

    tern_scores_start(&scores, (const char *const[]){"triplet_accuracy"}, 1, 2);
    tern_scores_start(&more, (const char *const[]){"a_similarity", "score"}, 2, 2);
    for (int q = 0; q < 2; q++) {
        scores.query_ids[q] = tern_format("%d", q);
        scores.per_query[q] = q;
        more.per_query[2 * q] = -q;
        more.per_query[2 * q + 1] = 10 * q;
    }
    tern_scores_join(&scores, &more);
    ck_assert_int_eq(scores.n_metrics, 3);
    ck_assert_int_eq(scores.n_columns, 3);
    ck_assert_double_eq(tern_scores_get(&scores, "triplet_accuracy"), 0.5);
    ck_assert_double_eq(tern_scores_get(&scores, "a_spearman"), -1);
    ck_assert_double_eq(tern_scores_get(&scores, "a_pearson"), -1);
    ck_assert_int_eq(tern_scores_column(&scores, "score"), 2);
    ck_assert_int_eq(tern_scores_column(&scores, "a_spearman"), -1);
    ck_assert_int_eq(tern_scores_find(&scores, "a_pearson"), 2);
    tern_scores_free(&more);
    tern_scores_free(&scores);
}
END_TEST

START_TEST(metrics_know_what_they_are_computed_from)
{
    ck_assert_int_eq(tern_metric_family_of("recall_at_1000"), TERN_METRIC_RETRIEVAL);
    ck_assert_int_eq(tern_metric_family_of("hit_rate_at_1000"), TERN_METRIC_RETRIEVAL);
    ck_assert_int_eq(tern_metric_family_of("triplet_accuracy"), TERN_METRIC_TRIPLETS);
    ck_assert_int_eq(tern_metric_family_of("cosine_spearman"), TERN_METRIC_SIMILARITY);
    ck_assert_int_eq(tern_metric_family_of("dot_pearson"), TERN_METRIC_SIMILARITY);
    ck_assert_int_eq(tern_metric_family_of("spearman"), TERN_METRIC_UNKNOWN);
    ck_assert(!tern_metric_exists("spearman_cosine"));
    ck_assert_str_eq(tern_metric_nearest("cosine_sperman"), "cosine_spearman");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("similarity");
    TCase *tc = tcase_create("similarity");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, correlations_are_those_of_sentence_transformers);
    tcase_add_test(tc, p_values_are_those_of_all_exchanges);
    tcase_add_test(tc, the_scale_of_a_model_does_not_change_its_p_value);
    tcase_add_test(tc, equal_models_odd_values_and_threads);
    tcase_add_test(tc, ties_share_a_rank_and_constants_correlate_with_nothing);
    tcase_add_test(tc, similarities_worked_by_hand);
    tcase_add_test(tc, files_of_pairs_give_a_similarity_a_row);
    tcase_add_test(tc, rows_that_no_correlation_is_defined_for_are_refused);
    tcase_add_test(tc, a_model_that_gives_one_vector_for_all_scores_zero);
    tcase_add_test(tc, a_base_and_a_tuned_model_stand_side_by_side);
    tcase_add_test(tc, scores_that_differ_are_not_compared);
    tcase_add_test(tc, columns_tell_the_metrics);
    tcase_add_test(tc, metrics_know_what_they_are_computed_from);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
