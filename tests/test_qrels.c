#include "base/file.h"
#include "base/hash.h"
#include "data/beir.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;

static int read_bytes(tern_qrels *qrels, const char *bytes, size_t n)
{
    const char *path = tern_test_path("q.tsv");
    error = (tern_error){{0}};
    ck_assert_int_eq(tern_file_write(path, bytes, n, &error), 0);
    return tern_qrels_read(qrels, path, 0, &error);
}

static void expect_failure(const char *text, const char *words)
{
    tern_qrels qrels;
    ck_assert_int_eq(read_bytes(&qrels, text, strlen(text)), -1);
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
    tern_qrels_free(&qrels);
}

START_TEST(judgements_come_grouped_by_query_in_file_order)
{
    const char text[] = "query-id\tcorpus-id\tscore\nq 2\t\"d\" x\t1\nq1\td1\t-1\nq 2\td0\t2\r\nq 2\td0\t2\n";
    tern_qrels qrels;
    ck_assert_msg(read_bytes(&qrels, text, sizeof text - 1) == 0, "%s", error.message);
    ck_assert_int_eq(qrels.n_queries, 2);
    ck_assert_str_eq(qrels.query_ids[0], "q 2");
    ck_assert_str_eq(qrels.query_ids[1], "q1");
    ck_assert_int_eq(qrels.start[1], 2);
    ck_assert_int_eq(qrels.start[2], 3);
    ck_assert_str_eq(qrels.doc_ids[0], "\"d\" x");
    ck_assert_str_eq(qrels.doc_ids[1], "d0");
    ck_assert_int_eq(qrels.grades[1], 2);
    ck_assert_int_eq(qrels.grades[2], -1);
    tern_qrels_free(&qrels);
}
END_TEST

START_TEST(trec_form_and_a_missing_header_are_seen)
{
    tern_qrels qrels;
    ck_assert_int_eq(read_bytes(&qrels, "1 0 184 1\n1  Q0\td9   3\n", 23), 0);
    ck_assert_str_eq(qrels.doc_ids[1], "d9");
    ck_assert_int_eq(qrels.grades[1], 3);
    tern_qrels_free(&qrels);
    ck_assert_int_eq(read_bytes(&qrels, "q\td\t1.0", 7), 0);
    ck_assert_int_eq(qrels.grades[0], 1);
    tern_qrels_free(&qrels);
}
END_TEST

/* The same two judgements in every order of columns, and more columns beside them. */
START_TEST(columns_follow_the_names_of_the_header)
{
    static const char *const same[] = {
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\n",
        "corpus-id\tquery-id\tscore\nd1\tq1\t1\nd2\tq2\t2\n",
        "query-id\tscore\tcorpus-id\nq1\t1\td1\nq2\t2\td2\n",
        "score\tcorpus-id\tquery-id\n1\td1\tq1\n2\td2\tq2\n",
        "query-id\tQ0\tcorpus-id\tscore\nq1\t0\td1\t1\nq2\t0\td2\t2\n",
        "score\tquery-id\tcorpus-id\tnote\n1\tq1\td1\tfine\n2\tq2\td2\t\n",
        "\xEF\xBB\xBF\n\r\nDocID\tQID\tRelevance\r\nd1\tq1\t1\r\nd2\tq2\t2",
        "topic iter docno rel\nq1 0 d1 1\nq2 0 d2 2\n",
        "query_id corpus_id score\nq1 d1 1\nq2 d2 2\n",
        "doc\tquery\tgrade\nd1\tq1\t1\nd2\tq2\t2\n",
        "a\tb\tc\nq1\td1\t1\nq2\td2\t2\n",
        "corpus-id\tx\tscore\nd1\tq1\t1\nd2\tq2\t2\n",
        "q1 0 d1 1\nq2\t0\td2\t2\n",
        "q1\t0\td1\t1\nq2 0 d2 2\n",
        "q1\td1\t1 \nq2\td2\t 2.0\n",
        "q1 d1 1\nq2  d2 +2\n",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        tern_qrels qrels;
        ck_assert_msg(read_bytes(&qrels, same[i], strlen(same[i])) == 0, "%zu: %s", i, error.message);
        ck_assert_int_eq(qrels.n_queries, 2);
        for (int q = 0; q < 2; q++) {
            char query[] = {'q', (char)('1' + q), 0}, doc[] = {'d', (char)('1' + q), 0};
            ck_assert_msg(!strcmp(qrels.query_ids[q], query) && !strcmp(qrels.doc_ids[q], doc) &&
                              qrels.grades[q] == q + 1,
                          "%zu: %s %s %d", i, qrels.query_ids[q], qrels.doc_ids[q], qrels.grades[q]);
        }
        tern_qrels_free(&qrels);
    }
}
END_TEST

START_TEST(a_first_line_with_a_number_is_a_judgement)
{
    expect_failure("q\td\t0.5\n", "q.tsv:1: the grade \"0.5\" is not a whole number; grades are 0, 1, 2");
    expect_failure("q\td\tnan\nq\te\t1\n", "q.tsv:1: the grade \"nan\"");
    expect_failure("q\td\t1,5\nq\te\t1\n", "q.tsv:1: the grade \"1,5\"");
    expect_failure("q 0 d .5\n", "q.tsv:1: the grade \".5\"");
    expect_failure("query\tdoc\t1x\n", "q.tsv:1: the grade \"1x\"");
    tern_qrels qrels;
    ck_assert_int_eq(read_bytes(&qrels, "query\tdoc\t1\n", 12), 0);
    ck_assert_str_eq(qrels.query_ids[0], "query");
    tern_qrels_free(&qrels);
    const char blanks[] = "a b\t0\tmy doc\t1\nc\t0\td e\t 2\n";
    ck_assert_int_eq(read_bytes(&qrels, blanks, sizeof blanks - 1), 0);
    ck_assert_str_eq(qrels.query_ids[0], "a b");
    ck_assert_str_eq(qrels.doc_ids[1], "d e");
    ck_assert_int_eq(qrels.grades[1], 2);
    tern_qrels_free(&qrels);
}
END_TEST

START_TEST(bytes_in_memory_read_as_a_file)
{
    static const char text[] = "corpus-id\tquery-id\tscore\nd1\tq1\t1\n";
    tern_qrels qrels;
    ck_assert_int_eq(tern_qrels_of_memory(&qrels, "bytes", text, sizeof text - 1, 0, &error), 0);
    ck_assert_str_eq(qrels.query_ids[0], "q1");
    tern_qrels_free(&qrels);
    ck_assert_int_eq(tern_qrels_of_memory(&qrels, "bytes", text, sizeof text - 4, 0, &error), -1);
    ck_assert_msg(strstr(error.message, "bytes:2: 2 fields"), "%s", error.message);
}
END_TEST

START_TEST(invalid_utf8_is_replaced_when_asked)
{
    tern_qrels qrels;
    const char *path = tern_test_path("latin.tsv");
    tern_test_put_file(path, "caf\xE9\td\t1\n", 9);
    ck_assert_int_eq(tern_qrels_read(&qrels, path, 0, &error), -1);
    ck_assert_int_eq(tern_qrels_read(&qrels, path, 1, &error), 0);
    ck_assert_str_eq(qrels.query_ids[0], "caf\xEF\xBF\xBD");
    tern_qrels_free(&qrels);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    expect_failure("", "q.tsv: it holds no judgements");
    expect_failure("query-id\tcorpus-id\tscore\n", "q.tsv: it holds no judgements");
    expect_failure("hello\n", "q.tsv:1: neither");
    expect_failure("query-id\tcorpus-id\tscore\nq\td\n", "q.tsv:2: 2 fields where 3 are expected");
    expect_failure("query-id\tcorpus-id\tscore\nq\td\t1\tx\n", "q.tsv:2: 4 fields where 3 are expected");
    expect_failure("query-id\tcorpus-id\tscore\nq\td\tgood\n", "q.tsv:2: the grade \"good\" is not a whole number");
    expect_failure("query-id\tcorpus-id\tscore\nq\td\t1.5\n", "q.tsv:2: the grade \"1.5\"");
    expect_failure("query-id\tcorpus-id\tscore\nq\td\t99999999999\n", "q.tsv:2: the grade");
    expect_failure("query-id\tcorpus-id\tscore\nq\t\t1\n", "q.tsv:2: the document's id is empty");
    expect_failure("1 0 184 1\n1 0 184\n", "q.tsv:2: 3 fields where 4 are expected");
    expect_failure("query-id,corpus-id,score\nq,d,1\n", "separate the fields by tabs, not commas");
    expect_failure("query-id\tcorpus-id\tgood\tbad\nq\td\t1\t2\n", "q.tsv:1: the header doesn't say which columns");
    expect_failure("query-id\tquery-id\tscore\nq\td\t1\n", "q.tsv:1: the header doesn't say which columns");
    expect_failure("\tb\tscore\nq\td\t1\n", "q.tsv:1: the header doesn't say");
    expect_failure("1 0 184 rel\n", "q.tsv:1: neither");
    expect_failure("corpus-id\tquery-id\tscore\nd\tq\n", "q.tsv:2: 2 fields where 3 are expected");
    expect_failure("score\tcorpus-id\tquery-id\n1\td\t\n", "q.tsv:2: the query's id is empty");
    expect_failure("a\tb\tc\nq\td\t1\nq\te\t1\nq\td\t2\n",
                   "q.tsv:4: \"d\" for the query \"q\" has grade 2 here and 1 on "
                   "line 2");
}
END_TEST

START_TEST(no_truncation_or_mutation_crashes)
{
    const char text[] = "query-id\tcorpus-id\tscore\nq1\td1\t1\n\nq1\td2\t0\r\nq2\td\xC3\xA9\t-2\n";
    enum { N = sizeof text - 1 };
    char copy[N];
    tern_qrels qrels;
    for (size_t n = 0; n <= N; n++) {
        read_bytes(&qrels, text, n);
        tern_qrels_free(&qrels);
    }
    for (uint64_t i = 0; i < 2000; i++) {
        memcpy(copy, text, N);
        for (uint64_t k = 0; k < 3; k++)
            copy[tern_random_below(N, 3, i, k, 0)] = (char)tern_random_below(128, 3, i, k, 1);
        ck_assert(read_bytes(&qrels, copy, N) == 0 || error.message[0]);
        tern_qrels_free(&qrels);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("qrels");
    TCase *tc = tcase_create("qrels");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, judgements_come_grouped_by_query_in_file_order);
    tcase_add_test(tc, trec_form_and_a_missing_header_are_seen);
    tcase_add_test(tc, columns_follow_the_names_of_the_header);
    tcase_add_test(tc, a_first_line_with_a_number_is_a_judgement);
    tcase_add_test(tc, bytes_in_memory_read_as_a_file);
    tcase_add_test(tc, invalid_utf8_is_replaced_when_asked);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, no_truncation_or_mutation_crashes);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
