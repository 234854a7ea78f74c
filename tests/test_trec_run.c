/* eval/trec_run.c: runs written and read back, and files that are no runs. */
#include "base/file.h"
#include "base/hash.h"
#include "eval/trec_run.h"
#include "support.h"

#include <math.h>
#include <string.h>

static tern_trec_run *read_text(const char *text, size_t n, tern_error *error)
{
    const char *path = tern_test_path("a.run");
    FILE *f = fopen(path, "wb"); /* without tern_file_write's fsync: there are thousands */
    ck_assert(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
    return tern_trec_run_read(path, error);
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
    tern_trec_run *in = tern_trec_run_read(path, &error);
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
    check_file(path, "a%20query Q0 d%201 1 0.5 my%20model\n"
                     "a%20query Q0 50% 2 0.100000001 my%20model\n"
                     "q2 Q0 %2541 1 -1 my%20model\n");
    tern_error error = {{0}};
    ck_assert_int_lt(tern_trec_run_write(run, path, "x", 0, &error), 0);
    ck_assert_int_eq(tern_trec_run_write(run, path, "x", 1, &error), 0);
    tern_trec_run_add_doc(run, "", 0);
    ck_assert_int_lt(tern_trec_run_write(run, path, "x", 1, &error), 0);
    ck_assert_msg(strstr(error.message, "empty id"), "%s", error.message);
    tern_trec_run_free(run);
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
    ck_assert_ptr_null(tern_trec_run_read(tern_test_path("absent.run"), &error));
}
END_TEST

START_TEST(cuts_and_random_changes_never_crash)
{
    static const char good[] = "q%201 Q0 doc-1 1 0.75 t\nq%201 Q0 doc%2 2 -1e-3 t\nq2 Q0 doc-1 1 inf t\n";
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
    tcase_add_test(tc, order_is_by_score_as_float_then_id_descending_whatever_the_ranks_say);
    tcase_add_test(tc, what_is_no_run_is_refused_with_path_and_line);
    tcase_add_test(tc, cuts_and_random_changes_never_crash);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
