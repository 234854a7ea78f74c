/* The readers and the sampler over real data sets, where they are. */
#include "base/memory.h"
#include "data/beir.h"
#include "data/rows.h"
#include "data/sampler.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;

static void expect_count(const char *name, const char *anchor, const char *positive, int64_t n)
{
    tern_texts *texts = tern_texts_create();
    error = (tern_error){{0}};
    tern_rows_source source = {.file = tern_test_data(name), .anchor = anchor, .positive = positive};
    ck_assert_msg(source.file != NULL, "%s isn't there", name);
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n, n);
    tern_rows_free(rows);
    tern_texts_free(texts);
}

START_TEST(files_read_with_their_official_number_of_rows)
{
    expect_count("stsb/train.tsv", "sentence1", "sentence2", 5749);
    expect_count("stsb/dev.tsv", "sentence1", "sentence2", 1500);
    expect_count("stsb/test.tsv", "sentence1", "sentence2", 1379);
    expect_count("snli/dev.tsv", "sentence1", "sentence2", 9842);
    expect_count("snli/test.tsv", "sentence1", "sentence2", 9824);
    expect_count("snli/triplets-dev.jsonl", NULL, NULL, 2954);
    expect_count("banking77/train.tsv", "text", NULL, 10003);
    expect_count("banking77/test.tsv", "text", NULL, 3080);
    expect_count("altlex/pairs.jsonl", NULL, NULL, 26390);
}
END_TEST

static void expect_beir(const char *name, const char *split, int64_t docs, int64_t queries, int64_t judgements)
{
    error = (tern_error){{0}};
    tern_beir *beir = tern_beir_read(tern_test_data(name), split, 0, &error);
    ck_assert_msg(beir != NULL, "%s", error.message);
    ck_assert_int_eq(beir->n_docs, docs);
    ck_assert_int_eq(beir->n_queries, queries);
    ck_assert_int_eq(beir->qrels.start[beir->qrels.n_queries], judgements);
    tern_beir_free(beir);
}

START_TEST(retrieval_sets_read_with_their_official_counts)
{
    expect_beir("scifact", "test", 5183, 300, 339);
    expect_beir("nfcorpus", "test", 3633, 323, 12334);
    expect_beir("acord", "test", 3931, 57, 61988);
    expect_beir("cranfield", "test_graded", 1400, 225, 1837);
    tern_qrels qrels;
    ck_assert_int_eq(tern_qrels_read(&qrels, tern_test_data("cranfield/cranqrel.trec.txt"), 0, &error), 0);
    ck_assert_int_eq(qrels.n_queries, 225);
    tern_qrels_free(&qrels);
}
END_TEST

static void expect_distinct(const tern_rows *rows, const tern_plan *plan)
{
    int64_t *batch_of = tern_alloc((size_t)tern_texts_count(rows->texts), sizeof *batch_of);
    memset(batch_of, 0xFF, (size_t)tern_texts_count(rows->texts) * sizeof *batch_of);
    for (int64_t b = 0; b < plan->n_batches; b++)
        for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++) {
            ck_assert_int_ne(batch_of[rows->positive[plan->rows[i]]], b);
            batch_of[rows->positive[plan->rows[i]]] = b;
        }
    free(batch_of);
}

static void expect_plan(const char *name, int64_t positives_per_query, int64_t rows_read, int64_t drawn, int64_t size)
{
    tern_texts *texts = tern_texts_create();
    error = (tern_error){{0}};
    tern_rows_source source = {.beir = tern_test_data(name), .positives_per_query = positives_per_query};
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n, rows_read);
    tern_sampler *sampler =
        tern_sampler_create(rows, &(tern_sampler_options){.batch_size = size, .seed = 42, .apart = 1});
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        tern_plan *plan = tern_sampler_plan(sampler, epoch);
        ck_assert_int_eq(plan->start[plan->n_batches], drawn);
        ck_assert_int_eq(plan->n_batches, (drawn + size - 1) / size);
        expect_distinct(rows, plan);
        tern_plan_free(plan);
    }
    tern_sampler_free(sampler);
    tern_rows_free(rows);
    tern_texts_free(texts);
}

START_TEST(judgements_are_dealt_into_full_batches_without_a_document_twice)
{
    expect_plan("scifact", 0, 919, 919, 32);
    /* 2,590 queries, of which 14 have another's text. */
    expect_plan("nfcorpus", 1, 110575, 2576, 64);
    expect_plan("nfcorpus", 0, 110575, 110575, 32);
}
END_TEST

START_TEST(a_batch_of_nfcorpus_holds_many_right_answers_to_mask)
{
    enum { N = 64 };
    tern_texts *texts = tern_texts_create();
    tern_rows_source source = {.beir = tern_test_data("nfcorpus")};
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    tern_sampler *sampler = tern_sampler_create(rows, &(tern_sampler_options){.batch_size = N, .seed = 1, .apart = 1});
    tern_plan *plan = tern_sampler_plan(sampler, 0);
    uint8_t *masked = tern_alloc(N * N, 1);
    int64_t hit = 0, full = plan->start[plan->n_batches] / N;
    for (int64_t b = 0; b < full; b++) {
        tern_rows_mask(rows, plan->rows + plan->start[b], N, 1, masked);
        for (int i = 0; i < N; i++)
            hit += memchr(masked + i * N, 1, N) != NULL;
    }
    double share = (double)hit / (double)(full * N);
    ck_assert_msg(share > 0.6 && share < 0.95, "%.3f of the rows", share);
    free(masked);
    tern_plan_free(plan);
    tern_sampler_free(sampler);
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

START_TEST(scores_and_labels_of_real_files_are_as_published)
{
    tern_texts *texts = tern_texts_create();
    tern_rows_source stsb = {.file = tern_test_data("stsb/test.tsv"), .anchor = "sentence1", .positive = "sentence2"};
    stsb.score_most = 5;
    tern_rows *rows = tern_rows_read(&stsb, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    double sum = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        ck_assert(rows->score[i] >= 0 && rows->score[i] <= 1);
        sum += rows->score[i];
    }
    ck_assert_int_eq(rows->n_scores, 1);
    /* The mean of the 1,379 scores is 2.61 of 5. */
    ck_assert_double_eq_tol(sum / (double)rows->n, 0.5216, 0.0001);
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

START_TEST(batches_of_banking77_have_positives_for_every_row)
{
    tern_texts *texts = tern_texts_create();
    tern_rows_source source = {.file = tern_test_data("banking77/train.tsv"), .anchor = "text"};
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n_labels, 77);
    int64_t count[77] = {0}, lonely = 0;
    for (int64_t k = 2; k <= 8; k *= 2) {
        tern_sampler *sampler =
            tern_sampler_create(rows, &(tern_sampler_options){.batch_size = 64, .seed = 42, .per_label = k});
        tern_plan *plan = tern_sampler_plan(sampler, 0);
        ck_assert_int_eq(plan->start[plan->n_batches], rows->n);
        ck_assert_int_eq(plan->n_batches, (rows->n + 63) / 64);
        for (int64_t b = 0; b < plan->n_batches; b++) {
            const int64_t *row = plan->rows + plan->start[b], n = plan->start[b + 1] - plan->start[b];
            for (int64_t i = 0; i < n; i++)
                count[rows->label[row[i]]]++;
            for (int64_t i = 0; i < n; i++)
                lonely += count[rows->label[row[i]]] == 1;
            for (int64_t i = 0; i < n; i++)
                count[rows->label[row[i]]] = 0;
        }
        /* None but where the last turns of the epoch don't come out even. */
        ck_assert_msg(lonely <= 2, "%d rows without another of their label with runs of %d", (int)lonely, (int)k);
        lonely = 0;
        tern_plan_free(plan);
        tern_sampler_free(sampler);
    }
    tern_rows_free(rows);
    tern_texts_free(texts);
}
END_TEST

int main(void)
{
    if (!tern_test_data("nfcorpus/corpus.jsonl") || !tern_test_data("stsb"))
        TERN_TEST_SKIP("the real data sets aren't here; TERN_DATA names their folder");
    Suite *suite = suite_create("rows of real data");
    TCase *tc = tcase_create("rows of real data");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, files_read_with_their_official_number_of_rows);
    tcase_add_test(tc, retrieval_sets_read_with_their_official_counts);
    tcase_add_test(tc, judgements_are_dealt_into_full_batches_without_a_document_twice);
    tcase_add_test(tc, a_batch_of_nfcorpus_holds_many_right_answers_to_mask);
    tcase_add_test(tc, scores_and_labels_of_real_files_are_as_published);
    tcase_add_test(tc, batches_of_banking77_have_positives_for_every_row);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
