/* base/: the arena, buffers, hashes, files and the nearest name. */
#include "base/arena.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/warnings.h"
#include "data/warnings_json.h"
#include "tests/support.h"

#include <check.h>
#include <string.h>

START_TEST(a_large_file_is_read_whole)
{
    /* 33 MB and a bit, so that all threads read parts of it, the last one short. */
    enum { WORDS = (33 << 20) / 8 + 1, REST = 3 };
    size_t n = (size_t)WORDS * 8 + REST, got;
    uint64_t *words = tern_alloc(WORDS + 1, sizeof *words);
    char *text;
    tern_error error = {{0}};
    const char *path = tern_test_path("large");
    for (uint64_t i = 0; i <= WORDS; i++)
        words[i] = i * UINT64_C(0x9E3779B97F4A7C15);
    tern_test_put_file(path, words, n);
    ck_assert_int_eq(tern_file_read(path, 0, &text, &got, &error), 0);
    ck_assert_uint_eq(got, n);
    ck_assert(memcmp(text, words, n) == 0);
    ck_assert_int_eq(text[n], 0);
    free(text);
    ck_assert_int_lt(tern_file_read(path, n - 1, &text, &got, &error), 0);
    ck_assert_int_eq(tern_file_read(path, n, &text, &got, &error), 0);
    ck_assert_uint_eq(got, n);
    free(text);
    free(words);
}
END_TEST

START_TEST(an_arena_settles_on_one_chunk)
{
    tern_arena *arena = tern_arena_create();
    size_t settled = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 10; i++) {
            tern_arena_mark mark = tern_arena_here(arena);
            unsigned char *p = tern_arena_alloc(arena, 3 << 20);
            ck_assert_uint_eq((uintptr_t)p % 64, 0);
            memset(p, i, 3 << 20);
            unsigned char *q = tern_arena_alloc(arena, 100);
            memset(q, 255, 100);
            ck_assert_int_eq(p[(3 << 20) - 1], i);
            if (i % 2)
                tern_arena_rewind(arena, mark);
        }
        tern_arena_rewind(arena, (tern_arena_mark){0});
        if (round == 1)
            settled = tern_arena_capacity(arena);
    }
    ck_assert_uint_eq(tern_arena_capacity(arena), settled);
    tern_arena_free(arena);
}
END_TEST

START_TEST(hashes_keep_the_values_they_have_always_had)
{
    ck_assert_uint_ne(tern_hash("a", 1, 0), tern_hash("a\0", 2, 0));
    ck_assert_uint_ne(tern_hash("a", 1, 0), tern_hash("a", 1, 1));
    ck_assert_uint_eq(tern_hash("12345678abc", 11, 7), tern_hash("12345678abcdef", 11, 7));
    /* SplitMix64 of seed 0: the first number of its published sequence. */
    ck_assert_uint_eq(tern_mix(0), UINT64_C(0xE220A8397B1DCDAF));
}
END_TEST

START_TEST(a_shuffle_is_a_permutation_that_depends_on_the_round)
{
    enum { N = 1000 };
    int64_t a[N], b[N];
    int seen[N] = {0}, same = 0;
    tern_shuffle(a, N, 42, 0);
    tern_shuffle(b, N, 42, 1);
    for (int i = 0; i < N; i++) {
        seen[a[i]]++;
        same += a[i] == b[i];
    }
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(seen[i], 1);
    ck_assert_int_lt(same, 20);
}
END_TEST

START_TEST(a_writer_that_is_discarded_leaves_the_old_file)
{
    tern_error error = {{0}};
    const char *path = tern_test_path("file");
    char *text = NULL;
    size_t n;
    ck_assert_int_eq(tern_file_write(path, "old", 3, &error), 0);
    tern_writer *writer = tern_writer_open(path, 1, &error);
    fputs("new", tern_writer_stream(writer));
    tern_writer_discard(writer);
    ck_assert_int_eq(tern_file_read(path, 0, &text, &n, &error), 0);
    ck_assert_str_eq(text, "old");
    ck_assert_ptr_null(tern_writer_open(path, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "--force"));
    ck_assert_int_eq(tern_file_read(path, 2, &text, &n, &error), -1);
    free(text);
}
END_TEST

START_TEST(an_error_quotes_no_control_characters_and_cuts_no_character)
{
    tern_error error = {{0}};
    char text[2 * TERN_ERROR_SIZE];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA4", 3);
    tern_fail(&error, "x\033[1m%s", text);
    ck_assert_int_eq(strncmp(error.message, "x?[1m", 5), 0);
    size_t n = strlen(error.message);
    ck_assert_int_eq((unsigned char)error.message[n - 1], 0xA4);
}
END_TEST

START_TEST(the_nearest_name_is_found_and_a_far_one_is_not)
{
    static const char *const names[] = {"batch_size", "epochs", "seed"};
    ck_assert_str_eq(tern_nearest("batchsize", names, 3), "batch_size");
    ck_assert_str_eq(tern_nearest("epcohs", names, 3), "epochs");
    ck_assert_ptr_null(tern_nearest("warmup", names, 3));
}
END_TEST

START_TEST(warnings_are_sentences_each_once)
{
    tern_warnings warnings = {0}, all = {0};
    tern_warn(NULL, "dropped");
    tern_warn(&warnings, "%s: 3 rows\nare left out", "a.jsonl");
    tern_warn(&warnings, "%s: 3 rows\nare left out", "a.jsonl");
    tern_warn(&warnings, "caf\xe9.csv: a name that isn't UTF-8");
    tern_warnings_add(&all, &warnings);
    tern_warnings_add(&all, &warnings);
    ck_assert_uint_eq(all.n, 2);
    json_t *list = tern_warnings_json(&all), *none = tern_warnings_json(NULL);
    ck_assert_str_eq(json_string_value(json_array_get(list, 0)), "a.jsonl: 3 rows?are left out");
    ck_assert_str_eq(json_string_value(json_array_get(list, 1)), "caf?.csv: a name that isn't UTF-8");
    ck_assert_uint_eq(json_array_size(none), 0);
    json_decref(none);
    json_decref(list);
    tern_warnings_free(&all);
    tern_warnings_free(&warnings);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_large_file_is_read_whole);
    tcase_add_test(tcase, an_arena_settles_on_one_chunk);
    tcase_add_test(tcase, hashes_keep_the_values_they_have_always_had);
    tcase_add_test(tcase, a_shuffle_is_a_permutation_that_depends_on_the_round);
    tcase_add_test(tcase, a_writer_that_is_discarded_leaves_the_old_file);
    tcase_add_test(tcase, an_error_quotes_no_control_characters_and_cuts_no_character);
    tcase_add_test(tcase, the_nearest_name_is_found_and_a_far_one_is_not);
    tcase_add_test(tcase, warnings_are_sentences_each_once);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
