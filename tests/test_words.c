/* search/words.c and search/analyzer.c: which words a text has, and which terms they are. */
#include "base/memory.h"
#include "search/analyzer.h"
#include "search/words.h"
#include "support.h"

#include <string.h>

static void check_words(const char *text, const char *want)
{
    tern_words words = {0};
    tern_buffer got = {0};
    tern_buffer_add(&got, "", 0);
    tern_words_start(&words, text);
    while (tern_words_next(&words)) {
        ck_assert_int_eq(strlen(words.word), words.n);
        tern_buffer_printf(&got, "%s%s", got.n ? "|" : "", words.word);
    }
    ck_assert_str_eq(got.data, want);
    tern_buffer_free(&got);
    tern_words_free(&words);
}

START_TEST(words_are_runs_of_letters_marks_numbers_and_underscores)
{
    check_words("", "");
    check_words(" .,; ", "");
    check_words("Vitamin B12's role", "vitamin|b12|s|role");
    check_words("snake_case and 3.14", "snake_case|and|3|14");
    check_words("STRASSE Straße ÉCOLE", "strasse|straße|école");
    check_words("e\xCC\x81t\xC3\xA9", "\xC3\xA9t\xC3\xA9"); /* a mark is part of its word, and of its letter */
    check_words("Москва-река", "москва|река");
    check_words("हिन्दी में", "हिन्दी|में");
    check_words("東京tower", "東|京|tower");
    check_words("a\xE2\x80\x94z", "a|z");
}
END_TEST

START_TEST(a_word_may_be_long)
{
    char text[4001], want[4001];
    memset(text, 'X', 4000);
    memset(want, 'x', 4000);
    text[4000] = want[4000] = 0;
    check_words(text, want);
}
END_TEST

static void check_term(const tern_analyzer_options *options, const char *word, const char *want)
{
    tern_analyzer *analyzer = tern_analyzer_create(options);
    const char *term;
    size_t n;
    int counts = tern_analyzer_term(analyzer, word, strlen(word), &term, &n);
    ck_assert_int_eq(counts, want != NULL);
    if (want)
        ck_assert_msg(n == strlen(want) && memcmp(term, want, n) == 0, "%s: %.*s", word, (int)n, term);
    tern_analyzer_free(analyzer);
}

START_TEST(stop_words_count_for_nothing_where_they_are_asked_for)
{
    static const char *const all[] = {"a",    "an",   "and",  "are",  "as",   "at",    "be",   "but",   "by",
                                      "for",  "if",   "in",   "into", "is",   "it",    "no",   "not",   "of",
                                      "on",   "or",   "such", "that", "the",  "their", "then", "there", "these",
                                      "they", "this", "to",   "was",  "will", "with"};
    tern_analyzer_options options = {.stop_words = TERN_STOP_ENGLISH};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check_term(&options, all[i], NULL);
    check_term(&options, "thee", "thee");
    check_term(&options, "zinc", "zinc");
    options.stop_words = TERN_STOP_NONE;
    check_term(&options, "the", "the");
}
END_TEST

START_TEST(a_stemmer_that_there_is_not_is_said)
{
    tern_error error = {{0}};
    tern_analyzer_options options = {.stemmer = "klingon"};
    ck_assert_int_lt(tern_analyzer_check(&options, &error), 0);
    ck_assert_msg(strstr(error.message, "there is no stemmer klingon"), "%s", error.message);
    options.stemmer[0] = 0;
    ck_assert_int_eq(tern_analyzer_check(&options, &error), 0);
    strcpy(options.stemmer, "english");
    if (tern_analyzer_check(&options, NULL) < 0)
        return; /* a build without libstemmer */
    check_term(&options, "studies", "studi");
    check_term(&options, "running", "run");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("words");
    TCase *tc = tcase_create("words");
    tcase_add_test(tc, words_are_runs_of_letters_marks_numbers_and_underscores);
    tcase_add_test(tc, a_word_may_be_long);
    tcase_add_test(tc, stop_words_count_for_nothing_where_they_are_asked_for);
    tcase_add_test(tc, a_stemmer_that_there_is_not_is_said);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
