#include "data/texts.h"
#include "tests/support.h"

#include <string.h>

START_TEST(equal_texts_have_one_id_in_order_of_appearance)
{
    tern_texts *texts = tern_texts_create();
    ck_assert_int_eq(tern_texts_add(texts, "b", 1), 0);
    ck_assert_int_eq(tern_texts_add(texts, "a", 1), 1);
    ck_assert_int_eq(tern_texts_add(texts, "b", 1), 0);
    ck_assert_int_eq(tern_texts_add(texts, "", 0), 2);
    ck_assert_int_eq(tern_texts_find(texts, "", 0), 2);
    ck_assert_int_eq(tern_texts_find(texts, "c", 1), -1);
    ck_assert_int_eq(tern_texts_count(texts), 3);
    tern_texts_free(texts);
    tern_texts_free(NULL);
}
END_TEST

START_TEST(a_zero_byte_is_part_of_a_text)
{
    tern_texts *texts = tern_texts_create();
    size_t n;
    int64_t with = tern_texts_add(texts, "a\0b", 3), without = tern_texts_add(texts, "a", 1);
    ck_assert_int_ne(with, without);
    ck_assert_mem_eq(tern_texts_get(texts, with, &n), "a\0b", 4);
    ck_assert_uint_eq(n, 3);
    tern_texts_free(texts);
}
END_TEST

START_TEST(many_texts_and_long_ones_are_kept)
{
    enum { MANY = 20000, LONG = 3 << 20 };
    tern_texts *texts = tern_texts_create();
    char *big = malloc(LONG), word[32];
    memset(big, 'x', LONG);
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(tern_texts_add(texts, word, (size_t)snprintf(word, sizeof word, "word %d", i)), i);
    ck_assert_int_eq(tern_texts_add(texts, big, LONG), MANY);
    ck_assert_int_eq(tern_texts_add(texts, "after", 5), MANY + 1);
    for (int i = 0; i < MANY; i++) {
        size_t n = (size_t)snprintf(word, sizeof word, "word %d", i), got;
        ck_assert_int_eq(tern_texts_find(texts, word, n), i);
        ck_assert_str_eq(tern_texts_get(texts, i, &got), word);
        ck_assert_uint_eq(got, n);
    }
    ck_assert_int_eq(tern_texts_find(texts, big, LONG), MANY);
    ck_assert_int_eq(tern_texts_find(texts, big, LONG - 1), -1);
    free(big);
    tern_texts_free(texts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("texts");
    TCase *tc = tcase_create("texts");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, equal_texts_have_one_id_in_order_of_appearance);
    tcase_add_test(tc, a_zero_byte_is_part_of_a_text);
    tcase_add_test(tc, many_texts_and_long_ones_are_kept);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
