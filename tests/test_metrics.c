/* eval/metrics.c and the means of eval/: cases worked by hand, and trec_eval's own figures. */
#include "base/file.h"
#include "eval/retrieval.h"
#include "support.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* Figures are sums of at most 1000 terms below 1, in the same order as trec_eval's. */
static const double tolerance = 1000 * 0x1p-52;

static double value(const double *values, const char *name)
{
    for (int i = 0; i < TERN_METRICS; i++)
        if (!strcmp(tern_metric_names()[i], name))
            return values[i];
    ck_abort_msg("no metric %s", name);
}

START_TEST(a_list_worked_by_hand)
{
    /* Ranks 1 to 4 hold grades 1, 0, 3 and -1; the query also has a 2 that was not found. */
    double v[TERN_METRICS];
    tern_metrics_of_list((int[]){1, 0, 3, -1}, 4, (int[]){1, 3, -1, 2}, 4, v);
    ck_assert_double_eq_tol(value(v, "ndcg_at_1"), 1.0 / 3, tolerance);
    double best = 3 + 2 / log2(3) + 0.5;
    ck_assert_double_eq_tol(value(v, "ndcg_at_3"), (1 + 3.0 / 2) / best, tolerance);
    ck_assert_double_eq_tol(value(v, "ndcg_at_10"), (1 + 3.0 / 2) / best, tolerance);
    ck_assert_double_eq_tol(value(v, "map_at_3"), (1 + 2.0 / 3) / 3, tolerance);
    ck_assert_double_eq_tol(value(v, "map_at_1"), 1.0 / 3, tolerance);
    ck_assert_double_eq_tol(value(v, "recall_at_1"), 1.0 / 3, tolerance);
    ck_assert_double_eq_tol(value(v, "recall_at_1000"), 2.0 / 3, tolerance);
    ck_assert_double_eq_tol(value(v, "precision_at_10"), 0.2, tolerance);
    ck_assert_double_eq(value(v, "mrr_at_10"), 1);
    ck_assert_double_eq(value(v, "hit_rate_at_1"), 1);
}
END_TEST

START_TEST(the_first_relevant_one_counts_only_within_the_cutoff)
{
    double v[TERN_METRICS];
    tern_metrics_of_list((int[]){0, 0, 0, 1}, 4, (int[]){1}, 1, v);
    ck_assert_double_eq(value(v, "mrr_at_3"), 0);
    ck_assert_double_eq(value(v, "hit_rate_at_3"), 0);
    ck_assert_double_eq(value(v, "mrr_at_5"), 0.25);
    ck_assert_double_eq(value(v, "hit_rate_at_5"), 1);
}
END_TEST

START_TEST(nothing_found_and_nothing_relevant_give_zero)
{
    double v[TERN_METRICS];
    tern_metrics_of_list(NULL, 0, (int[]){1, 2}, 2, v);
    for (int i = 0; i < TERN_METRICS; i++)
        ck_assert_double_eq(v[i], 0);
    tern_metrics_of_list((int[]){0, -3}, 2, (int[]){0, -3}, 2, v);
    for (int i = 0; i < TERN_METRICS; i++)
        ck_assert_double_eq(v[i], 0);
}
END_TEST

START_TEST(other_tools_names_are_understood)
{
    static const char *const same[][2] = {
        {"ndcg_at_10", "ndcg_at_10"},
        {"ndcg@10", "ndcg_at_10"},
        {"NDCG@10", "ndcg_at_10"},
        {"nDCG@10", "ndcg_at_10"},
        {"NDCG_at_10", "ndcg_at_10"},
        {"recall@100", "recall_at_100"},
        {"R@100", "recall_at_100"},
        {"mrr@10", "mrr_at_10"},
        {"MRR@1000", "mrr_at_1000"},
        {"ndcg_cut_10", "ndcg_at_10"},
        {"ndcg_cut.10", "ndcg_at_10"},
        {"map_cut_100", "map_at_100"},
        {"MAP@100", "map_at_100"},
        {"recall_1000", "recall_at_1000"},
        {"P_5", "precision_at_5"},
        {"P@5", "precision_at_5"},
        {"precision@1", "precision_at_1"},
        {"success_1", "hit_rate_at_1"},
        {"hits@3", "hit_rate_at_3"},
        {"hit_rate@20", "hit_rate_at_20"},
        {"accuracy@1", "hit_rate_at_1"},
        {"Triplet_Accuracy", "triplet_accuracy"},
        {"spearman_cosine", "cosine_spearman"},
        {"pearson_dot", "dot_pearson"},
    };
    static const char *const none[] = {"",         "@",       "10",   "@10",    "ndcg", "ndcg@", "ndcg@7",
                                       "ndcg@010", "ndgc@10", "x@10", "_at_10", "_",    "a_b",   "cosine_cosine",
                                       "ndcg@10x", "ndcg@1 0"};
    char word[300];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const char *name = tern_metric_named(same[i][0]);
        ck_assert_msg(name && !strcmp(name, same[i][1]), "%s is %s", same[i][0], name ? name : "unknown");
    }
    for (int i = 0; i < TERN_METRICS; i++)
        ck_assert_ptr_eq(tern_metric_named(tern_metric_names()[i]), tern_metric_names()[i]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(!tern_metric_named(none[i]), "%s is %s", none[i], tern_metric_named(none[i]));
    memset(word, '1', sizeof word - 1);
    for (size_t n = sizeof word - 1; n > 0; n--) {
        word[n] = 0;
        ck_assert_ptr_null(tern_metric_named(word));
    }
}
END_TEST

START_TEST(names_are_the_leaderboards)
{
    static const char *const kinds[] = {"ndcg", "map", "recall", "precision", "mrr", "hit_rate"};
    static const int cutoffs[] = {1, 3, 5, 10, 20, 100, 1000};
    for (int i = 0; i < TERN_METRICS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_at_%d", kinds[i / TERN_CUTOFFS], cutoffs[i % TERN_CUTOFFS]);
        ck_assert_str_eq(tern_metric_names()[i], name);
        ck_assert(tern_metric_exists(name));
    }
    ck_assert(tern_metric_exists("triplet_accuracy"));
    ck_assert(!tern_metric_exists("ndcg_at_2"));
    ck_assert(!tern_metric_exists(""));
    ck_assert_str_eq(tern_metric_nearest("ndgc_at_10"), "ndcg_at_10");
    ck_assert_ptr_null(tern_metric_nearest("loss"));
}
END_TEST

static void write_text(const char *path, const json_t *text)
{
    tern_error error = {{0}};
    ck_assert_msg(tern_file_write(path, json_string_value(text), json_string_length(text), &error) == 0, "%s",
                  error.message);
}

static void check_query(const char *name, const tern_scores *scores, int64_t q, const json_t *row)
{
    ck_assert_msg(row, "%s: trec_eval did not score %s", name, scores->query_ids[q]);
    for (int m = 0; m < scores->n_metrics; m++) {
        double want = json_number_value(json_object_get(row, scores->names[m]));
        double got = scores->per_query[q * scores->n_metrics + m];
        ck_assert_msg(fabs(got - want) <= tolerance, "%s: %s of %s is %.17g, not %.17g", name, scores->names[m],
                      scores->query_ids[q], got, want);
    }
}

static void check_case(const json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "name"));
    const char *qrels_path = tern_test_path("golden.qrels"), *run_path = tern_test_path("golden.run");
    write_text(qrels_path, json_object_get(c, "qrels"));
    write_text(run_path, json_object_get(c, "run"));
    tern_error error = {{0}};
    tern_qrels qrels = {0};
    ck_assert_msg(tern_qrels_read(&qrels, qrels_path, 0, &error) == 0, "%s", error.message);
    tern_trec_run *run = tern_trec_run_read(run_path, 0, &error);
    ck_assert_msg(run, "%s", error.message);
    tern_grade_options options = {.judged_only = json_is_true(json_object_get(c, "judged_only"))};
    tern_scores scores;
    tern_run_coverage coverage;
    ck_assert_msg(tern_grade_run(run, &qrels, &options, &scores, &coverage, &error) == 0, "%s", error.message);
    const json_t *expected = json_object_get(c, "expected");
    ck_assert_int_eq(scores.n_queries, (int64_t)json_object_size(expected));
    ck_assert_int_eq(coverage.queries_missing, 1); /* q0 is in no run */
    for (int64_t q = 0; q < scores.n_queries; q++)
        check_query(name, &scores, q, json_object_get(expected, scores.query_ids[q]));
    tern_scores_free(&scores);
    tern_trec_run_free(run);
    tern_qrels_free(&qrels);
}

START_TEST(runs_score_as_trec_eval_scores_them)
{
    json_t *golden = json_load_file("tests/goldens/metrics.json", 0, NULL);
    ck_assert_ptr_nonnull(golden);
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(golden, "cases"), i, c) check_case(c);
    ck_assert_uint_ge(i, 10);
    json_decref(golden);
}
END_TEST

START_TEST(per_query_scores_survive_a_file)
{
    tern_scores out = {0}, in = {0};
    tern_error error = {{0}};
    const char *path = tern_test_path("scores.csv");
    static const char *const ids[] = {"q1", "a, \"b\"", "two\nlines", "", "\"as is\" clause"};
    tern_scores_start(&out, (const char *const[]){"ndcg_at_10", "x, \"y\""}, 2, 5);
    for (int q = 0; q < 5; q++) {
        out.query_ids[q] = strdup(ids[q]);
        out.per_query[2 * q] = 1.0 / (3 + q);
        out.per_query[2 * q + 1] = -q;
    }
    tern_scores_finish(&out);
    ck_assert_msg(tern_scores_write(&out, path, 0, &error) == 0, "%s", error.message);
    ck_assert_int_lt(tern_scores_write(&out, path, 0, &error), 0);
    ck_assert_msg(tern_scores_read(&in, path, &error) == 0, "%s", error.message);
    ck_assert_int_eq(in.n_queries, 5);
    for (int q = 0; q < 5; q++)
        ck_assert_str_eq(in.query_ids[q], ids[q]);
    ck_assert_mem_eq(in.per_query, out.per_query, 10 * sizeof(double));
    ck_assert_double_eq(tern_scores_get(&in, "ndcg_at_10"), tern_scores_get(&out, "ndcg_at_10"));
    ck_assert(isnan(tern_scores_get(&in, "map_at_10")));
    tern_scores_free(&out);
    tern_scores_free(&in);
}
END_TEST

START_TEST(damaged_per_query_files_are_refused_with_one_sentence)
{
    static const char good[] = "query_id,ndcg_at_10,map_at_10\nq1,0.5,0.25\n\"q,2\",1,0\n";
    static const char *const bad[] = {
        "",
        "\n",
        "id,x\nq,1\n",
        "query_id\nq\n",
        "query_id,x\n",
        "query_id,x\nq\n",
        "query_id,x\nq,1,2\n",
        "query_id,x\nq,\n",
        "query_id,x\nq,nan\n",
        "query_id,x\nq,inf\n",
        "query_id,x\nq,1z\n",
        "query_id,x\n\"q,1\n",
        "query_id,x\nq,1\nq,2\n",
        "query_id,x,\nq,1,2\n",
        "query_id,x,guarded_query_id\nq,1,2\n",
        "query_id,score,x_similarity,x_pearson\nq,1,2,3\nr,2,3,4\n",
    };
    const char *path = tern_test_path("bad.csv");
    tern_scores scores = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tern_error error = {{0}};
        tern_file_write(path, bad[i], strlen(bad[i]), NULL);
        ck_assert_msg(tern_scores_read(&scores, path, &error) < 0, "%s", bad[i]);
        ck_assert_msg(strstr(error.message, path), "%s", error.message);
    }
    for (size_t n = 0; n < sizeof good; n++) { /* cut at every byte: read or refused, never a crash */
        tern_error error = {{0}};
        tern_file_write(path, good, n, NULL);
        if (tern_scores_read(&scores, path, &error) == 0)
            tern_scores_free(&scores);
        else
            ck_assert_str_ne(error.message, "");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tc = tcase_create("metrics");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_list_worked_by_hand);
    tcase_add_test(tc, the_first_relevant_one_counts_only_within_the_cutoff);
    tcase_add_test(tc, nothing_found_and_nothing_relevant_give_zero);
    tcase_add_test(tc, names_are_the_leaderboards);
    tcase_add_test(tc, other_tools_names_are_understood);
    tcase_add_test(tc, runs_score_as_trec_eval_scores_them);
    tcase_add_test(tc, per_query_scores_survive_a_file);
    tcase_add_test(tc, damaged_per_query_files_are_refused_with_one_sentence);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
