/* What a reading of rows finds besides them. */
#include "base/hash.h"
#include "base/memory.h"
#include "data/findings.h"
#include "data/roles.h"
#include "data/rows.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;
static tern_findings findings;
static tern_texts *texts;
static char said[4096];

static void setup(void)
{
    findings = (tern_findings){.go_on = 1, .quoting = -1};
    texts = tern_texts_create();
    said[0] = 0;
    error = (tern_error){{0}};
}

static void teardown(void)
{
    tern_findings_free(&findings);
    tern_texts_free(texts);
}

static void listen(void *context, const char *sentence)
{
    (void)context;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%s\n", sentence);
}

static tern_rows *read_as(const char *name, const char *text, tern_rows_source source)
{
    source.file = name;
    source.bytes = text;
    source.n_bytes = strlen(text);
    source.findings = &findings;
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    tern_findings_say(&findings, name, &(tern_naming){"--", " ", 1, 0}, listen, NULL);
    return rows;
}

static void expect_said(const char *name, const char *text, tern_rows_source source, const char *sentences)
{
    tern_rows *rows = read_as(name, text, source);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_str_eq(said, sentences);
    tern_rows_free(rows);
}

START_TEST(columns_without_a_role_are_named_once_with_what_they_look_like)
{
    expect_said("x.csv", "anchor,positive,neg,id\na,b,c,1\nd,e,f,2\n", (tern_rows_source){0},
                "x.csv: 2 columns are not used: neg, id; neg looks like a negative: name it with --negative neg, or "
                "rename it to negative_1\n");
    ck_assert_str_eq(findings.unused[0].name, "neg");
    ck_assert_int_eq(findings.unused[0].rows, 2);
    ck_assert_str_eq(tern_unused_role(&findings.unused[0]), "negative");
    ck_assert_ptr_null(tern_unused_role(&findings.unused[1]));
}
END_TEST

START_TEST(keys_of_any_row_are_found)
{
    expect_said("x.jsonl",
                "{\"anchor\": \"a\", \"positive\": \"b\"}\n"
                "{\"anchor\": \"c\", \"positive\": \"d\", \"hard_negative_2\": \"e\", \"meta\": {\"k\": 1}}\n",
                (tern_rows_source){0},
                "x.jsonl: 2 columns are not used: hard_negative_2 (in 1 row), meta (in 1 row); hard_negative_2 looks "
                "like a negative: name it with --negative hard_negative, or rename it to negative_1\n");
}
END_TEST

START_TEST(lists_of_texts_and_columns_of_zeros_and_ones_are_named_for_what_they_are)
{
    expect_said(
        "x.jsonl", "{\"q\": \"a\", \"pos\": [\"b\"], \"neg\": [\"c\", \"d\"], \"same\": 0}\n",
        (tern_rows_source){.anchor = "q"},
        "x.jsonl: 3 columns are not used: pos, neg, same; pos looks like a positive: name it with --positive pos, "
        "or rename it to positive; neg looks like a negative: name it with --negative neg, or rename it to "
        "negative_1; same looks like a label (0 in 1 row, 1 in 0): name it with --label same, or rename it to "
        "label\n");
}
END_TEST

START_TEST(lists_of_objects_are_named_for_what_they_are)
{
    expect_said(
        "x.jsonl", "{\"q\": \"a\", \"positive_passages\": [{\"text\": \"b\"}], \"neg_scores\": [1]}\n",
        (tern_rows_source){.anchor = "q"},
        "x.jsonl: 2 columns are not used: positive_passages, neg_scores; positive_passages looks like a positive "
        "but holds objects: write their texts alone, in a list\n");
}
END_TEST

START_TEST(negatives_with_their_number_at_once_are_used_and_that_is_said)
{
    tern_rows *rows = read_as("x.csv", "anchor,positive,negative2,negative1\na,b,c,d\n", (tern_rows_source){0});
    ck_assert_ptr_nonnull(rows);
    ck_assert_int_eq(rows->n_negatives, 2);
    ck_assert_str_eq(tern_texts_get(texts, rows->negative[0], NULL), "d");
    ck_assert_str_eq(said, "x.csv: negative1, negative2: read as negatives, as their names suggest\n");
    tern_rows_free(rows);
}
END_TEST

START_TEST(no_text_is_two_roles_by_its_number)
{
    /* "sentence" with numbers are the negatives, but not those that are something else already. */
    tern_rows *rows =
        read_as("x.csv", "sentence1,sentence2,sentence3\na,b,c\n",
                (tern_rows_source){.anchor = "sentence1", .positive = "sentence2", .negative = "sentence"});
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n_negatives, 1);
    tern_rows_free(rows);
}
END_TEST

START_TEST(a_negative_behind_a_gap_or_beside_another_is_not_dropped_in_silence)
{
    expect_said("x.csv", "anchor,positive,negative,neg_2\na,b,c,d\n", (tern_rows_source){0},
                "x.csv: 1 column is not used: neg_2; neg_2 looks like a negative: number the columns of negatives "
                "alike, negative_1, negative_2, ...\n");
}
END_TEST

START_TEST(missing_values_as_texts_are_counted)
{
    expect_said("x.csv", "anchor,positive\na,NaN\nNULL, nan \nb,\\N\nc,none\n", (tern_rows_source){0},
                "x.csv: \"anchor\" reads like a missing value in 1 of 4 rows (\"NULL\" in line 3); that is taken for a "
                "word: leave such rows out unless it is one\n"
                "x.csv: \"positive\" reads like a missing value in 3 of 4 rows (first \"NaN\" in line 2); that is "
                "taken for a word: leave such rows out unless it is one\n");
    ck_assert(tern_is_null_like("#N/A", 4) && tern_is_null_like("<NA>", 4) && tern_is_null_like("None", 4));
    ck_assert(!tern_is_null_like("", 0) && !tern_is_null_like("nano", 4) && !tern_is_null_like("none", 4));
}
END_TEST

START_TEST(labels_lose_their_blanks_and_are_counted)
{
    expect_said("x.csv", "anchor,label\na, sun\nb,sun\xC2\xA0\nc,sun\nd,shade\n", (tern_rows_source){0}, "");
    ck_assert_uint_eq(findings.n_labels, 2);
    ck_assert_str_eq(tern_texts_get(findings.labels, 0, NULL), "sun");
    ck_assert_int_eq(findings.label_rows[0], 3);
    ck_assert_int_eq(findings.label_rows[1], 1);
}
END_TEST

START_TEST(labels_that_are_one_number_are_named)
{
    expect_said("x.csv", "anchor,label\na,1\nb,1.0\nc, 1\nd,01\n", (tern_rows_source){0},
                "x.csv: the labels 1, 1.0, 01 are one number written in several ways, and count as different classes; "
                "write them alike\n");
}
END_TEST

START_TEST(all_faults_are_collected_and_the_first_ones_kept)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text, "anchor,positive,score\n,,x\n");
    for (int i = 0; i < 30; i++)
        tern_buffer_printf(&text, "a,\xE2\x80\x8B \xC2\xA0,1\nb,c,2\n");
    tern_buffer_printf(&text, "a,b\n");
    ck_assert_ptr_null(read_as("x.csv", text.data, (tern_rows_source){0}));
    ck_assert_int_eq(findings.n_faults, 34);
    ck_assert_int_eq(findings.n_rows, 61);
    ck_assert_ptr_nonnull(strstr(findings.fault[0], "x.csv:2: \"anchor\" is empty"));
    ck_assert_ptr_nonnull(strstr(findings.fault[2], "x.csv:2: \"score\" is \"x\" where a number is expected"));
    ck_assert_ptr_nonnull(strstr(findings.fault[TERN_MOST_FAULTS - 1], "\"positive\" is empty"));
    ck_assert_ptr_nonnull(strstr(error.message, "(and 33 more faults, which tern data check lists)"));
    tern_buffer_free(&text);
}
END_TEST

START_TEST(faults_of_lines_of_json_are_collected_too)
{
    ck_assert_ptr_null(read_as("x.jsonl",
                               "{\"anchor\": \"a\", \"label\": \" \"}\n{\"anchor\": \n{\"anchor\": 3, \"label\": 1}\n"
                               "{\"anchor\": \"b\", \"label\": \"x\", \"positive\": \"c\"}\n",
                               (tern_rows_source){0}));
    ck_assert_int_eq(findings.n_faults, 4);
    ck_assert_ptr_nonnull(strstr(findings.fault[0], "x.jsonl:1: \"label\" is empty"));
    ck_assert_ptr_nonnull(strstr(findings.fault[1], "x.jsonl:2: "));
    ck_assert_ptr_nonnull(strstr(findings.fault[3], "the first row lacks"));
}
END_TEST

START_TEST(without_go_on_the_first_fault_ends_the_reading)
{
    findings.go_on = 0;
    ck_assert_ptr_null(read_as("x.csv", "anchor,positive\n,b\nc,\n", (tern_rows_source){0}));
    ck_assert_int_eq(findings.n_faults, 0);
    ck_assert_ptr_nonnull(strstr(error.message, "x.csv:2: \"anchor\" is empty"));
}
END_TEST

START_TEST(only_columns_that_look_like_a_role_are_said_where_that_is_wanted)
{
    static const tern_naming naming = {"--", " ", 0, 1};
    tern_rows_free(read_as("x.csv", "anchor,positive,genre,same\na,b,c,0\nd,e,f,1\n", (tern_rows_source){0}));
    said[0] = 0;
    tern_findings_say(&findings, "x.csv", &naming, listen, NULL);
    ck_assert_str_eq(said,
                     "x.csv: 2 columns are not used: genre, same; same looks like a score (0 in 1 row, 1 in 1): name "
                     "it with --score same, or rename it to score\n");
    tern_findings_free(&findings);
    tern_rows_free(read_as("x.csv", "anchor,positive,genre\na,b,c\n", (tern_rows_source){0}));
    said[0] = 0;
    tern_findings_say(&findings, "x.csv", &naming, listen, NULL);
    ck_assert_str_eq(said, "");
}
END_TEST

/* Whatever the bytes are: rows without faults, or a sentence. */
START_TEST(no_mutation_crashes_where_faults_are_passed_over)
{
    static const char json[] = "{\"anchor\": \"a\", \"positive\": \"p\", \"neg\": [\"n\"], \"label\": 1}\n"
                               "{\"anchor\": \"b\", \"positive\": \"\\ud83d\\ude00\", \"x\": null, \"label\": \"z\"}\n";
    static const char tsv[] = "anchor\tpositive\tnegative1\tlabel\tx\n\"a\tp\"\tn\t1\t0\nb\tNaN\tm\t 1.0\t1\n";
    static const char bytes[] = "{}[]\":,.0e\n\t \"u\\d;\r\0\xE2\xFF";
    teardown();
    for (uint64_t round = 0; round < 4000; round++) {
        int form = (int)(round % 3);
        const char *from = form == 0 ? json : tsv;
        size_t n = strlen(from);
        char *text = tern_strndup(from, n);
        for (uint64_t i = 0; i < round % 5; i++)
            text[tern_random_below(n, 1, round, i, 0)] = bytes[tern_random_below(sizeof bytes - 1, 2, round, i, 0)];
        n = round % 7 == 0 ? tern_random_below(n, 3, round, 0, 0) : n;
        setup();
        tern_rows_source source = {.file = form == 0   ? "x.jsonl"
                                           : form == 1 ? "x.tsv"
                                                       : "x.csv",
                                   .bytes = text,
                                   .n_bytes = n,
                                   .findings = &findings,
                                   .invalid_utf8_replace = (int)(round & 8)};
        tern_rows *rows = tern_rows_read(&source, texts, &error);
        ck_assert(rows || error.message[0]);
        ck_assert(!rows || findings.n_faults == 0);
        tern_findings_say(&findings, "x", &(tern_naming){"--", " ", 1, 0}, listen, NULL);
        tern_rows_free(rows);
        teardown();
        free(text);
    }
    setup();
}
END_TEST

START_TEST(names_of_other_tools_are_known)
{
    static const char *const like[][2] = {
        {"Query", "anchor"},           {"sentence1", "anchor"},           {"sentence2", "positive"},
        {"POS", "positive"},           {"positive_passages", "positive"}, {"neg_1", "negative"},
        {"hard-negative", "negative"}, {"Hard Negatives", "negative"},    {"neg12", "negative"},
        {"is_duplicate", "label"},     {"similarity_score", "score"}};
    for (size_t i = 0; i < sizeof like / sizeof *like; i++)
        ck_assert_str_eq(tern_role_like(like[i][0]), like[i][1]);
    ck_assert_ptr_null(tern_role_like("id"));
    ck_assert_ptr_null(tern_role_like(""));
    ck_assert_ptr_null(tern_role_like("12"));
    ck_assert_ptr_null(tern_role_like("negligible"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("findings");
    TCase *tc = tcase_create("findings");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, columns_without_a_role_are_named_once_with_what_they_look_like);
    tcase_add_test(tc, keys_of_any_row_are_found);
    tcase_add_test(tc, lists_of_objects_are_named_for_what_they_are);
    tcase_add_test(tc, lists_of_texts_and_columns_of_zeros_and_ones_are_named_for_what_they_are);
    tcase_add_test(tc, negatives_with_their_number_at_once_are_used_and_that_is_said);
    tcase_add_test(tc, no_text_is_two_roles_by_its_number);
    tcase_add_test(tc, a_negative_behind_a_gap_or_beside_another_is_not_dropped_in_silence);
    tcase_add_test(tc, missing_values_as_texts_are_counted);
    tcase_add_test(tc, labels_lose_their_blanks_and_are_counted);
    tcase_add_test(tc, labels_that_are_one_number_are_named);
    tcase_add_test(tc, all_faults_are_collected_and_the_first_ones_kept);
    tcase_add_test(tc, faults_of_lines_of_json_are_collected_too);
    tcase_add_test(tc, without_go_on_the_first_fault_ends_the_reading);
    tcase_add_test(tc, only_columns_that_look_like_a_role_are_said_where_that_is_wanted);
    tcase_add_test(tc, no_mutation_crashes_where_faults_are_passed_over);
    tcase_add_test(tc, names_of_other_tools_are_known);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
