/* eval/trec_run.c: runs written and read back, and files that are no runs. */
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "eval/trec_run.h"
#include "support.h"

#include <math.h>
#include <string.h>

static tern_trec_run *read_text(const char *text, size_t n, tern_error *error)
{
    const char *path = tern_test_path("a.run");
    FILE *f = fopen(path, "wb"); /* without tern_file_write's fsync: there are thousands */
    ck_assert(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
    return tern_trec_run_read(path, 0, error);
}

static void check_file(const char *path, const char *want)
{
    char *text;
    ck_assert_int_eq(tern_file_read(path, 0, &text, NULL, NULL), 0);
    ck_assert_str_eq(text, want);
    free(text);
}

START_TEST(ids_with_white_space_survive_percent_encoded)
{
    /* White space of ASCII and of Unicode, controls, and percent signs with and without digits behind them. */
    static const char *const ids[] = {
        "\"as is\" clause with carveouts",
        "tab\there",
        "new\nline",
        "100%",
        "a%20b",
        "%%20",
        "%2 0",
        "%2",
        "%zz",
        "%",
        "\xC2\xA0nbsp",
        "\xE3\x80\x80wide",
        "\xE2\x80\xA8",
        "\x01",
        "\x7F",
        "plain",
        "\xC3\xA9t\xC3\xA9",
        "%25",
        "% 41",
        "\xEF\xBB\xBFmark",
        "\xEF\xBB\xBF",
        "PAR1",
    };
    enum { N = sizeof ids / sizeof *ids };
    const char *path = tern_test_path("ids.run");
    tern_error error = {{0}};
    tern_trec_run *out = tern_trec_run_create();
    for (int q = 0; q < N; q++) {
        tern_trec_run_add_query(out, ids[q]);
        for (int d = 0; d < N; d++)
            tern_trec_run_add_doc(out, ids[d], (float)(N - d) / 3);
    }
    ck_assert_msg(tern_trec_run_write(out, path, "tern", 0, &error) == 0, "%s", error.message);
    tern_trec_run *in = tern_trec_run_read(path, 0, &error);
    ck_assert_msg(in, "%s", error.message);
    ck_assert_int_eq(in->n_queries, N);
    for (int64_t q = 0; q < N; q++) {
        int known = 0;
        for (int i = 0; i < N; i++)
            known += !strcmp(tern_trec_run_query(in, q), ids[i]);
        ck_assert_int_eq(known, 1);
        ck_assert_int_eq(in->start[q + 1] - in->start[q], N);
        for (int d = 0; d < N; d++) {
            ck_assert_str_eq(tern_trec_run_doc(in, in->start[q] + d), ids[d]);
            ck_assert_float_eq(in->scores[in->start[q] + d], (float)(N - d) / 3);
        }
    }
    tern_trec_run_free(in);
    tern_trec_run_free(out);
}
END_TEST

START_TEST(a_run_is_written_as_trec_eval_reads_it)
{
    const char *path = tern_test_path("b.run");
    tern_trec_run *run = tern_trec_run_create();
    tern_trec_run_add_query(run, "a query");
    tern_trec_run_add_doc(run, "d 1", 0.5f);
    tern_trec_run_add_doc(run, "50%", 0.1f);
    tern_trec_run_add_query(run, "empty");
    tern_trec_run_add_query(run, "q2");
    tern_trec_run_add_doc(run, "%41", -1);
    ck_assert_int_eq(tern_trec_run_write(run, path, "my model", 0, NULL), 0);
    check_file(path, "a%20query Q0 d%201 1 0.5 my%20model+percent-encoded\n"
                     "a%20query Q0 50% 2 0.100000001 my%20model+percent-encoded\n"
                     "q2 Q0 %2541 1 -1 my%20model+percent-encoded\n");
    tern_error error = {{0}};
    ck_assert_int_lt(tern_trec_run_write(run, path, "x", 0, &error), 0);
    ck_assert_int_eq(tern_trec_run_write(run, path, "x", 1, &error), 0);
    tern_trec_run_add_doc(run, "", 0);
    ck_assert_int_lt(tern_trec_run_write(run, path, "x", 1, &error), 0);
    ck_assert_msg(strstr(error.message, "empty id"), "%s", error.message);
    tern_trec_run_free(run);
}
END_TEST

/* Without white space nothing needs encoding, and nothing is marked: ids are what any reader sees. */
START_TEST(a_run_without_white_space_is_written_as_it_is)
{
    const char *path = tern_test_path("plain.run");
    tern_trec_run *run = tern_trec_run_create();
    tern_trec_run_add_query(run, "100%");
    tern_trec_run_add_doc(run, "\xC3\xA9t\xC3\xA9", 0.5f);
    ck_assert_int_eq(tern_trec_run_write(run, path, "tern", 1, NULL), 0);
    check_file(path, "100% Q0 \xC3\xA9t\xC3\xA9 1 0.5 tern\n");
    tern_trec_run_free(run);
}
END_TEST

static void expect_ids(const char *text, const char *query, const char *doc)
{
    tern_error error = {{0}};
    tern_trec_run *run = tern_trec_run_of_memory("a.run", text, strlen(text), 0, &error);
    ck_assert_msg(run, "%s", error.message);
    ck_assert_int_eq(run->n_queries, 1);
    ck_assert_str_eq(tern_trec_run_query(run, 0), query);
    ck_assert_str_eq(tern_trec_run_doc(run, 0), doc);
    tern_trec_run_free(run);
}

START_TEST(ids_of_foreign_runs_stay_as_they_stand)
{
    expect_ids("q1 Q0 http://x.org/a%20b 1 0.8 x\n", "q1", "http://x.org/a%20b");
    expect_ids("enwiki:Candy%20making Q0 Caf%C3%A9 1 0.8 x\n", "enwiki:Candy%20making", "Caf%C3%A9");
    expect_ids("a%2541 Q0 %25 1 0.8 tern\n", "a%2541", "%25");
    expect_ids("a%20b Q0 c%20d 1 0.8 percent-encoded\n", "a%20b", "c%20d");
    expect_ids("a%20b Q0 c%20d 1 0.8 tern+percent-encoded2\n", "a%20b", "c%20d");
    expect_ids("a%20b Q0 c%2541%00%zz%2 1 0.8 tern+percent-encoded\n", "a b", "c%41%00%zz%2");
    expect_ids("a%20b Q0 %25 1 0.8 my%20run+percent-encoded\r\n", "a b", "%");
    expect_ids("\xEF\xBB\xBFq1 Q0 d1 1 0.9 x\n", "q1", "d1");
    expect_ids("\xEF\xBB\xBF\n\nq1 Q0 d1 1 .9E0 x", "q1", "d1");
}
END_TEST

/* Two runs in one file, of which tern wrote one. */
START_TEST(each_line_says_for_itself_whether_it_is_encoded)
{
    static const char text[] = "q%201 Q0 d%201 1 0.5 x\nq%201 Q0 d%201 1 0.5 tern+percent-encoded\n";
    tern_error error = {{0}};
    tern_trec_run *run = tern_trec_run_of_memory("a.run", text, sizeof text - 1, 0, &error);
    ck_assert_msg(run, "%s", error.message);
    ck_assert_int_eq(run->n_queries, 2);
    ck_assert_str_eq(tern_trec_run_query(run, 0), "q 1");
    ck_assert_str_eq(tern_trec_run_doc(run, 0), "d 1");
    ck_assert_str_eq(tern_trec_run_query(run, 1), "q%201");
    tern_trec_run_free(run);
}
END_TEST

/* Queries by turns and grouped, lines across every border of the blocks that files are read in. */
START_TEST(long_files_read_as_their_bytes_in_memory)
{
    enum { QUERIES = 300, DOCS = 60 };
    tern_buffer grouped = {0}, scattered = {0};
    for (int q = 0; q < QUERIES; q++)
        for (int d = 0; d < DOCS; d++)
            tern_buffer_printf(&grouped, "query-%d Q0 doc-%d %d %d.25 some_long_tag_of_a_system\n%s", q,
                               (q * 7 + d * 13) % 997, d + 1, (q * d) % 17, d % 11 ? "" : " \r\n");
    for (int d = 0; d < DOCS; d++)
        for (int q = QUERIES - 1; q >= 0; q--)
            tern_buffer_printf(&scattered, "query-%d Q0 doc-%d %d %d.25 t\n", q, (q * 7 + d * 13) % 997, d + 1,
                               (q * d) % 17);
    tern_error error = {{0}};
    tern_trec_run *a = read_text(grouped.data, grouped.n, &error);
    ck_assert_msg(a, "%s", error.message);
    ck_assert_uint_gt(grouped.n, 3 << 18);
    tern_trec_run *b = tern_trec_run_of_memory("b", grouped.data, grouped.n, 0, &error);
    tern_trec_run *c = read_text(scattered.data, scattered.n, &error);
    ck_assert(b && c);
    ck_assert_int_eq(a->n_queries, QUERIES);
    ck_assert_int_eq(a->start[QUERIES], QUERIES * DOCS);
    ck_assert_uint_le(tern_run_ids_count(a->ids), QUERIES + 997);
    for (int64_t q = 0; q < QUERIES; q++) {
        ck_assert_str_eq(tern_trec_run_query(a, q), tern_trec_run_query(b, q));
        ck_assert_str_eq(tern_trec_run_query(a, q), tern_trec_run_query(c, q));
        for (int64_t i = a->start[q]; i < a->start[q + 1]; i++) {
            ck_assert_str_eq(tern_trec_run_doc(a, i), tern_trec_run_doc(b, i));
            ck_assert_str_eq(tern_trec_run_doc(a, i), tern_trec_run_doc(c, i));
            ck_assert_float_eq(a->scores[i], b->scores[i]);
            ck_assert_float_eq(a->scores[i], c->scores[i]);
            ck_assert(i == a->start[q] || a->scores[i - 1] >= a->scores[i]);
        }
    }
    /* The first line again, at the end. */
    tern_buffer_printf(&grouped, "query-0 Q0 doc-0 1 9 t\n");
    ck_assert_ptr_null(read_text(grouped.data, grouped.n, &error));
    char want[80];
    snprintf(want, sizeof want, ":%d: document \"doc-0\" was given for query \"query-0\" on line 1 already",
             QUERIES * (DOCS + (DOCS + 10) / 11) + 1);
    ck_assert_msg(strstr(error.message, want), "%s lacks %s", error.message, want);
    tern_trec_run_free(a);
    tern_trec_run_free(b);
    tern_trec_run_free(c);
    tern_buffer_free(&grouped);
    tern_buffer_free(&scattered);
}
END_TEST

START_TEST(a_line_without_an_end_is_refused_early)
{
    size_t n = 3 << 20;
    char *text = tern_alloc(n, 1);
    memset(text, 'x', n);
    tern_error error = {{0}};
    ck_assert_ptr_null(read_text(text, n, &error));
    ck_assert_msg(strstr(error.message, "a.run:1: the line is longer than 1 MB"), "%s", error.message);
    free(text);
}
END_TEST

START_TEST(ids_are_kept_once_and_found_again)
{
    enum { N = 20000 };
    tern_run_ids *ids = tern_run_ids_create();
    static uint32_t number[N];
    char id[32];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < N; i++) {
            uint32_t got;
            int n = i == 0 ? 0 : snprintf(id, sizeof id, "%d", i * i);
            ck_assert_int_eq(tern_run_ids_add(ids, id, (size_t)n, &got), 0);
            ck_assert(round == 0 || got == number[i]);
            number[i] = got;
        }
    ck_assert_uint_eq(tern_run_ids_count(ids), N);
    ck_assert_str_eq(tern_run_ids_get(ids, number[0]), "");
    ck_assert_str_eq(tern_run_ids_get(ids, number[77]), "5929");
    tern_run_ids_free(ids);
}
END_TEST

START_TEST(order_is_by_score_as_float_then_id_descending_whatever_the_ranks_say)
{
    static const char text[] = "q2 Q0 a 1 0.5 t\n"
                               "q1 0 x 1 1 t\n\r\n"
                               "q2 Q0 b 1 0.500000000001 t\r\n"
                               "  q2\tQ0 c 1 0.4  t \n"
                               "q1 0 y 9 1e3 t\n"
                               "q2 Q0 d 1 9 t";
    tern_error error = {{0}};
    tern_trec_run *run = read_text(text, strlen(text), &error);
    ck_assert_msg(run, "%s", error.message);
    ck_assert_int_eq(run->n_queries, 2);
    ck_assert_str_eq(tern_trec_run_query(run, 0), "q1");
    static const char *const order[] = {"y", "x", "d", "b", "a", "c"};
    ck_assert_int_eq(run->start[2], 6);
    for (int i = 0; i < 6; i++)
        ck_assert_str_eq(tern_trec_run_doc(run, i), order[i]);
    tern_trec_run_free(run);
}
END_TEST

START_TEST(what_is_no_run_is_refused_with_path_and_line)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "empty"},
        {"\n \n", "empty"},
        {"q Q0 d 1 0.5 t\nq Q0 d2 2 0.4\n", ":2: the line has 5 columns"},
        {"q Q0 d d 1 0.5 t\n", ":1: the line has 7 columns"},
        {"q Q0 d 1 high t\n", ":1: the score \"high\""},
        {"q Q0 d 1 0,9 t\n", ":1: the score \"0,9\" is not a number; write it with a decimal point"},
        {"q Q0 d 1 0.5 my tag\n", ":1: the line has 7 columns; a run has six, none of them with blanks"},
        {"q Q0 d 1 0.5x t\n", ":1: the score"},
        {"q Q0 d 1 nan t\n", ":1: the score"},
        {"q Q0 d 1 0.5 t\np Q0 d 1 0.5 t\nq Q0 d 2 0.4 t\n", ":3: document \"d\" was given for query \"q\" on line 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tern_error error = {{0}};
        ck_assert_ptr_null(read_text(bad[i].text, strlen(bad[i].text), &error));
        ck_assert_msg(strstr(error.message, bad[i].says), "%s", error.message);
        ck_assert_msg(strstr(error.message, "a.run"), "%s", error.message);
    }
    tern_error error = {{0}};
    ck_assert_ptr_null(read_text("q Q0 d\0 1 0.5 t\n", 16, &error));
    ck_assert_msg(strstr(error.message, ":1: the line holds a 0 byte"), "%s", error.message);
    ck_assert_ptr_null(read_text("\x1F\x8B\x08 compressed", 13, &error));
    ck_assert_msg(strstr(error.message, "gzip"), "%s", error.message);
    static const char latin[] = "caf\xE9 Q0 d\xE9 1 0.5 t\n";
    tern_trec_run *run = tern_trec_run_of_memory("a", latin, sizeof latin - 1, 0, &error);
    ck_assert_str_eq(tern_trec_run_query(run, 0), "caf\xE9");
    tern_trec_run_free(run);
    run = tern_trec_run_of_memory("a", latin, sizeof latin - 1, 1, &error);
    ck_assert_str_eq(tern_trec_run_query(run, 0), "caf\xEF\xBF\xBD");
    ck_assert_str_eq(tern_trec_run_doc(run, 0), "d\xEF\xBF\xBD");
    tern_trec_run_free(run);
    ck_assert_ptr_null(tern_trec_run_read(tern_test_path("absent.run"), 0, &error));
}
END_TEST

START_TEST(a_score_may_have_any_number_of_digits)
{
    char text[200];
    tern_error error = {{0}};
    size_t n = (size_t)snprintf(text, sizeof text, "q Q0 d 1 0.5%0100d t\n", 0);
    tern_trec_run *run = tern_trec_run_of_memory("a.run", text, n, 0, &error);
    ck_assert_msg(run, "%s", error.message);
    ck_assert_float_eq(run->scores[0], 0.5f);
    tern_trec_run_free(run);
}
END_TEST

/* One line, whose end comes with the second block of the file: what is behind the mark is the id's. */
START_TEST(one_mark_is_passed_over)
{
    static const char text[] = "\xEF\xBB\xBF\xEF\xBB\xBFq Q0 d 1 1 t";
    tern_error error = {{0}};
    tern_trec_run *run = read_text(text, sizeof text - 1, &error);
    ck_assert_str_eq(tern_trec_run_query(run, 0), "\xEF\xBB\xBFq");
    tern_trec_run_free(run);
}
END_TEST

START_TEST(cuts_and_random_changes_never_crash)
{
    static const char good[] =
        "q%201 Q0 doc-1 1 0.75 t+percent-encoded\nq%201 Q0 doc%2 2 -1e-3 t\nq2 Q0 doc-1 1 inf t\n";
    char text[sizeof good];
    for (size_t n = 0; n < sizeof good; n++) {
        tern_error error = {{0}};
        tern_trec_run *run = read_text(good, n, &error);
        ck_assert(run || *error.message);
        tern_trec_run_free(run);
    }
    for (uint64_t round = 0; round < 1000; round++) {
        memcpy(text, good, sizeof good);
        for (uint64_t change = 0; change < 3; change++)
            text[tern_random_below(sizeof good - 1, round, change, 0, 0)] = (char)tern_random(round, change, 1, 0);
        tern_error error = {{0}};
        tern_trec_run *run = read_text(text, sizeof good - 1, &error);
        ck_assert(run || *error.message);
        tern_trec_run_free(run);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trec_run");
    TCase *tc = tcase_create("trec_run");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, ids_with_white_space_survive_percent_encoded);
    tcase_add_test(tc, a_run_is_written_as_trec_eval_reads_it);
    tcase_add_test(tc, a_run_without_white_space_is_written_as_it_is);
    tcase_add_test(tc, ids_of_foreign_runs_stay_as_they_stand);
    tcase_add_test(tc, each_line_says_for_itself_whether_it_is_encoded);
    tcase_add_test(tc, long_files_read_as_their_bytes_in_memory);
    tcase_add_test(tc, a_line_without_an_end_is_refused_early);
    tcase_add_test(tc, ids_are_kept_once_and_found_again);
    tcase_add_test(tc, order_is_by_score_as_float_then_id_descending_whatever_the_ranks_say);
    tcase_add_test(tc, what_is_no_run_is_refused_with_path_and_line);
    tcase_add_test(tc, a_score_may_have_any_number_of_digits);
    tcase_add_test(tc, one_mark_is_passed_over);
    tcase_add_test(tc, cuts_and_random_changes_never_crash);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
