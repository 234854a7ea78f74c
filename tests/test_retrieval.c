/* eval/retrieval.c and eval/triplets.c with an embedder that needs no model: a text of numbers is its own vector. */
#include "autograd/gemm.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "eval/retrieval.h"
#include "eval/triplets.h"
#include "support.h"

#include <math.h>
#include <string.h>

enum { DIM = 4 };

/* What the embedder was asked for. */
typedef struct calls {
    int64_t queries, documents;
    int refuse;
} calls;

/* "1 0 0 2": those numbers; other words: numbers drawn from the text's hash. A "nan" is one. */
static int embed(void *context, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    calls *seen = context;
    *(role == TERN_ROLE_QUERY ? &seen->queries : &seen->documents) += n;
    if (seen->refuse)
        return tern_fail(error, "no more");
    for (int64_t i = 0; i < n; i++) {
        const char *at = texts[i];
        for (int j = 0; j < DIM; j++) {
            char *end;
            float x = strtof(at, &end);
            out[i * DIM + j] =
                end > at ? x
                         : (float)tern_random_unit(tern_hash(texts[i], strlen(texts[i]), 0), (uint64_t)j, 0, 0) - 0.5f;
            at = end;
        }
    }
    return 0;
}

static void write_file(const char *name, const char *text)
{
    tern_error error = {{0}};
    ck_assert_msg(tern_file_write(tern_test_path(name), text, strlen(text), &error) == 0, "%s", error.message);
}

static tern_beir *make_set(const char *corpus, const char *queries, const char *qrels)
{
    tern_error error = {{0}};
    ck_assert_int_eq(tern_make_folder(tern_test_path("set/qrels"), &error), 0);
    write_file("set/corpus.jsonl", corpus);
    write_file("set/queries.jsonl", queries);
    write_file("set/qrels/test.tsv", qrels);
    tern_beir *set = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_msg(set, "%s", error.message);
    return set;
}

static tern_beir *small_set(void)
{
    return make_set("{\"_id\": \"a\", \"title\": \"\", \"text\": \"1 0 0 0\"}\n"
                    "{\"_id\": \"b\", \"title\": \"\", \"text\": \"1 1 0 0\"}\n"
                    "{\"_id\": \"c\", \"title\": \"\", \"text\": \"0 1 0 0\"}\n"
                    "{\"_id\": \"q 1\", \"title\": \"\", \"text\": \"2 0 0 0\"}\n"
                    "{\"_id\": \"d\", \"title\": \"\", \"text\": \"1 0 0 0\"}\n",
                    "{\"_id\": \"q2\", \"text\": \"0 1 0 0\"}\n"
                    "{\"_id\": \"q 1\", \"text\": \"3 0 0 0\"}\n"
                    "{\"_id\": \"unjudged\", \"text\": \"1 1 1 1\"}\n",
                    "query-id\tcorpus-id\tscore\n"
                    "q 1\ta\t2\nq 1\tb\t1\nq 1\tabsent\t1\nq2\tc\t0\nq2\tb\t1\n");
}

static tern_rank_options options_with(calls *seen)
{
    return (tern_rank_options){.embedder = {"numbers", DIM, TERN_SIMILARITY_COSINE, embed, seen}};
}

static void check_ranking(const tern_trec_run *run, int64_t q, const char *want)
{
    tern_buffer got = {0};
    for (int64_t i = run->start[q]; i < run->start[q + 1]; i++)
        tern_buffer_printf(&got, "%s%s", i > run->start[q] ? "," : "", tern_trec_run_doc(run, i));
    ck_assert_str_eq(got.data ? got.data : "", want);
    tern_buffer_free(&got);
}

static double of_query(const tern_scores *scores, int64_t q, const char *metric)
{
    return scores->per_query[q * scores->n_metrics + tern_scores_find(scores, metric)];
}

START_TEST(a_set_worked_by_hand)
{
    tern_beir *set = small_set();
    calls seen = {0};
    tern_rank_options options = options_with(&seen);
    tern_trec_run *run = tern_trec_run_create();
    tern_scores scores;
    tern_error error = {{0}};
    ck_assert_msg(tern_retrieval_evaluate(set, &options, run, &scores, &error) == 0, "%s", error.message);
    ck_assert_int_eq(scores.n_queries, 2);
    ck_assert_str_eq(scores.query_ids[0], "q2");
    /* Cosine: for "q 1" documents a, d and "q 1" itself tie at 1, so ids descend; the absent one counts in recall. */
    check_ranking(run, 0, "c,b,q 1,d,a");
    check_ranking(run, 1, "q 1,d,a,b,c");
    ck_assert_double_eq_tol(of_query(&scores, 1, "recall_at_3"), 1.0 / 3, 1e-15);
    ck_assert_double_eq_tol(of_query(&scores, 1, "mrr_at_10"), 1.0 / 3, 1e-15);
    double best = 2 + 1 / log2(3) + 0.5;
    ck_assert_double_eq_tol(of_query(&scores, 1, "ndcg_at_10"), (2 / log2(4) + 1 / log2(5)) / best, 1e-15);
    ck_assert_double_eq_tol(of_query(&scores, 0, "ndcg_at_10"), 1 / log2(3), 1e-15);
    ck_assert_double_eq(tern_scores_get(&scores, "hit_rate_at_3"), 1);
    /* Equal texts ("1 0 0 0" twice) are embedded once. */
    ck_assert_int_eq(seen.documents, 4);
    ck_assert_int_eq(seen.queries, 2);
    tern_trec_run_free(run);
    tern_scores_free(&scores);
    tern_beir_free(set);
}
END_TEST

START_TEST(a_document_with_the_querys_id_is_dropped_when_asked)
{
    tern_beir *set = small_set();
    calls seen = {0};
    tern_rank_options options = options_with(&seen);
    tern_trec_run *run = tern_trec_run_create();
    options.exclude_same_id = 1;
    tern_scores scores;
    ck_assert_int_eq(tern_retrieval_evaluate(set, &options, run, &scores, NULL), 0);
    check_ranking(run, 0, "c,b,q 1,d,a");
    check_ranking(run, 1, "d,a,b,c");
    ck_assert_double_eq(of_query(&scores, 1, "mrr_at_10"), 0.5);
    tern_trec_run_free(run);
    tern_scores_free(&scores);
    tern_beir_free(set);
}
END_TEST

START_TEST(judged_only_ranks_just_what_the_query_has_judged)
{
    tern_beir *set = small_set();
    calls seen = {0};
    tern_rank_options options = options_with(&seen);
    tern_trec_run *run = tern_trec_run_create();
    options.judged_only = 1;
    tern_scores scores;
    ck_assert_int_eq(tern_retrieval_evaluate(set, &options, run, &scores, NULL), 0);
    check_ranking(run, 0, "c,b");
    check_ranking(run, 1, "a,b");
    ck_assert_double_eq(of_query(&scores, 1, "mrr_at_10"), 1);
    tern_trec_run_free(run);
    tern_scores_free(&scores);
    tern_beir_free(set);
}
END_TEST

/* docs documents of which every seventh repeats an earlier text, and queries with three judgements each. */
static tern_beir *large_set(int docs, int queries)
{
    tern_buffer corpus = {0}, asked = {0}, qrels = {0};
    tern_buffer_printf(&qrels, "query-id\tcorpus-id\tscore\n");
    for (int d = 0; d < docs; d++)
        tern_buffer_printf(&corpus, "{\"_id\": \"d%d\", \"text\": \"text %d\"}\n", d, d % 7 ? d : d / 2);
    for (int q = 0; q < queries; q++) {
        tern_buffer_printf(&asked, "{\"_id\": \"q%d\", \"text\": \"query %d\"}\n", q, q);
        for (int j = 0; j < 3; j++)
            tern_buffer_printf(&qrels, "q%d\td%d\t%d\n", q, (q * 37 + j * 11) % docs, j + 1);
    }
    tern_beir *set = make_set(corpus.data, asked.data, qrels.data);
    tern_buffer_free(&corpus);
    tern_buffer_free(&asked);
    tern_buffer_free(&qrels);
    return set;
}

static tern_scores evaluate(const tern_beir *set, const float *vectors, tern_trec_run *run, calls *seen)
{
    tern_rank_options options = options_with(seen);
    options.doc_vectors = vectors;
    tern_scores scores;
    tern_error error = {{0}};
    ck_assert_msg(tern_retrieval_evaluate(set, &options, run, &scores, &error) == 0, "%s", error.message);
    return scores;
}

START_TEST(vectors_given_beforehand_threads_and_a_run_read_back_change_no_bit)
{
    tern_beir *set = large_set(3000, 30);
    calls seen = {0};
    tern_trec_run *run = tern_trec_run_create();
    tern_scores first = evaluate(set, NULL, run, &seen);
    size_t bytes = (size_t)first.n_queries * TERN_METRICS * sizeof(double);

    float *vectors = tern_alloc((size_t)set->n_docs * DIM, sizeof *vectors);
    ck_assert_int_eq(
        tern_rank_documents(set, &(tern_embedder){"numbers", DIM, TERN_SIMILARITY_COSINE, embed, &seen}, vectors, NULL),
        0);
    seen.documents = 0;
    tern_threads_start(3, NULL);
    tern_scores given = evaluate(set, vectors, NULL, &seen);
    tern_threads_start(1, NULL);
    tern_scores one = evaluate(set, vectors, NULL, &seen);
    tern_threads_start(2, NULL);
    ck_assert_int_eq(seen.documents, 0);
    ck_assert_mem_eq(first.per_query, given.per_query, bytes);
    ck_assert_mem_eq(first.per_query, one.per_query, bytes);

    tern_error error = {{0}};
    ck_assert_int_eq(tern_trec_run_write(run, tern_test_path("set.run"), "t", 1, &error), 0);
    tern_trec_run *back = tern_trec_run_read(tern_test_path("set.run"), 0, &error);
    ck_assert_msg(back, "%s", error.message);
    tern_scores scored;
    tern_run_coverage coverage;
    ck_assert_int_eq(tern_grade_run(back, &set->qrels, NULL, &scored, &coverage, &error), 0);
    ck_assert_int_eq(coverage.queries_missing, 0);
    ck_assert_int_eq(coverage.queries_unjudged, 0);
    ck_assert_int_gt(coverage.judged, 0);
    ck_assert_mem_eq(first.per_query, scored.per_query, bytes);
    tern_trec_run_free(back);
    tern_scores_free(&scored);
    tern_scores_free(&given);
    tern_scores_free(&one);
    tern_scores_free(&first);
    free(vectors);
    tern_trec_run_free(run);
    tern_beir_free(set);
}
END_TEST

START_TEST(the_best_thousand_are_kept_and_equal_texts_tie_by_id)
{
    tern_beir *set = large_set(3000, 5);
    calls seen = {0};
    tern_trec_run *run = tern_trec_run_create();
    tern_scores scores = evaluate(set, NULL, run, &seen);
    int64_t ties = 0;
    for (int64_t q = 0; q < run->n_queries; q++) {
        ck_assert_int_eq(run->start[q + 1] - run->start[q], TERN_RANK_DEPTH);
        for (int64_t i = run->start[q] + 1; i < run->start[q + 1]; i++) {
            ck_assert(run->scores[i - 1] >= run->scores[i]);
            if (run->scores[i - 1] == run->scores[i]) {
                ck_assert_int_gt(strcmp(tern_trec_run_doc(run, i - 1), tern_trec_run_doc(run, i)), 0);
                ties++;
            }
        }
    }
    ck_assert_int_gt(ties, 100);
    tern_scores_free(&scores);
    tern_trec_run_free(run);
    tern_beir_free(set);
}
END_TEST

START_TEST(more_equal_texts_than_are_kept)
{
    tern_buffer corpus = {0};
    for (int d = 0; d < 2500; d++)
        tern_buffer_printf(&corpus, "{\"_id\": \"%04d\", \"text\": \"1 %d 0 0\"}\n", d, d % 2);
    tern_beir *set = make_set(corpus.data, "{\"_id\": \"q\", \"text\": \"1 0 0 0\"}\n",
                              "query-id\tcorpus-id\tscore\nq\t2498\t1\nq\t0500\t1\nq\t0498\t1\n");
    calls seen = {0};
    tern_trec_run *run = tern_trec_run_create();
    tern_scores scores = evaluate(set, NULL, run, &seen);
    ck_assert_int_eq(run->start[1], TERN_RANK_DEPTH);
    ck_assert_str_eq(tern_trec_run_doc(run, 0), "2498");
    ck_assert_str_eq(tern_trec_run_doc(run, 999), "0500"); /* 2498, 2496, ... the thousandth even one */
    ck_assert_double_eq_tol(tern_scores_get(&scores, "recall_at_1000"), 2.0 / 3, 1e-15);
    ck_assert_int_eq(seen.documents, 2);
    tern_scores_free(&scores);
    tern_trec_run_free(run);
    tern_beir_free(set);
    tern_buffer_free(&corpus);
}
END_TEST

static void expect_failure(const tern_beir *set, calls *seen, const char *says)
{
    for (int judged_only = 0; judged_only < 2; judged_only++) {
        tern_rank_options options = options_with(seen);
        options.judged_only = judged_only;
        tern_scores scores = {0};
        tern_error error = {{0}};
        ck_assert_int_lt(tern_retrieval_evaluate(set, &options, NULL, &scores, &error), 0);
        ck_assert_msg(strstr(error.message, says), "%s", error.message);
        ck_assert_ptr_null(scores.means);
    }
}

START_TEST(failures_are_sentences_and_not_numbers)
{
    static const char corpus[] = "{\"_id\": \"a\", \"text\": \"nan 0 0 0\"}\n{\"_id\": \"b\", \"text\": \"1 0 0 0\"}\n";
    tern_beir *set = make_set(corpus, "{\"_id\": \"q\", \"text\": \"1 0 0 0\"}\n", "a\tb\tc\nq\ta\t1\n");
    calls seen = {0}, refuses = {.refuse = 1};
    expect_failure(set, &seen, "not finite for the document \"nan 0 0 0\"");
    expect_failure(set, &refuses, "no more");
    tern_beir_free(set);

    tern_beir empty = {.name = "empty", .n_docs = 1};
    expect_failure(&empty, &seen, "no query");
    empty.n_docs = 0;
    expect_failure(&empty, &seen, "corpus is empty");
}
END_TEST

START_TEST(a_run_of_other_queries_is_refused)
{
    tern_beir *set = small_set();
    tern_trec_run *run = tern_trec_run_create();
    tern_trec_run_add_query(run, "other");
    tern_trec_run_add_doc(run, "a", 1);
    tern_scores scores;
    tern_error error = {{0}};
    ck_assert_int_lt(tern_grade_run(run, &set->qrels, NULL, &scores, NULL, &error), 0);
    ck_assert_msg(strstr(error.message, "no query of the run"), "%s", error.message);
    tern_trec_run_free(run);
    tern_beir_free(set);
}
END_TEST

START_TEST(triplets_are_right_when_the_positive_is_strictly_nearer)
{
    /* Longer vectors are not nearer; equal ones tie, which is wrong; zeros are at cosine 0. */
    const float anchor[] = {1, 0, 1, 0, 1, 1, 1, 0}, positive[] = {1, 1, 2, 0, 0, 0, 0.1f, 0};
    const float negative[] = {0, 9, 100, 10, 3, 0, 2, 0, -1, 0, 1, 0, 9, 9, 9, 0};
    double right[4];
    double mean = tern_triplet_accuracy(TERN_SIMILARITY_COSINE, anchor, positive, negative, 4, 2, 2, right);
    ck_assert_double_eq(right[0], 0.5);
    ck_assert_double_eq(right[1], 0);
    ck_assert_double_eq(right[2], 0.5);
    ck_assert_double_eq(right[3], 0.5);
    ck_assert_double_eq(mean, 0.375);
    const double others[TERN_SIMILARITIES] = {[TERN_SIMILARITY_COSINE] = 0.375,
                                              [TERN_SIMILARITY_EUCLIDEAN] = 0.75,
                                              [TERN_SIMILARITY_MANHATTAN] = 0.75,
                                              [TERN_SIMILARITY_DOT] = 0.25};
    for (int s = 0; s < TERN_SIMILARITIES; s++)
        ck_assert_double_eq(tern_triplet_accuracy((tern_similarity)s, anchor, positive, negative, 4, 2, 2, right),
                            others[s]);
    ck_assert_double_eq(tern_triplet_accuracy(TERN_SIMILARITY_COSINE, NULL, NULL, NULL, 0, 1, 2, NULL), 0);
}
END_TEST

START_TEST(triplet_files_give_a_score_a_row)
{
    write_file("t.jsonl", "{\"anchor\": \"1 0 0 0\", \"positive\": \"1 1 0 0\", \"negative\": \"0 1 0 0\"}\n"
                          "{\"anchor\": \"1 0 0 0\", \"positive\": \"0 1 0 0\", \"negative\": \"1 1 0 0\"}\n"
                          "{\"anchor\": \"0 1 0 0\", \"positive\": \"0 2 0 0\", \"negative\": \"1 0 0 0\"}\n");
    tern_texts *texts = tern_texts_create();
    tern_error error = {{0}};
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = tern_test_path("t.jsonl")}, texts, &error);
    ck_assert_msg(rows, "%s", error.message);
    calls seen = {0};
    tern_embedder embedder = {"numbers", DIM, TERN_SIMILARITY_COSINE, embed, &seen};
    tern_scores scores;
    ck_assert_msg(tern_triplets_evaluate(rows, &embedder, &scores, &error) == 0, "%s", error.message);
    ck_assert_double_eq_tol(tern_scores_get(&scores, "triplet_accuracy"), 2.0 / 3, 1e-15);
    ck_assert_str_eq(scores.query_ids[2], "3");
    ck_assert_double_eq(scores.per_query[1], 0);
    ck_assert_int_eq(seen.queries, 2);
    ck_assert_int_eq(seen.documents, 4);
    tern_scores_free(&scores);
    seen.refuse = 1;
    ck_assert_int_lt(tern_triplets_evaluate(rows, &embedder, &scores, &error), 0);
    rows->has_positive = 0;
    ck_assert_int_lt(tern_triplets_evaluate(rows, &embedder, &scores, &error), 0);
    ck_assert_msg(strstr(error.message, "without positives"), "%s", error.message);
    rows->has_positive = 1;
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retrieval");
    TCase *tc = tcase_create("retrieval");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_set_worked_by_hand);
    tcase_add_test(tc, a_document_with_the_querys_id_is_dropped_when_asked);
    tcase_add_test(tc, judged_only_ranks_just_what_the_query_has_judged);
    tcase_add_test(tc, vectors_given_beforehand_threads_and_a_run_read_back_change_no_bit);
    tcase_add_test(tc, the_best_thousand_are_kept_and_equal_texts_tie_by_id);
    tcase_add_test(tc, more_equal_texts_than_are_kept);
    tcase_add_test(tc, failures_are_sentences_and_not_numbers);
    tcase_add_test(tc, a_run_of_other_queries_is_refused);
    tcase_add_test(tc, triplets_are_right_when_the_positive_is_strictly_nearer);
    tcase_add_test(tc, triplet_files_give_a_score_a_row);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
