/* UTF-8: what is valid, and what Python's errors="replace" makes of the rest. */
#include "base/memory.h"
#include "data/utf8.h"
#include "tests/support.h"

#include <string.h>

/* From Python: bytes.decode("utf-8", "replace"). */
static const struct {
    const char *bytes;
    size_t n;
    size_t valid;
    const char *replaced;
} cases[] = {
#define F "\xEF\xBF\xBD"
    {"", 0, 0, ""},
    {"plain", 5, 5, "plain"},
    {"\xC3\xA9", 2, 2, "\xC3\xA9"},
    {"\x80", 1, 0, F},
    {"\xC3", 1, 0, F},
    {"a\xC3", 2, 1, "a" F},
    {"\xC3"
     "a",
     2, 0, F "a"},
    {"\xC0\xAF", 2, 0, F F},
    {"\xC1\xBF", 2, 0, F F},
    {"\xE0\x80\xAF", 3, 0, F F F},
    {"\xE0\xA0", 2, 0, F},
    {"\xE0\xA0"
     "z",
     3, 0, F "z"},
    {"\xED\xA0\x80", 3, 0, F F F},
    {"\xED\x9F\xBF", 3, 3, "\xED\x9F\xBF"},
    {"\xEE\x80\x80", 3, 3, "\xEE\x80\x80"},
    {"\xF0\x80\x80\x80", 4, 0, F F F F},
    {"\xF0\x9F\x98", 3, 0, F},
    {"\xF0\x9F\x98"
     "x\xF0\x9F",
     6, 0, F "x" F},
    {"\xF0\x9F\x98\x80", 4, 4, "\xF0\x9F\x98\x80"},
    {"\xF4\x8F\xBF\xBF", 4, 4, "\xF4\x8F\xBF\xBF"},
    {"\xF4\x90\x80\x80", 4, 0, F F F F},
    {"\xF5\x80\x80\x80", 4, 0, F F F F},
    {"\xFF\xFE", 2, 0, F F},
    {"\xE2\x82\xAC\xE2\x82", 5, 3, "\xE2\x82\xAC" F},
    {"\xE6\x97\xE6\x97\xA5", 5, 0, F "\xE6\x97\xA5"},
    {"12345678\x90", 9, 8, "12345678" F},
    {"1234567890123456\xE9"
     "abc",
     20, 16, "1234567890123456" F "abc"},
#undef F
};

START_TEST(test_cases_are_as_in_python)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(tern_utf8_check(cases[i].bytes, cases[i].n) == cases[i].valid, "check of case %zu", i);
        size_t n;
        char *text = tern_utf8_replace(cases[i].bytes, cases[i].n, &n);
        ck_assert_msg(n == strlen(cases[i].replaced) && memcmp(text, cases[i].replaced, n + 1) == 0,
                      "replacing case %zu", i);
        free(text);
    }
}
END_TEST

START_TEST(test_a_zero_byte_is_a_character)
{
    size_t n;
    ck_assert_uint_eq(tern_utf8_check("a\0b", 3), 3);
    char *text = tern_utf8_replace("a\0\xFF", 3, &n);
    ck_assert_uint_eq(n, 5);
    ck_assert_mem_eq(text, "a\0\xEF\xBF\xBD", 6);
    free(text);
}
END_TEST

START_TEST(test_every_code_point_goes_there_and_back)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        char bytes[4];
        size_t n = tern_utf8_encode(c, bytes), length;
        int surrogate = c >= 0xD800 && c < 0xE000;
        ck_assert_uint_eq(tern_utf8_check(bytes, n), surrogate ? 0 : n);
        ck_assert_uint_eq(tern_utf8_decode(bytes, n, &length), c);
        ck_assert_uint_eq(length, n);
    }
}
END_TEST

/* All strings of three bytes out of those where the rules turn: what replacing gives is valid, leaves valid text as
 * it is, and changes nothing before the first fault. */
START_TEST(test_replacing_gives_valid_text)
{
    static const unsigned char bytes[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                          0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    enum { N = sizeof bytes };
    for (int i = 0; i < N * N * N * N; i++) {
        char text[4] = {(char)bytes[i % N], (char)bytes[i / N % N], (char)bytes[i / N / N % N],
                        (char)bytes[i / N / N / N]};
        size_t n, valid = tern_utf8_check(text, 4);
        char *replaced = tern_utf8_replace(text, 4, &n);
        ck_assert_uint_eq(tern_utf8_check(replaced, n), n);
        ck_assert(valid < 4 || n == 4);
        ck_assert(memcmp(replaced, text, valid) == 0);
        free(replaced);
    }
}
END_TEST

static Suite *utf8_suite(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tc = tcase_create("utf8");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_cases_are_as_in_python);
    tcase_add_test(tc, test_a_zero_byte_is_a_character);
    tcase_add_test(tc, test_every_code_point_goes_there_and_back);
    tcase_add_test(tc, test_replacing_gives_valid_text);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return tern_test_run(utf8_suite());
}
