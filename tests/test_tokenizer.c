/* The tokenizer against Hugging Face's, with small vocabularies; nothing but the source tree is needed. Goldens:
 * tests/goldens/make_tokenizer_goldens.py. */
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/tokenizer.h"
#include "data/utf8.h"
#include "data/wordpiece_text.h"
#include "tests/support.h"

#include <jansson.h>
#include <string.h>

static json_t *read_lines_of_json(const char *path)
{
    char *text;
    tern_error error = {{0}};
    ck_assert_msg(tern_file_read(path, 0, &text, NULL, &error) == 0, "%s", error.message);
    json_t *rows = json_array();
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        ck_assert_ptr_nonnull(row);
        json_array_append_new(rows, row);
    }
    free(text);
    return rows;
}

/* A folder with the given tokenizer.json in it, as a tokenizer. */
static tern_tokenizer *load_object(const json_t *object, const char *folder)
{
    tern_error error = {{0}};
    char *path = tern_path_join(folder, "tokenizer.json");
    ck_assert_int_eq(json_dump_file(object, path, 0), 0);
    tern_tokenizer *t = tern_tokenizer_load(folder, &error);
    ck_assert_msg(t != NULL, "%s", error.message);
    free(path);
    return t;
}

static void check_case(const tern_tokenizer *t, const json_t *item, const char *name, size_t index)
{
    const json_t *text = json_object_get(item, "text"), *ids = json_object_get(item, "ids");
    tern_ids out = {0};
    tern_tokenizer_encode(t, json_string_value(text), json_string_length(text),
                          json_integer_value(json_object_get(item, "max_length")), &out);
    ck_assert_msg(out.n == 1 && out.offsets[1] == (int64_t)json_array_size(ids), "%s, case %zu: %lld ids for %zu", name,
                  index, (long long)out.offsets[1], json_array_size(ids));
    for (size_t i = 0; i < json_array_size(ids); i++)
        ck_assert_msg(out.ids[i] == json_integer_value(json_array_get(ids, i)), "%s, case %zu, id %zu", name, index, i);
    tern_ids_free(&out);
}

START_TEST(test_all_settings_are_followed)
{
    json_t *rows = read_lines_of_json("tests/goldens/tokenizer_variants.jsonl");
    ck_assert_uint_gt(json_array_size(rows), 10);
    const char *folder = tern_test_folder();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i), *cases = json_object_get(row, "cases");
        tern_tokenizer *t = load_object(json_object_get(row, "tokenizer"), folder);
        for (size_t j = 0; j < json_array_size(cases); j++)
            check_case(t, json_array_get(cases, j), json_string_value(json_object_get(row, "name")), j);
        tern_tokenizer_free(t);
    }
    json_decref(rows);
}
END_TEST

/* As in make_tokenizer_goldens.py. */
static const uint32_t mixed[] = {0x61,    0xE9,    0x1E69, 0x1D160, 0x1D165, 0x1D16D, 0x1D16E, 0x302E,
                                 0x302F,  0x300,   0x323,  0x34F,   0x1B44,  0x8D4,   0x1E000, 0x1E94A,
                                 0x11442, 0x11446, 0xAC01, 0xF900,  0x130,   0x3A3,   0x212B,  0x345,
                                 0x1F82,  0x344,   0x20,   0x41,    0x5B0,   0x591,   0x1DFA,  0x11938};
enum { N_MIXED = sizeof mixed / sizeof *mixed };

static size_t mixed_text(uint64_t i, char *text)
{
    uint64_t length = tern_random(1, i, 0, 0) % 12;
    size_t n = 0;
    for (uint64_t j = 0; j < length; j++)
        n += tern_utf8_encode(mixed[tern_random(1, i, 1, j) % N_MIXED], text + n);
    return n;
}

static void add_normal(const tern_bert_text *rules, const char *text, size_t n, tern_bert_scratch *scratch,
                       tern_buffer *out)
{
    n = tern_bert_normalize(rules, text, n, scratch);
    tern_buffer_add(out, scratch->text, n);
    tern_buffer_add(out, "\n", 1);
}

/* Hash of the normal forms of a{c}b for every code point, then of mixed texts. */
static uint64_t hash_normal_forms(const tern_bert_text *rules)
{
    tern_bert_scratch scratch = {0};
    tern_buffer out = {0};
    char text[64] = "a";
    for (uint32_t c = 0; c < 0x110000; c++) {
        size_t n = 1 + tern_utf8_encode(c, text + 1);
        text[n++] = 'b';
        if (c < 0xD800 || c > 0xDFFF)
            add_normal(rules, text, n, &scratch, &out);
    }
    for (uint64_t i = 0; i < 20000; i++)
        add_normal(rules, text, mixed_text(i, text), &scratch, &out);
    uint64_t hash = tern_hash(out.data, out.n, 0);
    tern_buffer_free(&out);
    tern_bert_scratch_free(&scratch);
    return hash;
}

START_TEST(test_normal_forms_of_all_code_points)
{
    json_t *root = json_load_file("tests/goldens/tokenizer.json", 0, NULL);
    const json_t *hashes = json_object_get(root, "normal_forms");
    ck_assert_uint_eq(json_array_size(hashes), 16);
    for (int i = 0; i < 16; i++) {
        tern_bert_text rules;
        char hash[17];
        tern_bert_text_init(&rules, i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1);
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)hash_normal_forms(&rules));
        ck_assert_msg(strcmp(hash, json_string_value(json_array_get(hashes, (size_t)i))) == 0, "settings %d", i);
    }
    json_decref(root);
}
END_TEST

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\nh\n##e\ne\n,\n";

static tern_tokenizer *small_tokenizer(void)
{
    tern_error error = {{0}};
    const char *path = tern_test_path("small-vocab.txt");
    ck_assert_int_eq(tern_file_write(path, vocabulary, strlen(vocabulary), &error), 0);
    tern_tokenizer *t = tern_tokenizer_from_vocab(path, 1, &error);
    ck_assert_msg(t != NULL, "%s", error.message);
    return t;
}

static void check_ids(const tern_ids *ids, int64_t text, const char *wanted)
{
    tern_buffer got = {0};
    for (int64_t i = ids->offsets[text]; i < ids->offsets[text + 1]; i++)
        tern_buffer_printf(&got, "%s%d", i > ids->offsets[text] ? " " : "", (int)ids->ids[i]);
    ck_assert_str_eq(got.data, wanted);
    tern_buffer_free(&got);
}

START_TEST(test_a_vocabulary_file_makes_a_tokenizer)
{
    tern_tokenizer *t = small_tokenizer();
    tern_ids ids = {0};
    ck_assert_int_eq(tern_tokenizer_size(t), 12);
    ck_assert_str_eq(tern_tokenizer_token(t, 7), "##s");
    ck_assert_ptr_null(tern_tokenizer_token(t, -1));
    ck_assert_ptr_null(tern_tokenizer_token(t, 12));
    const char *texts[] = {"Héllo, WORLDS", "", "he hex", "[MASK] [SEP]h"};
    for (int i = 0; i < 4; i++)
        tern_tokenizer_encode(t, texts[i], strlen(texts[i]), 0, &ids);
    check_ids(&ids, 0, "2 5 11 6 7 3");
    check_ids(&ids, 1, "2 3");
    check_ids(&ids, 2, "2 8 9 1 3");
    check_ids(&ids, 3, "2 4 3 8 3");
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
}
END_TEST

START_TEST(test_truncation_keeps_the_last_special_token)
{
    tern_tokenizer *t = small_tokenizer();
    tern_ids ids = {0};
    const char *text = "hello worlds, he";
    for (int length = 1; length <= 10; length++)
        tern_tokenizer_encode(t, text, strlen(text), length, &ids);
    static const char *const wanted[] = {"2",
                                         "2 3",
                                         "2 5 3",
                                         "2 5 6 3",
                                         "2 5 6 7 3",
                                         "2 5 6 7 11 3",
                                         "2 5 6 7 11 8 3",
                                         "2 5 6 7 11 8 9 3",
                                         "2 5 6 7 11 8 9 3",
                                         "2 5 6 7 11 8 9 3"};
    for (int i = 0; i < 10; i++)
        check_ids(&ids, i, wanted[i]);
    ck_assert_int_eq(ids.cut, 7); /* eight ids are the whole text */
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
}
END_TEST

START_TEST(test_encode_all_equals_encode_one_by_one)
{
    enum { N = 1000 };
    tern_tokenizer *t = small_tokenizer();
    tern_ids one = {0}, all = {0};
    char *texts[N];
    size_t lengths[N];
    for (int i = 0; i < N; i++) {
        texts[i] = tern_format("%s world%c h%de,", i % 3 ? "hello" : "", i % 7 ? 's' : 'z', i % 5);
        lengths[i] = strlen(texts[i]);
        char *joined = tern_format("he, %s", texts[i]);
        tern_tokenizer_encode(t, joined, strlen(joined), i < 900 ? 0 : 6, &one);
        free(joined);
    }
    /* In two parts, so that the second appends; with and without lengths. */
    tern_tokenizer_encode_all(t, "he, ", (const char *const *)texts, NULL, 900, 0, &all);
    tern_tokenizer_encode_all(t, "he, ", (const char *const *)texts + 900, lengths + 900, N - 900, 6, &all);
    tern_tokenizer_encode_all(t, NULL, NULL, NULL, 0, 0, &all);
    ck_assert_int_eq(all.n, N);
    ck_assert_int_eq(all.cut, one.cut);
    ck_assert_int_gt(all.cut, 0);
    ck_assert_mem_eq(all.offsets, one.offsets, (N + 1) * sizeof *all.offsets);
    ck_assert_mem_eq(all.ids, one.ids, (size_t)one.offsets[N] * sizeof *all.ids);
    tern_ids_free(&one);
    tern_ids_free(&all);
    for (int i = 0; i < N; i++)
        free(texts[i]);
    tern_tokenizer_free(t);
}
END_TEST

/* Replaces all of a file's `old` by `new` in a copy of it. */
static char *replaced(const char *text, const char *old, const char *new)
{
    tern_buffer out = {0};
    for (const char *at; (at = strstr(text, old)); text = at + strlen(old))
        tern_buffer_printf(&out, "%.*s%s", (int)(at - text), text, new);
    tern_buffer_printf(&out, "%s", text);
    return out.data;
}

/* The files of b are those of a, but for the longest text, which all files that state it agree on. */
static void check_same_files(const char *a, const char *b, const char *length_a, const char *length_b)
{
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                        "vocab.txt"};
    tern_error error = {{0}};
    for (int i = 0; i < 4; i++) {
        char *from = tern_path_join(a, names[i]), *to = tern_path_join(b, names[i]), *x, *y;
        ck_assert(tern_file_read(from, 0, &x, NULL, &error) == 0 && tern_file_read(to, 0, &y, NULL, &error) == 0);
        char *wanted = replaced(x, length_a, length_b);
        ck_assert_str_eq(wanted, y);
        free(wanted), free(from), free(to), free(x), free(y);
    }
}

START_TEST(test_what_is_saved_loads_as_the_same)
{
    tern_error error = {{0}};
    const char *folder = tern_test_folder(), *again = tern_test_folder(), *shorter = tern_test_folder();
    tern_tokenizer *t = small_tokenizer();
    ck_assert_msg(tern_tokenizer_save(t, folder, 128, &error) == 0, "%s", error.message);
    tern_tokenizer *loaded = tern_tokenizer_load(folder, &error);
    ck_assert_msg(loaded != NULL, "%s", error.message);
    ck_assert_uint_eq(tern_tokenizer_warnings(loaded)->n, 0);
    ck_assert_msg(tern_tokenizer_save(loaded, again, 128, &error) == 0, "%s", error.message);
    ck_assert_msg(tern_tokenizer_save(loaded, shorter, 64, &error) == 0, "%s", error.message);
    check_same_files(folder, again, "128", "128");
    check_same_files(folder, shorter, "\"model_max_length\": 128", "\"model_max_length\": 64");
    const char *text = "[SEP]Hello, wörlds [MASK]he";
    tern_ids ids = {0};
    tern_tokenizer_encode(t, text, strlen(text), 0, &ids);
    tern_tokenizer_encode(loaded, text, strlen(text), 0, &ids);
    check_ids(&ids, 0, "2 3 5 11 6 7 4 8 9 3");
    check_ids(&ids, 1, "2 3 5 11 6 7 4 8 9 3");
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
    tern_tokenizer_free(loaded);
}
END_TEST

START_TEST(test_a_cased_vocabulary_keeps_case_and_accents)
{
    tern_error error = {{0}};
    const char *folder = tern_test_folder();
    char *vocab = tern_path_join(folder, "vocab.txt"), *config = tern_path_join(folder, "tokenizer_config.json");
    const char *tokens = "<u>\r\n<c>\r\n<s>\r\nHello\r\nhello\r\né",
               *settings = "{\"do_lower_case\": false, \"unk_token\": \"<u>\","
                           "\"cls_token\": {\"content\": \"<c>\", \"lstrip\": false}, \"sep_token\": \"<s>\"}";
    ck_assert_int_eq(tern_file_write(vocab, tokens, strlen(tokens), &error), 0);
    ck_assert_int_eq(tern_file_write(config, settings, strlen(settings), &error), 0);
    tern_tokenizer *t = tern_tokenizer_load(folder, &error);
    ck_assert_msg(t != NULL, "%s", error.message);
    tern_ids ids = {0};
    const char *text = "Hello hello HELLO é<s>";
    tern_tokenizer_encode(t, text, strlen(text), 0, &ids);
    check_ids(&ids, 0, "1 3 4 0 5 2 2");
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
    free(vocab);
    free(config);
}
END_TEST

/* Long runs of marks that have to be ordered must not take quadratic time: this would then run for minutes. */
START_TEST(test_a_long_run_of_marks_is_ordered_quickly)
{
    enum { N = 1000000 };
    tern_tokenizer *t = small_tokenizer();
    tern_buffer text = {0};
    tern_ids ids = {0};
    for (int i = 0; i < N; i++)
        tern_buffer_add(&text, i % 2 ? "\xF0\x9D\x85\xA5" : "\xE3\x80\xAE", i % 2 ? 4 : 3);
    tern_tokenizer_encode(t, text.data, text.n, 0, &ids);
    check_ids(&ids, 0, "2 1 3");
    tern_ids_free(&ids);
    tern_buffer_free(&text);
    tern_tokenizer_free(t);
}
END_TEST

static Suite *tokenizer_suite(void)
{
    Suite *suite = suite_create("tokenizer");
    TCase *tc = tcase_create("tokenizer");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_all_settings_are_followed);
    tcase_add_test(tc, test_normal_forms_of_all_code_points);
    tcase_add_test(tc, test_a_vocabulary_file_makes_a_tokenizer);
    tcase_add_test(tc, test_truncation_keeps_the_last_special_token);
    tcase_add_test(tc, test_encode_all_equals_encode_one_by_one);
    tcase_add_test(tc, test_what_is_saved_loads_as_the_same);
    tcase_add_test(tc, test_a_cased_vocabulary_keeps_case_and_accents);
    tcase_add_test(tc, test_a_long_run_of_marks_is_ordered_quickly);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return tern_test_run(tokenizer_suite());
}
