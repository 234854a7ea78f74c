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

START_TEST(what_judgements_name_and_isnt_there_is_counted)
{
    put_set(good_corpus, good_queries, good_qrels);
    tern_beir *beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_msg(beir != NULL, "%s", error.message);
    const tern_coverage *c = &beir->coverage;
    ck_assert_int_eq(c->judgements, 4);
    ck_assert_int_eq(c->judgements_missing, 1);
    ck_assert_int_eq(c->queries, 3);
    ck_assert_int_eq(c->queries_missing, 0);
    ck_assert_int_eq(c->documents, 4);
    ck_assert_int_eq(c->documents_missing, 1);
    ck_assert_int_eq(c->queries_without_relevant, 1);
    ck_assert_msg(strstr(beir->note, "qrels/test.tsv: 1 of 4 judgements names what isn't there: 1 of 4 relevant "
                                     "documents (\"ghost\") is not in corpus.jsonl"),
                  "%s", beir->note);
    tern_beir_free(beir);
    put_set(good_corpus, good_queries, "q2\ta\t1\nx\ta\t1\nq1\ty\t1\nq1\tb\t1\nz\td\t-1\n");
    beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_msg(beir != NULL, "%s", error.message);
    ck_assert_int_eq(beir->coverage.judgements_missing, 2);
    ck_assert_int_eq(beir->coverage.queries_missing, 1);
    ck_assert_msg(strstr(beir->note, "2 of 4 judgements name what isn't there: 1 of 3 judged queries (\"x\") is not in "
                                     "queries.jsonl, 1 of 3 relevant documents (\"y\") is not in corpus.jsonl"),
                  "%s", beir->note);
    tern_beir_free(beir);
    put_set(good_corpus, good_queries, "q2\ta\t1\nq1\tb\t1\n7\td\t2\n");
    beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_ptr_null(beir->note);
    tern_beir_free(beir);
}
END_TEST

/* Half is a warning, more is a failure; the least grade of what counts decides. */
START_TEST(past_half_is_a_failure)
{
    put_set(good_corpus, good_queries, "q2\ta\t1\nq1\tx\t2\nq1\tb\t1\n7\ty\t1\n");
    tern_beir *beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_msg(beir && beir->note, "%s", error.message);
    tern_coverage c;
    char *note;
    ck_assert_int_lt(tern_beir_cover(beir, "set", "test", 2, &c, &note, &error), 0);
    ck_assert_int_eq(c.judgements, 1);
    ck_assert_int_eq(c.judgements_missing, 1);
    ck_assert_ptr_null(note);
    tern_beir_free(beir);
    expect_failure(
        good_corpus, good_queries, "q2\ta\t1\nq1\tx\t2\nq1\tz\t1\n7\ty\t1\n", "test",
        "3 of 4 judgements name what isn't there: 3 of 4 relevant documents (\"x\", \"z\", \"y\") are not in "
        "corpus.jsonl; are they of another data set or split?");
    expect_failure(good_corpus, good_queries, "q2\ta\t1\nx1\ta\t2\nx2\ta\t1\n", "test",
                   "2 of 3 judged queries (\"x1\", \"x2\") are not in queries.jsonl");
}
END_TEST

START_TEST(the_cause_is_named_where_it_can_be_seen)
{
    static const struct {
        const char *qrels, *says;
    } causes[] = {
        {"q1\tA\t1\nq2\tB\t1\n", "\"A\" is \"a\" in corpus.jsonl: they differ in upper and lower case"},
        {"q1\ta \t1\nq2\tb \t1\n", "\"a \" is \"a\" in corpus.jsonl: they differ by blanks around them"},
        {"\xC2\xA0q1\ta\t1\n", "is \"q1\" in queries.jsonl: they differ by blanks around them"},
        {"\"q1\"\t\"a\"\t1\n", "\"\"q1\"\" is \"q1\" in queries.jsonl: they differ by quotes around them"},
        {"7.0\t12.0\t1\n", "\"7.0\" is \"7\" in queries.jsonl: they differ by a \".0\" behind a number"},
        {"007\t12\t1\n", "\"007\" is \"7\" in queries.jsonl: they differ by zeros before a number"},
        {"%711\ta\t1\n", "\"%711\" is \"q1\" in queries.jsonl: they differ by percent-encoding"},
        {"q1\t A\t1\n", "\" A\" is \"a\" in corpus.jsonl: they differ in how they are written"},
        {"a\tq1\t1\nb\tq2\t1\n", "its first column holds documents and its second queries"},
    };
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        expect_failure(good_corpus, good_queries, causes[i].qrels, "test", causes[i].says);
}
END_TEST

START_TEST(id_stands_in_for_a_missing__id)
{
    put_set("{\"id\": \"a\", \"text\": \"x\"}\n{\"_id\": \"b\", \"id\": \"c\", \"text\": \"y\"}\n",
            "{\"id\": 7, \"text\": \"z\"}\n", "7\ta\t1\n7\tb\t1\n");
    tern_beir *beir = tern_beir_read(tern_test_path("set"), "test", 0, &error);
    ck_assert_msg(beir != NULL, "%s", error.message);
    ck_assert_str_eq(beir->query_ids[0], "7");
    ck_assert_str_eq(beir->doc_ids[0], "a");
    ck_assert_str_eq(beir->doc_ids[1], "b");
    tern_beir_free(beir);
    expect_failure("{\"id\": \"\", \"text\": \"x\"}\n", good_queries, good_qrels, "test",
                   "corpus.jsonl:1: \"id\" is empty");
}
END_TEST

START_TEST(splits_come_in_the_order_of_work)
{
    char **names;
    put_set(good_corpus, good_queries, good_qrels);
    static const char *const more[] = {"validation", "train", "another", "dev"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        char *name = tern_format("qrels/%s.tsv", more[i]);
        put(name, good_qrels);
        free(name);
    }
    static const char *const want[] = {"train", "dev", "test", "another", "validation"};
    ck_assert_uint_eq(tern_beir_splits(tern_test_path("set"), &names), 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(names[i], want[i]);
        free(names[i]);
    }
    free(names);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        char *name = tern_format("set/qrels/%s.tsv", more[i]);
        remove(tern_test_path(name));
        free(name);
    }
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
    tcase_add_test(tc, what_judgements_name_and_isnt_there_is_counted);
    tcase_add_test(tc, past_half_is_a_failure);
    tcase_add_test(tc, the_cause_is_named_where_it_can_be_seen);
    tcase_add_test(tc, id_stands_in_for_a_missing__id);
    tcase_add_test(tc, splits_come_in_the_order_of_work);
    tcase_add_test(tc, a_corpus_is_read_alone);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, no_truncation_crashes);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
