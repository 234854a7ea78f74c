#include "base/words.h"
#include "tests/support.h"

#include <stdlib.h>

static void expect_word(const char *text, const char *word)
{
    char *found = tern_shell_word(text);
    ck_assert_str_eq(found, word);
    free(found);
}

START_TEST(nouns_and_verbs_agree_with_their_number)
{
    ck_assert_str_eq(tern_s(1), "");
    ck_assert_str_eq(tern_s(0), "s");
    ck_assert_str_eq(tern_s(2), "s");
    ck_assert_str_eq(tern_ies(1), "y");
    ck_assert_str_eq(tern_ies(0), "ies");
    ck_assert_str_eq(tern_is(1), "is");
    ck_assert_str_eq(tern_is(5), "are");
}
END_TEST

START_TEST(a_shell_reads_the_word_as_it_was)
{
    expect_word("data/faq-1.csv", "data/faq-1.csv");
    expect_word("my faq.csv", "'my faq.csv'");
    expect_word("it's", "'it'\\''s'");
    expect_word("$HOME", "'$HOME'");
    expect_word("-rf", "'-rf'");
    expect_word("", "''");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("words");
    TCase *tc = tcase_create("words");
    tcase_add_test(tc, nouns_and_verbs_agree_with_their_number);
    tcase_add_test(tc, a_shell_reads_the_word_as_it_was);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
