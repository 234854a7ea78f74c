/* What a terminal may get of names and texts: base/visible.c, and errors, which go through it. */
#include "base/error.h"
#include "base/visible.h"

#include "tests/support.h"

#include <string.h>

static const struct {
    const char *given, *name, *text;
} cases[] = {
    {"plain", "plain", "plain"},
    {"", "", ""},
    {"a\033[2Jb", "a?[2Jb", "a [2Jb"},
    {"a\nb\tc\r", "a?b?c?", "a b c "},
    {"  two  blanks", "  two  blanks", "two blanks"},
    {"del\x7F", "del?", "del "},
    {"c1\xC2\x9B"
     "31m",
     "c1?31m", "c1 31m"},
    {"next\xC2\x85line", "next?line", "next line"},
    {"line\xE2\x80\xA8paragraph\xE2\x80\xA9", "line?paragraph?", "line paragraph "},
    {"no\xC2\xA0"
     "break",
     "no\xC2\xA0"
     "break",
     "no break"},
    /* Overrides, embeddings, isolates, marks. */
    {"\xE2\x80\xAE"
     "exe.txt\xE2\x80\xAC",
     "?exe.txt?", "exe.txt"},
    {"\xE2\x81\xA6x\xE2\x81\xA9\xE2\x80\x8F\xD8\x9C", "?x???", "x"},
    /* Zero width: space, joiner and non-joiner between Latin letters, word joiner, byte order mark, soft hyphen. */
    {"an\xE2\x80\x8B"
     "chor",
     "an?chor", "anchor"},
    {"a\xE2\x80\x8D"
     "b\xE2\x80\x8C",
     "a?b?", "ab"},
    {"\xEF\xBB\xBFid\xE2\x81\xA0\xC2\xAD", "?id??", "id"},
    /* Fillers and tags. */
    {"x\xE3\x85\xA4\xF3\xA0\x81\x81", "x??", "x"},
    /* Joiners that are at work: a family, Persian, Devanagari. */
    {"\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9",
     "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9"},
    {"\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE", "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE",
     "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE"},
    {"\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7", "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7",
     "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7"},
    /* A joiner beside a filler, which doesn't stay, joins nothing. */
    {"\xE1\x85\x9F\xE2\x80\x8C\xD9\x85", "??\xD9\x85", "\xD9\x85"},
    {"\xD9\x85\xE2\x80\x8C\xE1\x85\x9F", "\xD9\x85??", "\xD9\x85"},
    /* Not UTF-8: a lone byte, an overlong form, a surrogate, a sequence that breaks off; and a noncharacter. */
    {"a\x80z", "a?z", "a z"},
    {"\xC0\xAF", "??", ""},
    {"\xED\xA0\x80", "???", ""},
    {"a\xE2\x82", "a??", "a "},
    {"\xEF\xBF\xBF", "?", ""},
    /* Letters of all kinds stay. */
    {"Größe 東京 Ελλάδα עברית", "Größe 東京 Ελλάδα עברית", "Größe 東京 Ελλάδα עברית"},
    /* Two marks on one letter (Vietnamese, decomposed). */
    {"e\xCC\x82\xCC\x81", "e\xCC\x82\xCC\x81", "e\xCC\x82\xCC\x81"},
};

static const char *made_of(const char *given, unsigned how)
{
    static char text[256];
    strcpy(text, given);
    size_t n = tern_visible(text, strlen(given), how);
    ck_assert_uint_le(n, strlen(given));
    text[n] = 0;
    return text;
}

START_TEST(what_a_terminal_must_not_get_is_replaced_in_names_and_left_out_of_texts)
{
    ck_assert_str_eq(made_of(cases[_i].given, 0), cases[_i].name);
    ck_assert_str_eq(made_of(cases[_i].given, TERN_VISIBLE_TEXT), cases[_i].text);
    /* What was made visible is visible. */
    ck_assert_str_eq(made_of(cases[_i].name, 0), cases[_i].name);
    ck_assert_str_eq(made_of(cases[_i].text, TERN_VISIBLE_TEXT), cases[_i].text);
}
END_TEST

START_TEST(combining_marks_have_an_end)
{
    char text[1024] = "Z";
    size_t n = 1;
    for (int i = 0; i < 300; i++, n += 2)
        memcpy(text + n, "\xCC\x81", 2);
    memcpy(text + n, "a\xCC\x81", 3);
    n = tern_visible(text, n + 3, 0);
    ck_assert_uint_eq(n, 1 + 6 * 2 + 3);
    ck_assert_int_eq(memcmp(text + n - 3, "a\xCC\x81", 3), 0);
}
END_TEST

START_TEST(lines_and_zeros_inside)
{
    char text[] = "a\nb\033\n";
    size_t n = tern_visible(text, strlen(text), TERN_VISIBLE_LINES);
    ck_assert_int_eq(memcmp(text, "a\nb?\n", n), 0);
    char zero[] = "a\0b";
    ck_assert_uint_eq(tern_visible(zero, 3, 0), 3);
    ck_assert_str_eq(zero, "a?b");
}
END_TEST

START_TEST(every_byte_string_becomes_one_that_is_stable)
{
    unsigned state = 1;
    for (int round = 0; round < 20000; round++) {
        static const char parts[][5] = {"a",
                                        " ",
                                        "\n",
                                        "\033",
                                        "\xCC\x81",
                                        "\xE2\x80\x8D",
                                        "\xE2\x80\xAE",
                                        "\xF0\x9F\x91\xA8",
                                        "\xE6\x9D\xB1",
                                        "\x80",
                                        "\xE2",
                                        "\xF0\x9F"};
        char text[64] = "", again[64];
        for (int i = 0; i < 12; i++) {
            state = state * 1664525 + 1013904223;
            strcat(text, parts[(state >> 16) % (sizeof parts / sizeof *parts)]);
        }
        size_t n = tern_visible(text, strlen(text), 0);
        memcpy(again, text, n);
        ck_assert_uint_eq(tern_visible(again, n, 0), n);
        ck_assert_int_eq(memcmp(text, again, n), 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_int_ge((unsigned char)text[i], 0x20);
    }
}
END_TEST

static const struct {
    const char *text;
    int columns, wanted_columns;
    const char *wanted;
} cuts[] = {
    {"hello", 5, 5, "hello"},
    {"hello world", 8, 8, "hello..."},
    {"hello", 4, 4, "hell"},
    {"hello", 0, 0, ""},
    {"hello", -1, 0, ""},
    {"東京都庁", 8, 8, "東京都庁"},
    {"東京都庁", 7, 7, "東京..."},
    {"東京都庁", 3, 2, "東"},
    {"e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81",
     2, 2,
     "e\xCC\x81"
     "e\xCC\x81"},
    {"😀😀😀😀", 7, 7, "😀😀..."},
    {"a\nb\nc", 5, 5, "a b c"},
};

START_TEST(a_cut_counts_columns_and_falls_between_characters)
{
    char *cut = tern_visible_cut(cuts[_i].text, strlen(cuts[_i].text), cuts[_i].columns, TERN_VISIBLE_TEXT);
    ck_assert_str_eq(cut, cuts[_i].wanted);
    ck_assert_int_eq(tern_columns(cut, strlen(cut)), cuts[_i].wanted_columns);
    free(cut);
}
END_TEST

START_TEST(an_error_is_visible_whoever_wrote_what_it_quotes)
{
    tern_error error = {{0}};
    tern_fail(&error,
              "%s: no column \"an\xE2\x80\x8B"
              "chor\" \xC2\x9B"
              "31m \xE2\x80\xAE \xFF",
              "evil\033]0;x\a.csv");
    ck_assert_str_eq(error.message, "evil?]0;x?.csv: no column \"an?chor\" ?31m ? ?");
}
END_TEST

static Suite *visible_suite(void)
{
    Suite *suite = suite_create("visible");
    TCase *tcase = tcase_create("visible");
    tcase_add_loop_test(tcase, what_a_terminal_must_not_get_is_replaced_in_names_and_left_out_of_texts, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(tcase, combining_marks_have_an_end);
    tcase_add_test(tcase, lines_and_zeros_inside);
    tcase_add_test(tcase, every_byte_string_becomes_one_that_is_stable);
    tcase_add_loop_test(tcase, a_cut_counts_columns_and_falls_between_characters, 0, sizeof cuts / sizeof *cuts);
    tcase_add_test(tcase, an_error_is_visible_whoever_wrote_what_it_quotes);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return tern_test_run(visible_suite());
}
