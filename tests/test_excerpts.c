/* Texts that begin alike can be told apart at any width. The file is included, since cli/ is no library. */
#include "cli/excerpts.c"

#include "base/hash.h"
#include "tests/support.h"

#include <utf8proc.h>

static const char *const heading[] = {
    "Password reset and account recovery: open the settings and choose a new password",
    "Password reset and account recovery: ask the help desk for a code by telephone",
    "Password reset and account recovery: the link is valid for an hour",
    "Password reset and account recovery: the link is sent once a minute at most",
    "Another heading that begins with other words and is longer than its line too, by far",
};
enum { N_HEADING = sizeof heading / sizeof *heading };

static void check_columns(char **shown, int64_t n, int columns)
{
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg(tern_columns(shown[i], strlen(shown[i])) <= columns, "%d columns: %s", columns, shown[i]);
}

START_TEST(texts_below_one_heading_show_where_they_differ)
{
    for (int columns = 16; columns <= 200; columns++) {
        char **shown = tern_excerpts(heading, N_HEADING, columns);
        check_columns(shown, N_HEADING, columns);
        for (int i = 0; i < N_HEADING; i++)
            for (int k = 0; k < i; k++)
                ck_assert_msg(strcmp(shown[i], shown[k]) != 0, "%d columns: %s", columns, shown[i]);
        tern_excerpts_free(shown, N_HEADING);
    }
    char **shown = tern_excerpts(heading, N_HEADING, 40);
    ck_assert_str_eq(shown[0], "Password r... open the settings and c...");
    ck_assert_str_eq(shown[2], "Password r... valid for an hour");
    ck_assert_str_eq(shown[4], "Another heading that begins with othe...");
    tern_excerpts_free(shown, N_HEADING);
}
END_TEST

START_TEST(texts_that_fit_or_differ_at_once_are_shown_from_their_beginning)
{
    static const char *const texts[] = {
        "short", "short but longer", "  white \t space\n", "", "the dog and the cat", "the dog", "short"};
    static const char *const want[] = {"short", "short but longer", "white space", "", "the dog and the cat", "the dog",
                                       "short"};
    char **shown = tern_excerpts(texts, 7, 20);
    for (int i = 0; i < 7; i++)
        ck_assert_str_eq(shown[i], want[i]);
    tern_excerpts_free(shown, 7);
    shown = tern_excerpts(heading + 3, 2, 20);
    ck_assert_str_eq(shown[0], "Password reset an...");
    tern_excerpts_free(shown, 2);
    tern_excerpts_free(tern_excerpts(NULL, 0, 10), 0);
}
END_TEST

/* Characters of several bytes and columns, combining marks, and texts of which one is the beginning of the other. */
START_TEST(no_character_is_cut_and_no_width_exceeded)
{
    char bytes[4][160];
    static const char *const pieces[] = {"a",  " ",   "\xC3\xA9", "e\xCC\x81", "\xE6\x9D\xB1", "\xF0\x9F\x98\x80",
                                         "\n", "long"};
    for (uint64_t round = 0; round < 400; round++) {
        const char *texts[4];
        for (uint64_t t = 0; t < 4; t++) {
            texts[t] = bytes[t];
            bytes[t][0] = 0;
            uint64_t shared = 24, n = 20 + tern_random_below(12, round, t, 0, 0);
            for (uint64_t i = 0; i < n; i++)
                strcat(bytes[t], pieces[tern_random_below(8, round, i < shared ? 0 : t + 1, i, 1)]);
        }
        for (int columns = 0; columns < 60; columns += 7) {
            char **shown = tern_excerpts(texts, 4, columns);
            check_columns(shown, 4, columns);
            for (int i = 0; i < 4; i++)
                for (const char *p = shown[i]; *p;) {
                    utf8proc_int32_t c;
                    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)p, -1, &c);
                    ck_assert_msg(length > 0, "not UTF-8: %s", shown[i]);
                    p += length;
                }
            tern_excerpts_free(shown, 4);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("excerpts");
    TCase *tc = tcase_create("excerpts");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, texts_below_one_heading_show_where_they_differ);
    tcase_add_test(tc, texts_that_fit_or_differ_at_once_are_shown_from_their_beginning);
    tcase_add_test(tc, no_character_is_cut_and_no_width_exceeded);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
