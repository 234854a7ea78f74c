/* What stands beside a tokenizer.json or vocab.txt: ids as transformers makes them, a warning wherever the files
 * disagree, and files in agreement when they are written again. Goldens:
 * tests/goldens/make_tokenizer_config_goldens.py. */
#include "base/file.h"
#include "base/memory.h"
#include "data/tokenizer.h"
#include "tests/support.h"

#include <jansson.h>
#include <string.h>

static void put(const char *folder, const char *name, const char *text)
{
    char *path = tern_path_join(folder, name);
    tern_test_put_file(path, text, strlen(text));
    free(path);
}

/* A new folder with the files of a golden. */
static const char *make_folder(const json_t *files)
{
    const char *folder = tern_test_folder(), *name;
    json_t *content;
    json_object_foreach((json_t *)files, name, content)
    {
        char *text = json_is_string(content) ? tern_strdup(json_string_value(content)) : json_dumps(content, 0);
        put(folder, name, text);
        free(text);
    }
    return folder;
}

static tern_tokenizer *load(const char *folder, const char *name)
{
    tern_error error = {{0}};
    tern_tokenizer *t = tern_tokenizer_load(folder, &error);
    ck_assert_msg(t != NULL, "%s: %s", name, error.message);
    return t;
}

static void check_cases(const tern_tokenizer *t, const json_t *cases, const char *name)
{
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i), *ids = json_object_get(item, "ids");
        const char *text = json_string_value(json_object_get(item, "text"));
        tern_ids out = {0};
        tern_tokenizer_encode(t, text, strlen(text), json_integer_value(json_object_get(item, "max_length")), &out);
        ck_assert_msg(out.offsets[1] == (int64_t)json_array_size(ids), "%s, case %zu: %lld ids for %zu", name, i,
                      (long long)out.offsets[1], json_array_size(ids));
        for (size_t k = 0; k < json_array_size(ids); k++)
            ck_assert_msg(out.ids[k] == json_integer_value(json_array_get(ids, k)), "%s, case %zu, id %zu is %d", name,
                          i, k, (int)out.ids[k]);
        tern_ids_free(&out);
    }
}

static void remove_file(const char *folder, const char *name)
{
    char *path = tern_path_join(folder, name);
    remove(path);
    free(path);
}

/* Written again nothing disagrees: by tokenizer.json with its settings, and by tokenizer.json alone, the ids are the
 * same. */
static void check_written(const tern_tokenizer *t, const json_t *cases, const char *name)
{
    tern_error error = {{0}};
    const char *folder = tern_test_folder();
    ck_assert_msg(tern_tokenizer_save(t, folder, 20, &error) == 0, "%s: %s", name, error.message);
    for (int alone = 0; alone < 2; alone++) {
        tern_tokenizer *again = load(folder, name);
        ck_assert_msg(tern_tokenizer_warnings(again)->n == 0, "%s, written: %s", name,
                      tern_tokenizer_warnings(again)->items[0]);
        check_cases(again, cases, name);
        tern_tokenizer_free(again);
        remove_file(folder, "tokenizer_config.json");
        remove_file(folder, "special_tokens_map.json");
    }
}

START_TEST(ids_are_those_of_transformers_and_disagreement_is_a_warning)
{
    char *text;
    int rows = 0;
    ck_assert_int_eq(tern_file_read("tests/goldens/tokenizer_config.jsonl", 0, &text, NULL, NULL), 0);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), rows++) {
        json_t *row = json_loads(line, 0, NULL), *cases = json_object_get(row, "cases");
        const char *name = json_string_value(json_object_get(row, "name"));
        tern_tokenizer *t = load(make_folder(json_object_get(row, "files")), name);
        const tern_warnings *warnings = tern_tokenizer_warnings(t);
        check_cases(t, cases, name);
        if (json_is_true(json_object_get(row, "agree")))
            ck_assert_msg(warnings->n == 0, "%s: %s", name, warnings->items[0]);
        else
            ck_assert_msg(warnings->n == 1 || warnings->n == 2, "%s: %zu warnings", name, warnings->n);
        check_written(t, cases, name);
        tern_tokenizer_free(t);
        json_decref(row);
    }
    ck_assert_int_gt(rows, 30);
    free(text);
}
END_TEST

/* tiny's tokenizer with one more file. */
static const char *tiny_with(const char *name, const char *text)
{
    const char *folder = tern_test_folder();
    tern_error error = {{0}};
    char *to = tern_path_join(folder, "tokenizer.json");
    ck_assert_msg(tern_file_copy("tests/goldens/tiny/tokenizer.json", to, &error) == 0, "%s", error.message);
    free(to);
    put(folder, name, text);
    return folder;
}

START_TEST(what_can_not_be_followed_is_refused_by_name)
{
    static const char *const bad[][3] = {
        {"tokenizer_config.json", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}", "BertJapaneseTokenizer"},
        {"config.json", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}", "config.json: the tokenizer_class Bert"},
        {"tokenizer_config.json", "{\"tokenizer_class\": \"MPNetTokenizerFast\"}", "MPNetTokenizerFast"},
        {"tokenizer_config.json", "{\"tokenizer_class\": [\"BertTokenizer\"]}", "\"tokenizer_class\" is not a string"},
        {"config.json", "{\"tokenizer_class\": 1}", "config.json: its \"tokenizer_class\" is not a string"},
        {"tokenizer_config.json", "{\"truncation_side\": \"middle\"}", "truncation_side is neither"},
        {"tokenizer_config.json", "{\"truncation_side\": 1}", "truncation_side is neither"},
        {"tokenizer_config.json", "{\"strip_accents\": \"no\"}", "\"strip_accents\" is not true or false"},
        {"tokenizer_config.json", "{\"cls_token\": \"<cls>\"}", "the cls_token \"<cls>\" is not in the vocabulary"},
        {"tokenizer_config.json", "{\"unk_token\": \"<unk>\"}", "the unknown token \"<unk>\" is not in the vocabulary"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": []}", "\"added_tokens_decoder\" is not an object"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {\"content\": \"x\"}}}", "\"x\", which is no id"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"70\": {\"content\": \"<x>\"}}}",
         "\"<x>\" has the id 70 where 68 is due"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"3\": {\"content\": \"[MASK]\"}}}",
         "\"[MASK]\" has the id 3 where 4 is due"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"68\": {\"content\": \"<x>\", \"single_word\": true}}}",
         "single words"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"68\": \"<x>\"}}", "lacks its \"content\""},
        {"tokenizer_config.json", "{\"additional_special_tokens\": \"<x>\"}", "is not a list"},
        {"added_tokens.json", "{\"<x>\": 70}", "\"<x>\" has the id 70 where 68 is due"},
        {"added_tokens.json", "{\"<x>\": \"68\"}", "added_tokens.json: the id of \"<x>\" is not a whole number"},
        {"special_tokens_map.json", "{\"sep_token\": 3}", "special_tokens_map.json: \"sep_token\" is not a token"},
        {"tokenizer_config.json", "{\"pad_token\": {\"special\": true}}", "\"pad_token\" is not a token"},
        {"special_tokens_map.json", "[]", "special_tokens_map.json: the outermost value is not an object"},
        {"tokenizer_config.json", "{\"name\": \"a\\u0000b\"}", "tokenizer_config.json:1: a string holds a NUL"},
        {"tokenizer_config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tern_error error = {{0}};
        ck_assert_msg(!tern_tokenizer_load(tiny_with(bad[i][0], bad[i][1]), &error), "%s was taken", bad[i][1]);
        ck_assert_msg(strstr(error.message, bad[i][2]) != NULL, "%s: %s", bad[i][1], error.message);
        ck_assert_ptr_null(strchr(error.message, '\n'));
    }
}
END_TEST

START_TEST(what_is_passed_over_is_a_warning)
{
    static const char *const odd[][2] = {
        {"{\"padding_side\": \"left\"}", "padding_side is left"},
        {"{\"truncation_side\": \"left\"}", "truncation_side is left"},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        tern_tokenizer *t = load(tiny_with("tokenizer_config.json", odd[i][0]), odd[i][0]);
        ck_assert_uint_eq(tern_tokenizer_warnings(t)->n, 1);
        ck_assert_ptr_nonnull(strstr(tern_tokenizer_warnings(t)->items[0], odd[i][1]));
        tern_tokenizer_free(t);
    }
}
END_TEST

#define SMALL(post, added)                                                                                             \
    "{\"normalizer\": {\"type\": \"BertNormalizer\"}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, "           \
    "\"added_tokens\": [" added "], \"post_processor\": " post ", "                                                    \
    "\"model\": {\"type\": \"WordPiece\", \"max_input_chars_per_word\": 3, \"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1, "   \
    "\"[SEP]\": 2, \"[MASK]\": 3, \"a\": 4, \"##a\": 5, \"ab\": 6, \"cls\": 7, \"[\": 8, \"]\": 9, \"a\\nb\": 10}}}"
#define CLS_SEP "{\"type\": \"BertProcessing\", \"sep\": [\"[SEP]\", 2], \"cls\": [\"[CLS]\", 1]}"

/* What is written says no more, and no less, than what was read did. */
START_TEST(written_files_make_the_same_ids)
{
    static const char *const cases[][4] = {
        /* a mask token that the vocabulary lacks: the usual one is a word like others */
        {"vocab.txt", "[UNK]\n[CLS]\n[SEP]\n[MASK]\n[\nmask\n]\n", "{\"mask_token\": \"<mask>\"}", "a[MASK]"},
        /* alone it is taken as it stands: no tokens around a text, its own longest word, no special token */
        {"tokenizer.json", SMALL("null", ""), NULL, "[CLS]aaaa aaa"},
        /* to other classes names are tokens to look for, whatever stands around a text */
        {"tokenizer.json", SMALL(CLS_SEP, ""),
         "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", \"cls_token\": \"a\"}", "[CLS]aa"},
        /* two tokens of one normal form: the first counts, wherever their ids are */
        {"tokenizer.json", SMALL("null", "{\"id\": 11, \"content\": \"AB\"}, {\"id\": 6, \"content\": \"ab\"}"),
         "{\"extra_special_tokens\": [\"<x>\"]}", "ab<x>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tern_error error = {{0}};
        const char *folder = tern_test_folder(), *out = tern_test_folder(), *text = cases[i][3];
        tern_ids ids = {0};
        put(folder, cases[i][0], cases[i][1]);
        if (cases[i][2])
            put(folder, "tokenizer_config.json", cases[i][2]);
        tern_tokenizer *t = load(folder, text);
        ck_assert_msg(tern_tokenizer_save(t, out, 20, &error) == 0, "%s", error.message);
        tern_tokenizer *again = load(out, text);
        tern_tokenizer_encode(t, text, strlen(text), 0, &ids);
        tern_tokenizer_encode(again, text, strlen(text), 0, &ids);
        ck_assert_msg(2 * ids.offsets[1] == ids.offsets[2], "%s: %lld ids, then %lld", text, (long long)ids.offsets[1],
                      (long long)(ids.offsets[2] - ids.offsets[1]));
        ck_assert_mem_eq(ids.ids, ids.ids + ids.offsets[1], (size_t)ids.offsets[1] * sizeof *ids.ids);
        tern_ids_free(&ids);
        tern_tokenizer_free(again);
        tern_tokenizer_free(t);
    }
}
END_TEST

/* A line of vocab.txt can't hold a token with a line's end in it: those behind it would have other ids. */
START_TEST(a_token_with_a_lines_end_leaves_vocab_txt_out)
{
    tern_error error = {{0}};
    const char *folder = tern_test_folder(), *out = tern_test_folder();
    put(folder, "tokenizer.json", SMALL("null", ""));
    tern_tokenizer *t = load(folder, "a line's end");
    ck_assert_msg(tern_tokenizer_save(t, out, 20, &error) == 0, "%s", error.message);
    char *vocab = tern_path_join(out, "vocab.txt"), *json = tern_path_join(out, "tokenizer.json");
    ck_assert(!tern_file_exists(vocab) && tern_file_exists(json));
    free(json);
    free(vocab);
    tern_tokenizer_free(t);
}
END_TEST

/* A text of n tokens, cut from the left, keeps its last ones, whatever the length. */
START_TEST(cut_from_the_left_every_length_keeps_the_end)
{
    tern_tokenizer *right = load(tiny_with("tokenizer_config.json", "{}"), "right");
    tern_tokenizer *left = load(tiny_with("tokenizer_config.json", "{\"truncation_side\": \"left\"}"), "left");
    const char *text = "a b c d e f";
    tern_ids whole = {0}, cut = {0};
    tern_tokenizer_encode(right, text, strlen(text), 0, &whole);
    ck_assert_int_eq(whole.offsets[1], 8);
    for (int64_t most = 1; most < 12; most++) {
        tern_tokenizer_encode(left, text, strlen(text), most, &cut);
        const int32_t *ids = cut.ids + cut.offsets[most - 1];
        int64_t n = cut.offsets[most] - cut.offsets[most - 1];
        ck_assert_int_eq(n, most < 8 ? most : 8);
        ck_assert_int_eq(ids[0], whole.ids[0]);
        for (int64_t k = 1; k < n; k++)
            ck_assert_int_eq(ids[k], whole.ids[8 - n + k]);
    }
    tern_ids_free(&cut);
    tern_ids_free(&whole);
    tern_tokenizer_free(left);
    tern_tokenizer_free(right);
}
END_TEST

/* Thousands of long tokens that begin alike: one by one, at every place of a text, they would take minutes. */
START_TEST(long_added_tokens_that_begin_alike_take_no_time)
{
    enum { TOKENS = 9000, BYTES = 1000000 };
    tern_buffer json = {0}, text = {0};
    tern_buffer_printf(&json, "{\"added_tokens_decoder\": {");
    for (int i = 0; i < TOKENS; i++)
        tern_buffer_printf(&json, "%s\"%d\": {\"content\": \"%0990d%d\", \"normalized\": %s}", i ? ", " : "", 68 + i, 7,
                           10000 + i, i % 2 ? "true" : "false");
    tern_buffer_printf(&json, "}}");
    for (int i = 0; i < BYTES; i++)
        tern_buffer_add(&text, "0", 1);
    tern_tokenizer *t = load(tiny_with("tokenizer_config.json", json.data), "many");
    tern_ids ids = {0};
    tern_tokenizer_encode(t, text.data, text.n, 0, &ids);
    char *last = tern_format("%0990d%d", 7, 10000 + TOKENS - 1), *some = tern_format("%s a %0990d%d", last, 7, 10007);
    tern_tokenizer_encode(t, some, strlen(some), 0, &ids);
    ck_assert_int_eq(ids.offsets[2] - ids.offsets[1], 5);
    ck_assert_int_eq(ids.ids[ids.offsets[1] + 1], 68 + TOKENS - 1);
    ck_assert_int_eq(ids.ids[ids.offsets[1] + 3], 68 + 7);
    free(some);
    free(last);
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
    tern_buffer_free(&text);
    tern_buffer_free(&json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokenizer_config");
    TCase *tc = tcase_create("tokenizer_config");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, ids_are_those_of_transformers_and_disagreement_is_a_warning);
    tcase_add_test(tc, what_can_not_be_followed_is_refused_by_name);
    tcase_add_test(tc, what_is_passed_over_is_a_warning);
    tcase_add_test(tc, written_files_make_the_same_ids);
    tcase_add_test(tc, a_token_with_a_lines_end_leaves_vocab_txt_out);
    tcase_add_test(tc, cut_from_the_left_every_length_keeps_the_end);
    tcase_add_test(tc, long_added_tokens_that_begin_alike_take_no_time);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
