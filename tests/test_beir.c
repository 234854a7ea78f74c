#include "base/file.h"
#include "base/memory.h"
#include "data/beir.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;

static void put(const char *name, const char *text)
{
    char *path = tern_path_join(tern_test_path("set"), name);
    ck_assert_int_eq(tern_file_write(path, text, strlen(text), &error), 0);
    free(path);
}

static void put_set(const char *corpus, const char *queries, const char *qrels)
{
    error = (tern_error){{0}};
    tern_make_folder(tern_test_path("set/qrels"), &error);
    put("corpus.jsonl", corpus);
    put("queries.jsonl", queries);
    put("qrels/test.tsv", qrels);
}

static const char good_queries[] = "{\"_id\": \"q0\", \"text\": \"none\"}\n{\"_id\": 7, \"text\": \" seven \"}\n"
                                   "{\"_id\": \"q1\", \"text\": \"one\"}\n{\"_id\": \"q2\", \"text\": \"two\"}\n";
static const char good_corpus[] =
    "{\"_id\": \"a\", \"title\": \"T\", \"text\": \"x\\u00a0\"}\n"
    "{\"_id\": \"b\", \"title\": \"\", \"text\": \"\\u3000 y\\n\"}\n"
    "{\"_id\": 12, \"text\": \"z\"}\n{\"_id\": \"c\", \"title\": \"T \", \"text\": \"\"}\n"
    "{\"_id\": \"d\", \"title\": null, \"text\": \" \"}\n";
static const char good_qrels[] = "query-id\tcorpus-id\tscore\nq2\ta\t1\nq1\tb\t2\nq1\tghost\t1\n7\t12\t1\nq0\ta\t0\n";

static void expect_failure(const char *corpus, const char *queries, const char *qrels, const char *split,
                           const char *words)
{
    put_set(corpus, queries, qrels);
    ck_assert_ptr_null(tern_beir_read(tern_test_path("set"), split, 0, &error));
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
}

START_TEST(documents_are_title_and_text_stripped)
{
    put_set(good_corpus, good_queries, good_qrels);
    char *folder = tern_format("%s//", tern_test_path("set"));
    tern_beir *beir = tern_beir_read(folder, "test", 0, &error);
    ck_assert_msg(beir != NULL, "%s", error.message);
    ck_assert_str_eq(beir->name, "set");
    const char *texts[] = {"T x", "y", "z", "T", ""};
    ck_assert_int_eq(beir->n_docs, 5);
    for (int i = 0; i < 5; i++)
        ck_assert_str_eq(beir->doc_texts[i], texts[i]);
    ck_assert_str_eq(beir->doc_ids[2], "12");
    ck_assert_int_eq(tern_beir_find_doc(beir, "b"), 1);
    ck_assert_int_eq(tern_beir_find_doc(beir, "ghost"), -1);
    tern_beir_free(beir);
    free(folder);
}
END_TEST

START_TEST(queries_are_those_with_something_relevant_in_file_order)
{
    put_set(good_corpus, good_queries, good_qrels);
    tern_beir *beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_int_eq(beir->n_queries, 3);
    ck_assert_str_eq(beir->query_ids[0], "7");
    ck_assert_str_eq(beir->query_texts[0], " seven ");
    ck_assert_str_eq(beir->query_ids[1], "q1");
    ck_assert_str_eq(beir->query_ids[2], "q2");
    ck_assert_int_eq(beir->qrels.n_queries, 4);
    tern_beir_free(beir);
    tern_beir_free(NULL);
}
END_TEST

START_TEST(a_corpus_is_read_alone)
{
    put_set(good_corpus, good_queries, good_qrels);
    tern_beir *beir = tern_beir_read_corpus(tern_test_path("set/corpus.jsonl"), 0, &error);
    ck_assert_int_eq(beir->n_docs, 5);
    ck_assert_int_eq(beir->n_queries, 0);
    tern_beir_free(beir);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    expect_failure(good_corpus, good_queries, good_qrels, "tets", "it has no split \"tets\"; did you mean test?");
    expect_failure(good_corpus, good_queries, good_qrels, "train", "it has no split \"train\"; there is test");
    expect_failure("", good_queries, good_qrels, "test", "corpus.jsonl: it holds no documents");
    expect_failure(good_corpus, "\n", good_qrels, "test", "queries.jsonl: it holds no queries");
    expect_failure("{\"_id\": \"a\", \"text\": \"x\"}\n{\"_id\": \"a\", \"text\": \"y\"}\n", good_queries, good_qrels,
                   "test", "corpus.jsonl:2: the id \"a\" stands on an earlier line");
    expect_failure("{\"text\": \"x\"}\n", good_queries, good_qrels, "test", "corpus.jsonl:1: the row has no \"_id\"");
    expect_failure("{\"_id\": 1.5, \"text\": \"x\"}\n", good_queries, good_qrels, "test",
                   "corpus.jsonl:1: \"_id\" is a number");
    expect_failure("{\"_id\": \"\", \"text\": \"x\"}\n", good_queries, good_qrels, "test",
                   "corpus.jsonl:1: \"_id\" is empty");
    expect_failure("{\"_id\": \"a\"}\n", good_queries, good_qrels, "test", "corpus.jsonl:1: the row has no \"text\"");
    expect_failure("{\"_id\": \"a\", \"text\": \"x\\u0000\"}\n", good_queries, good_qrels, "test",
                   "corpus.jsonl:1: the text holds a NUL");
    expect_failure("{\"_id\": \"other\", \"text\": \"x\"}\n", good_queries, good_qrels, "test",
                   "none of the documents");
    expect_failure(good_corpus, "{\"_id\": \"other\", \"text\": \"x\"}\n", good_qrels, "test", "none of its queries");
    error = (tern_error){{0}};
    ck_assert_ptr_null(tern_beir_read("/nowhere", "test", 0, &error));
    ck_assert_str_eq(error.message, "/nowhere: there is no such folder");
}
END_TEST

START_TEST(no_truncation_crashes)
{
    for (size_t n = 0; n < sizeof good_corpus; n++) {
        put_set("", good_queries, good_qrels);
        char *path = tern_path_join(tern_test_path("set"), "corpus.jsonl");
        ck_assert_int_eq(tern_file_write(path, good_corpus, n, &error), 0);
        tern_beir *beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
        ck_assert(beir || error.message[0]);
        tern_beir_free(beir);
        free(path);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("beir");
    TCase *tc = tcase_create("beir");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, documents_are_title_and_text_stripped);
    tcase_add_test(tc, queries_are_those_with_something_relevant_in_file_order);
    tcase_add_test(tc, a_corpus_is_read_alone);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, no_truncation_crashes);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
