#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/jsonl.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;

static tern_jsonl *open_bytes(const char *bytes, size_t n)
{
    error = (tern_error){{0}};
    return tern_jsonl_of_memory("x.jsonl", bytes, n, 0, &error);
}

static void expect_failure(const char *text, const char *words)
{
    tern_jsonl *reader = open_bytes(text, strlen(text));
    int status = reader ? 1 : -1;
    const char *string;
    size_t n;
    while (status > 0) {
        status = tern_jsonl_next(reader, &error);
        if (status > 0 && tern_jsonl_string(reader, "text", &string, &n, &error) < 0)
            status = -1;
    }
    ck_assert_int_eq(status, -1);
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
    tern_jsonl_close(reader);
}

START_TEST(objects_come_with_their_lines_and_blank_lines_are_passed_over)
{
    const char text[] = "\xEF\xBB\xBF{\"text\": \"a\"}\r\n \n\n{\"text\": \"z\\u0000\\u00e9\"}";
    tern_jsonl *reader = open_bytes(text, sizeof text - 1);
    const char *string;
    size_t n;
    ck_assert_int_eq(tern_jsonl_next(reader, &error), 1);
    ck_assert_int_eq(tern_jsonl_line(reader), 1);
    ck_assert_int_eq(tern_jsonl_next(reader, &error), 1);
    ck_assert_int_eq(tern_jsonl_line(reader), 4);
    ck_assert_int_eq(tern_jsonl_string(reader, "text", &string, &n, &error), 0);
    ck_assert_uint_eq(n, 4);
    ck_assert_mem_eq(string, "z\0\xC3\xA9", 5);
    ck_assert_int_eq(tern_jsonl_next(reader, &error), 0);
    tern_jsonl_close(reader);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_line)
{
    expect_failure("{\"text\": \"a\"}\n{\"text\": 3}\n", "x.jsonl:2: \"text\" is a number where a string is expected");
    expect_failure("{\"text\": [\"a\"]}\n", "x.jsonl:1: \"text\" is an array where");
    expect_failure("{\"text\": null}\n", "x.jsonl:1: \"text\" is null where");
    expect_failure("{\"t\": 3}\n", "x.jsonl:1: the row has no \"text\"");
    expect_failure("[1]\n", "x.jsonl:1: an array where an object is expected");
    expect_failure("\n\"x\"\n", "x.jsonl:2: a string where an object is expected");
    expect_failure("{\"text\": \"a\"}\n{\"text\": \"a", "x.jsonl:2: ");
    expect_failure("{\n\"text\": \"a\"}\n", "x.jsonl:1: the line ends inside a JSON value");
    expect_failure("{\"text\": \"a\"} {}\n", "x.jsonl:1: more follows the JSON value");
    expect_failure("{\"text\": \"a\", \"text\": \"b\"}\n", "x.jsonl:1: invalid JSON");
    expect_failure("{\"text\": \"\\ud800\"}\n", "x.jsonl:1: invalid JSON");
    expect_failure("{\"text\": \"a\"}\n{\"text\": \"\xC3\"}\n", "x.jsonl:2: invalid UTF-8 (byte 0xC3)");
}
END_TEST

START_TEST(json_of_another_layout_is_named_with_a_command)
{
    expect_failure("[\n{\"text\": \"a\"},\n{\"text\": \"b\"}\n]\n",
                   "x.jsonl:1: a JSON array is spread over lines; one object a line is expected: jq -c '.[]' ");
    expect_failure("[{\"text\": \"a\"}]\n", "x.jsonl:1: all rows are in one JSON array");
    expect_failure("{\n\"text\": \"a\"}\n",
                   "as if an object were spread over lines; one object a line is expected: jq -c . ");
}
END_TEST

static void expect_mended(const char *json, const char *wanted)
{
    const char *string = NULL;
    size_t n = 0;
    tern_jsonl *reader = tern_jsonl_of_memory("x.jsonl", json, strlen(json), 1, &error);
    ck_assert_ptr_nonnull(reader);
    ck_assert_msg(tern_jsonl_next(reader, &error) == 1, "%s", error.message);
    ck_assert_int_eq(tern_jsonl_string(reader, "text", &string, &n, &error), 0);
    ck_assert_str_eq(string, wanted);
    ck_assert_uint_eq(n, strlen(wanted));
    tern_jsonl_close(reader);
}

START_TEST(escapes_that_are_no_characters_are_replaced_on_request)
{
    expect_mended("{\"text\": \"a\\ud83d\"}\n", "a\xEF\xBF\xBD");
    expect_mended("{\"text\": \"\\uDE00b\\u0000\"}\n", "\xEF\xBF\xBD"
                                                       "b\xEF\xBF\xBD");
    expect_mended("{\"text\": \"\\ud83d\\ud83d\\ude00\"}\n", "\xEF\xBF\xBD\xF0\x9F\x98\x80");
    expect_mended("{\"te\\u0000xt\": 1, \"text\": \"\\\\ud83d \\u00e9\"}\n", "\\ud83d \xC3\xA9");
    expect_failure("{\"text\": \"\\ud83d\"}\n", "x.jsonl:1: invalid JSON: \\ud83d is half a surrogate pair");
    expect_failure("{\"text\": \"\\ud83d\"}\n", "--invalid-utf8 replace");
    expect_failure("{\"te\\u0000xt\": \"a\"}\n", "\\u0000 is a NUL character");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    enum { DEEP = 200000 };
    tern_buffer text = {0};
    tern_buffer_add(&text, "{\"text\": ", 9);
    for (int i = 0; i < DEEP; i++)
        tern_buffer_add(&text, "[", 1);
    expect_failure(text.data, "x.jsonl:1: JSON nested too deeply");
    tern_buffer_free(&text);
}
END_TEST

static void read_all(const char *bytes, size_t n)
{
    tern_jsonl *reader = open_bytes(bytes, n);
    int status = reader ? 1 : -1;
    while (status > 0)
        status = tern_jsonl_next(reader, &error);
    ck_assert(status == 0 || error.message[0]);
    tern_jsonl_close(reader);
}

START_TEST(no_truncation_or_mutation_crashes)
{
    const char text[] =
        "{\"text\": \"a\\n\xC3\xA9\", \"n\": [1, -2.5e3, {\"k\": null}]}\n\n{\"text\": \"\\ud83d\\ude00\"}\n";
    enum { N = sizeof text - 1 };
    char copy[N];
    for (size_t n = 0; n <= N; n++)
        read_all(text, n);
    for (uint64_t i = 0; i < 2000; i++) {
        memcpy(copy, text, N);
        for (uint64_t k = 0; k < 3; k++)
            copy[tern_random_below(N, 2, i, k, 0)] = (char)tern_random_below(256, 2, i, k, 1);
        read_all(copy, N);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsonl");
    TCase *tc = tcase_create("jsonl");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, objects_come_with_their_lines_and_blank_lines_are_passed_over);
    tcase_add_test(tc, what_is_wrong_is_said_with_its_line);
    tcase_add_test(tc, json_of_another_layout_is_named_with_a_command);
    tcase_add_test(tc, escapes_that_are_no_characters_are_replaced_on_request);
    tcase_add_test(tc, deep_nesting_is_refused);
    tcase_add_test(tc, no_truncation_or_mutation_crashes);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
