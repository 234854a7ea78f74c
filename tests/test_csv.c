#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/csv.h"
#include "tests/support.h"

#include <string.h>
#include <time.h>

static tern_error error;

static tern_csv *open_bytes(const char *bytes, size_t n, char separator)
{
    error = (tern_error){{0}};
    return tern_csv_of_memory("x.csv", bytes, n, separator, 0, &error);
}

static tern_csv *open_text(const char *text, char separator)
{
    return open_bytes(text, strlen(text), separator);
}

static void expect_row(tern_csv *csv, int64_t line, const char *first, const char *second)
{
    ck_assert_msg(tern_csv_next(csv, &error) == 1, "%s", error.message);
    ck_assert_str_eq(tern_csv_field(csv, 0, NULL), first);
    ck_assert_str_eq(tern_csv_field(csv, 1, NULL), second);
    ck_assert_int_eq(tern_csv_line(csv), line);
}

static void expect_end(tern_csv *csv)
{
    ck_assert_int_eq(tern_csv_next(csv, &error), 0);
    tern_csv_close(csv);
}

/* Reading fails, be it at once or later, with the words in the sentence. */
static void expect_failure(const char *text, char separator, const char *words)
{
    tern_csv *csv = open_text(text, separator);
    int status = csv ? 1 : -1;
    while (status > 0)
        status = tern_csv_next(csv, &error);
    ck_assert_int_eq(status, -1);
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
    tern_csv_close(csv);
}

START_TEST(quoted_fields_hold_separators_quotes_and_new_lines)
{
    tern_csv *csv = open_text("a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\r\n1,2\n", ',');
    ck_assert_ptr_nonnull(csv);
    expect_row(csv, 2, "x,\"y\"", "two\nlines");
    expect_row(csv, 4, "1", "2");
    expect_end(csv);
}
END_TEST

START_TEST(byte_order_mark_crlf_blank_lines_and_a_missing_last_new_line_are_fine)
{
    tern_csv *csv = open_text("\xEF\xBB\xBF a ,b\r\n\r\n1,2\r\n\n3,", ',');
    ck_assert_ptr_nonnull(csv);
    ck_assert_int_eq(tern_csv_find(csv, "a"), 0);
    ck_assert_int_eq(tern_csv_find(csv, "c"), -1);
    expect_row(csv, 3, "1", "2");
    expect_row(csv, 5, "3", "");
    expect_end(csv);
}
END_TEST

START_TEST(quotes_inside_a_plain_field_are_characters)
{
    tern_csv *csv = open_text("a,b\n5\" disk,say \"hi\"\n", ',');
    expect_row(csv, 2, "5\" disk", "say \"hi\"");
    expect_end(csv);
}
END_TEST

START_TEST(a_quoted_empty_field_alone_is_a_row_and_an_empty_line_none)
{
    tern_csv *csv = open_text("a\n\n\"\"\nx\n", ',');
    ck_assert_int_eq(tern_csv_next(csv, &error), 1);
    ck_assert_str_eq(tern_csv_field(csv, 0, NULL), "");
    ck_assert_int_eq(tern_csv_line(csv), 3);
    ck_assert_int_eq(tern_csv_next(csv, &error), 1);
    ck_assert_str_eq(tern_csv_field(csv, 0, NULL), "x");
    expect_end(csv);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    expect_failure("", ',', "x.csv: it is empty");
    expect_failure("a,b\n1,2\n1,2,3\n", ',', "x.csv:3: the row has 3 fields, the header 2");
    expect_failure("a,b\n1\n", ',', "x.csv:2: the row has 1 field, the header 2");
    expect_failure("a,b\n\"1\n2\",\"never\n\n\n", ',', "x.csv:3: a quote opens in field 2 and never closes");
    expect_failure("a,b\n\"1\"2,3\n", ',', "x.csv:2: text follows the closing quote of field 1");
    expect_failure("a,a\n1,2\n", ',', "x.csv:1: two columns are named \"a\"");
    expect_failure("a,b\n1,\xE9\n", ',', "x.csv:2: invalid UTF-8 (byte 0xE9)");
    expect_failure("\xFF\xFE"
                   "a",
                   ',', "UTF-16");
    error = (tern_error){{0}};
    ck_assert_ptr_null(tern_csv_open("/nowhere/x.csv", ',', 0, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/x.csv"));
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
    ck_assert_ptr_null(open_bytes("a,b\n1,\0\n", 8, ','));
    ck_assert_ptr_nonnull(strstr(error.message, "x.csv:2: a NUL byte"));
}
END_TEST

START_TEST(invalid_utf8_is_replaced_on_request)
{
    const char *path = tern_test_path("latin.csv");
    ck_assert_int_eq(tern_file_write(path, "a,b\ncaf\xE9,x\n", 11, &error), 0);
    tern_csv *csv = tern_csv_open(path, ',', 1, &error);
    ck_assert_ptr_nonnull(csv);
    expect_row(csv, 2, "caf\xEF\xBF\xBD", "x");
    expect_end(csv);
}
END_TEST

START_TEST(tsv_with_quoting_is_read_as_quoted)
{
    tern_csv *csv = open_text("a\tb\n\"one, \"\"two\"\"\"\t\"\"\n\"x\"\ty\n", '\t');
    ck_assert_ptr_nonnull(csv);
    ck_assert_int_eq(tern_csv_is_quoted(csv), 1);
    expect_row(csv, 2, "one, \"two\"", "");
    expect_row(csv, 3, "x", "y");
    ck_assert_int_eq(tern_csv_quotes(csv), 3);
    expect_end(csv);
}
END_TEST

/* Issue 11, A9: two fields that begin and end with a quote of their own swallowed the rows between them. */
START_TEST(no_quoted_field_of_tsv_swallows_rows)
{
    tern_csv *csv = open_text("a\tb\n\"He said\tone\nrow two\ttwo\nthe end\"\tthree\n", '\t');
    ck_assert_msg(csv != NULL, "%s", error.message);
    ck_assert_int_eq(tern_csv_is_quoted(csv), 0);
    expect_row(csv, 2, "\"He said", "one");
    expect_row(csv, 3, "row two", "two");
    expect_row(csv, 4, "the end\"", "three");
    expect_end(csv);
    /* Within a row: a tab would be swallowed. */
    csv = open_text("a\tb\tc\n\"He said\tthe end\"\tx\n1\t2\t3\n", '\t');
    ck_assert_ptr_nonnull(csv);
    expect_row(csv, 2, "\"He said", "the end\"");
    expect_row(csv, 3, "1", "2");
    expect_end(csv);
    /* A "" in a row before doesn't make it a writer that quotes. */
    csv = open_text("a\tb\n\"so \"\"so\"\"\"\t1\n\"He said\tone\nthe end\"\tthree\n", '\t');
    ck_assert_ptr_nonnull(csv);
    expect_row(csv, 2, "\"so \"\"so\"\"\"", "1");
    expect_row(csv, 3, "\"He said", "one");
    expect_row(csv, 4, "the end\"", "three");
    expect_end(csv);
}
END_TEST

START_TEST(one_column_of_tsv_is_lines)
{
    tern_csv *csv = open_text("a\n\"He said\nthe end\"\n", '\t');
    ck_assert_ptr_nonnull(csv);
    ck_assert_int_eq(tern_csv_next(csv, &error), 1);
    ck_assert_str_eq(tern_csv_field(csv, 0, NULL), "\"He said");
    ck_assert_int_eq(tern_csv_next(csv, &error), 1);
    ck_assert_str_eq(tern_csv_field(csv, 0, NULL), "the end\"");
    expect_end(csv);
    expect_failure("a\n\"x \"\"y\"\"\nz\"\n", '\t',
                   "x.csv:2: field 1 begins with a quote that closes behind a new line only, "
                   "and another holds \"\"");
}
END_TEST

START_TEST(tsv_without_quoting_keeps_its_stray_quotes)
{
    tern_csv *csv = open_text("a\tb\n\"Yes,\" he said.\tHe agreed.\n\"never closed\tx\nz\t\"whole\"\n", '\t');
    ck_assert_msg(csv != NULL, "%s", error.message);
    ck_assert_int_eq(tern_csv_is_quoted(csv), 0);
    expect_row(csv, 2, "\"Yes,\" he said.", "He agreed.");
    expect_row(csv, 3, "\"never closed", "x");
    expect_row(csv, 4, "z", "\"whole\"");
    expect_end(csv);
}
END_TEST

START_TEST(a_tsv_file_that_fits_neither_way_names_the_quote_that_opened)
{
    expect_failure("a\tb\n\"x\ny\"\tz\n1\t2\n", '\t',
                   "x.csv:2: field 1 begins with a quote that closes behind a new line only, so that quotes would be "
                   "characters of the texts, but then line 2: the row has 1 field, the header 2; save it as CSV");
    expect_failure("a\tb\n\"tab\there\"\tz\n", '\t',
                   "x.csv:2: field 1 begins with a quote that closes behind a tab only");
    expect_failure("a\tb\n\"x\"\tz\n1\t\"open\nand\tmore\ttabs\n", '\t', "x.csv:3: a quote opens in field 2");
    /* "" comes from a writer that quotes, so the last quote was cut off. */
    expect_failure("a\tb\n\"x \"\"y\"\"\"\tz\n1\t\"open\n", '\t', "x.csv:3: a quote opens in field 2");
}
END_TEST

START_TEST(other_dialects_are_named_with_a_command)
{
    expect_failure("question;answer\na;b, c\n", ',',
                   "x.csv:1: its columns are separated by semicolons, and a .csv file is "
                   "read with commas; run: python3 -c 'import csv");
    expect_failure("\"a\";\"b\"\n\"1\";\"2\"\n", ',', "separated by semicolons");
    expect_failure("a|b|c\n1|2|3\n", ',', "delimiter=\"|\"");
    expect_failure("a\tb\n1\t2\n", ',',
                   "x.csv:1: its columns are separated by tabs, and a .csv file is read with commas; "
                   "run: cp ");
    expect_failure("a,b\n1,2\n", '\t', "separated by commas, and a .tsv file is read with tabs");
    expect_failure("sep=;\na;b\n1;2\n", ',', "x.csv:1: \"sep=;\" is a line for spreadsheets");
    expect_failure("\xEF\xBB\xBF\"sep=,\"\r\na,b\r\n1,2\r\n", ',', "run: tail -n +2 ");
    expect_failure("a,b\r1,2\rc,d\n", ',', "x.csv:1: lines end with CR alone");
    expect_failure("a, b\n1, \"2, 3\"\n", ',', "x.csv:2: a blank stands before the opening quote of field 2");
    expect_failure("a, b\n \"1\",2\n", ',', "skipinitialspace=True");
}
END_TEST

START_TEST(columns_of_these_names_are_no_dialects)
{
    static const char *const texts[] = {"a;b,c,d\n1,2,3\n", "a|b,c\n1,2\n", "\"a;b\"\n1\n", "sep=;x,b\n1,2\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tern_csv *csv = open_text(texts[i], ',');
        ck_assert_msg(csv != NULL, "%s", error.message);
        ck_assert_int_eq(tern_csv_next(csv, &error), 1);
        expect_end(csv);
    }
}
END_TEST

START_TEST(white_space_of_any_kind_around_names_is_dropped)
{
    tern_csv *csv = open_text("\xC2\xA0"
                              "a\xE2\x80\x8B,\xE3\x80\x80 b\xC2\xA0 \n1,2\n",
                              ',');
    ck_assert_ptr_nonnull(csv);
    ck_assert_int_eq(tern_csv_find(csv, "a"), 0);
    ck_assert_int_eq(tern_csv_find(csv, "b"), 1);
    tern_csv_close(csv);
    expect_failure("a,a\xC2\xA0\n1,2\n", ',', "two columns are named \"a\"");
}
END_TEST

START_TEST(reading_goes_on_behind_a_row_that_is_wrong)
{
    tern_csv *csv = open_text("a,b\n1\n\"x\"y,2\n3,4\n5,\"open\n", ',');
    ck_assert_int_eq(tern_csv_next(csv, &error), -1);
    ck_assert_int_eq(tern_csv_next(csv, &error), -1);
    expect_row(csv, 4, "3", "4");
    ck_assert_int_eq(tern_csv_next(csv, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "x.csv:5: a quote opens in field 2"));
    expect_end(csv);
}
END_TEST

START_TEST(memory_is_read_as_a_file_is)
{
    tern_csv *csv = tern_csv_of_memory("x.csv", "a,b\n1,2\n", 8, ',', 0, &error);
    ck_assert_ptr_nonnull(csv);
    expect_row(csv, 2, "1", "2");
    expect_end(csv);
    ck_assert_ptr_null(tern_csv_of_memory("x.csv", "", 0, ',', 0, &error));
}
END_TEST

/* Issue 11, B25: 9 s before, quadratic in the columns. */
START_TEST(a_hundred_thousand_columns_are_read_at_once)
{
    enum { COLUMNS = 100000 };
    tern_buffer text = {0};
    for (int row = 0; row < 3; row++)
        for (int i = 0; i < COLUMNS; i++)
            tern_buffer_printf(&text, "%scolumn_%d%s", row ? "x" : "", i, i + 1 < COLUMNS ? "," : "\n");
    clock_t start = clock();
    tern_csv *csv = tern_csv_of_memory("x.csv", text.data, text.n, ',', 0, &error);
    ck_assert_ptr_nonnull(csv);
    while (tern_csv_next(csv, &error) > 0)
        for (int i = 0; i < COLUMNS; i++) {
            char name[32];
            snprintf(name, sizeof name, "column_%d", i);
            ck_assert_int_eq(tern_csv_find(csv, name), i);
        }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_msg(seconds < 3, "%.1f s", seconds);
    tern_csv_close(csv);
    tern_buffer_free(&text);
}
END_TEST

/* Reads to the end or to an error; what is looked for is a crash. */
static void read_all(const char *bytes, size_t n, char separator)
{
    tern_csv *csv = open_bytes(bytes, n, separator);
    if (!csv) {
        ck_assert_uint_gt(strlen(error.message), 0);
        return;
    }
    int status;
    while ((status = tern_csv_next(csv, &error)) > 0)
        for (int i = 0; i < tern_csv_columns(csv); i++) {
            size_t length;
            const char *field = tern_csv_field(csv, i, &length);
            ck_assert_int_eq(field[length], 0);
        }
    tern_csv_close(csv);
}

START_TEST(no_truncation_or_mutation_crashes)
{
    const char text[] = "\xEF\xBB\xBFid,\"na\"\"me\"\r\n1,\"x,\n\"\"y\"\"\"\r\n\n\"\",caf\xC3\xA9\n3,4";
    enum { N = sizeof text - 1 };
    char copy[N];
    for (size_t n = 0; n <= N; n++) {
        read_all(text, n, ',');
        read_all(text, n, '\t');
    }
    for (uint64_t i = 0; i < 2000; i++) {
        memcpy(copy, text, N);
        for (uint64_t k = 0; k < 3; k++)
            copy[tern_random_below(N, 1, i, k, 0)] = "\",\n\r\t\0a\xFF"[tern_random_below(8, 1, i, k, 1)];
        read_all(copy, N, i % 2 ? ',' : '\t');
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tc = tcase_create("csv");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, quoted_fields_hold_separators_quotes_and_new_lines);
    tcase_add_test(tc, byte_order_mark_crlf_blank_lines_and_a_missing_last_new_line_are_fine);
    tcase_add_test(tc, quotes_inside_a_plain_field_are_characters);
    tcase_add_test(tc, a_quoted_empty_field_alone_is_a_row_and_an_empty_line_none);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, a_nul_byte_is_refused);
    tcase_add_test(tc, invalid_utf8_is_replaced_on_request);
    tcase_add_test(tc, tsv_with_quoting_is_read_as_quoted);
    tcase_add_test(tc, no_quoted_field_of_tsv_swallows_rows);
    tcase_add_test(tc, one_column_of_tsv_is_lines);
    tcase_add_test(tc, other_dialects_are_named_with_a_command);
    tcase_add_test(tc, columns_of_these_names_are_no_dialects);
    tcase_add_test(tc, white_space_of_any_kind_around_names_is_dropped);
    tcase_add_test(tc, reading_goes_on_behind_a_row_that_is_wrong);
    tcase_add_test(tc, memory_is_read_as_a_file_is);
    tcase_add_test(tc, a_hundred_thousand_columns_are_read_at_once);
    tcase_add_test(tc, tsv_without_quoting_keeps_its_stray_quotes);
    tcase_add_test(tc, a_tsv_file_that_fits_neither_way_names_the_quote_that_opened);
    tcase_add_test(tc, no_truncation_or_mutation_crashes);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
