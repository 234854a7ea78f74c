/* The vocabulary taken out of tokenizer.json's text is the one that a JSON parser finds in it, or it is left alone. */
#include "tests/support.h"

#include "base/hash.h"
#include "base/memory.h"
#include "data/vocabulary_json.h"

#include <jansson.h>
#include <string.h>

static const char good[] = "{\"version\": \"1.0\", \"decoder\": {\"model\": {\"vocab\": {\"no\": 0}}},\n"
                           " \"model\" : {\"type\": \"WordPiece\", \"of\": [{\"vocab\": 1}, \"}\"],\n"
                           "  \"vocab\": { \"[PAD]\":0, \"\\\"\" : 3,\n\t\"\\\\\": 1, \"caf\xC3\xA9\": 4,\"{\":2 },\n"
                           "  \"unk_token\": \"[PAD]\"}, \"tail\": [1, 2]}";
static const char *const good_tokens[] = {"[PAD]", "\\", "{", "\"", "caf\xC3\xA9"};

static void free_all(tern_vocabulary *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->tokens[i]);
    free(v->tokens);
    tern_vocabulary_free(v);
}

START_TEST(tokens_come_at_their_ids_and_the_rest_stays)
{
    tern_vocabulary v;
    size_t n;
    char *rest = tern_vocabulary_take(good, strlen(good), &v, &n);
    ck_assert_ptr_nonnull(rest);
    ck_assert_uint_eq(v.n, 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(v.tokens[i], good_tokens[i]);
        ck_assert_int_eq(tern_vocabulary_find(&v, v.tokens, good_tokens[i]), i);
    }
    ck_assert_int_eq(tern_vocabulary_find(&v, v.tokens, "pad"), -1);
    json_t *left = json_loadb(rest, n, JSON_REJECT_DUPLICATES, NULL), *whole = json_loads(good, 0, NULL);
    json_object_clear(json_object_get(json_object_get(whole, "model"), "vocab"));
    ck_assert(json_equal(left, whole));
    json_decref(whole);
    json_decref(left);
    free(rest);
    free_all(&v);
}
END_TEST

START_TEST(a_vocabulary_that_is_not_as_it_should_be_is_left_alone)
{
    static const char *const bad[] = {
        "\"a\": 0, \"a\": 1",
        "\"a\": 0, \"b\": 0",
        "\"a\": 0, \"b\": 2",
        "\"a\": -1",
        "\"a\": 0.0",
        "\"a\": 00",
        "\"a\": 0e0",
        "\"a\": 9999999999",
        "\"a\": \"0\"",
        "\"a\": null",
        "\"a\" 0",
        "\"a\": 0,",
        "",
        "a: 0",
        "\"\\u0041\": 0",
        "\"\\n\": 0",
        "\"a\tb\": 0",
        "\"\xFF\": 0",
        "\"a\": 0 \"b\": 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = tern_format("{\"model\": {\"vocab\": {%s}}}", bad[i]);
        tern_vocabulary v;
        size_t n;
        ck_assert_msg(tern_vocabulary_take(text, strlen(text), &v, &n) == NULL, "%s", bad[i]);
        ck_assert_ptr_null(v.tokens);
        free(text);
    }
}
END_TEST

/* What is taken from a text, and parses without it, is what the JSON parser finds in the whole. */
static int check(const char *text, size_t n)
{
    tern_vocabulary v;
    size_t rest_n;
    char *rest = tern_vocabulary_take(text, n, &v, &rest_n);
    json_t *left = rest ? json_loadb(rest, rest_n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (left) {
        json_t *whole = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(whole != NULL, "%.*s", (int)n, text);
        const json_t *vocab = json_object_get(json_object_get(whole, "model"), "vocab");
        ck_assert_uint_eq(json_object_size(vocab), v.n);
        for (size_t i = 0; i < v.n; i++)
            ck_assert_int_eq(json_integer_value(json_object_get(vocab, v.tokens[i])), (json_int_t)i);
        json_decref(whole);
    }
    if (rest)
        free_all(&v);
    free(rest);
    json_decref(left);
    return left != NULL;
}

START_TEST(cut_and_changed_texts_are_taken_as_the_parser_takes_them)
{
    static const char with[] = "{}[]\",:\\ 01-x\n\xC3";
    size_t n = sizeof good - 1;
    int taken = 0;
    for (size_t keep = 0; keep <= n; keep++) {
        char *exact = tern_alloc(keep, 1); /* a byte read behind it is seen by AddressSanitizer */
        memcpy(exact, good, keep);
        ck_assert_int_eq(check(exact, keep), keep == n);
        free(exact);
    }
    for (uint64_t i = 0; i < 20000; i++) {
        char *text = tern_strdup(good);
        for (uint64_t k = 0; k <= i % 3; k++)
            text[tern_random_below(n, 9, i, k, 0)] = with[tern_random_below(sizeof with - 1, 9, i, k, 1)];
        taken += check(text, n);
        free(text);
    }
    ck_assert_int_gt(taken, 500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vocabulary_json");
    TCase *c = tcase_create("vocabulary_json");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, tokens_come_at_their_ids_and_the_rest_stays);
    tcase_add_test(c, a_vocabulary_that_is_not_as_it_should_be_is_left_alone);
    tcase_add_test(c, cut_and_changed_texts_are_taken_as_the_parser_takes_them);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
