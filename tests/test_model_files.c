/* Files of model folders that are not what their name says: each is named for what it is, before anything is made of
 * it. */
#include "checkpoints/model.h"
#include "tests/tiny.h"

static void refused(const char *folder, const char *because)
{
    tern_model *(*const ways[])(const char *, tern_error *) = {tern_model_load, tern_model_open};
    for (int i = 0; i < 2; i++) {
        tern_error error = {{0}};
        ck_assert_msg(ways[i](folder, &error) == NULL, "taken, without a word on: %s", because);
        ck_assert_msg(strstr(error.message, because), "%s: %s", because, error.message);
        ck_assert_ptr_null(strchr(error.message, '\n'));
    }
}

static tern_model *load(const char *folder)
{
    tern_error error = {{0}};
    tern_model *model = tern_model_load(folder, &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    return model;
}

static const char *const json_files[] = {"config.json",           "config_sentence_transformers.json",
                                         "modules.json",          "sentence_bert_config.json",
                                         "tokenizer.json",        "tokenizer_config.json",
                                         "1_Pooling/config.json", "2_Dense/config.json"};
enum { N_JSON = sizeof json_files / sizeof *json_files };

/* A byte behind a number or a string, where JSON readers step over it, was found when the folder was written again. */
START_TEST(a_nul_byte_in_any_file_is_refused_at_once)
{
    for (int i = 0; i < N_JSON; i++) {
        const char *folder = tiny_copy();
        char *path = tern_path_join(folder, json_files[i]), *bytes;
        size_t n;
        ck_assert_int_eq(tern_file_read(path, 0, &bytes, &n, NULL), 0);
        char *spoiled = tern_alloc(n + 1, 1), *comma = memrchr(bytes, '}', n);
        size_t at = (size_t)(comma - bytes);
        memcpy(spoiled, bytes, at);
        spoiled[at] = 0;
        memcpy(spoiled + at + 1, comma, n - at);
        tern_test_put_file(path, spoiled, n + 1);
        refused(folder, json_files[i]);
        refused(folder, "it holds a NUL byte");
        free(spoiled);
        free(bytes);
        free(path);
    }
}
END_TEST

START_TEST(a_string_with_a_nul_character_is_refused_in_any_file)
{
    for (int i = 0; i < N_JSON; i++) {
        if (strcmp(json_files[i], "modules.json") == 0)
            continue; /* a list */
        for (int key = 0; key < 2; key++) {
            const char *folder = tiny_copy();
            edit(folder, json_files[i], "{", key ? "{\"a\\u0000b\": 1, " : "{\"note\": \"a\\u0000b\", ");
            refused(folder, json_files[i]);
            refused(folder, "a string holds a NUL character (\\u0000)");
        }
    }
}
END_TEST

START_TEST(a_git_lfs_pointer_is_named_whatever_file_it_stands_for)
{
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 90868376\n";
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors",
                                        "2_Dense/model.safetensors", "modules.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *folder = tiny_copy();
        put_text(folder, names[i], pointer);
        refused(folder, names[i]);
        refused(folder, "it is a Git LFS pointer");
    }
    const char *folder = tiny_copy();
    char *path = tern_path_join(folder, "tokenizer.json");
    ck_assert_int_eq(remove(path), 0);
    free(path);
    put_text(folder, "vocab.txt", pointer);
    refused(folder, "vocab.txt: it is a Git LFS pointer");
}
END_TEST

START_TEST(what_a_transformer_module_is_told_is_followed_or_named)
{
    static const char *const bad[][2] = {
        {"{\"max_seq_length\": 20, \"transformer_task\": \"fill-mask\"}", "transformer_task \"fill-mask\""},
        {"{\"max_seq_length\": 20, \"module_output_name\": \"logits\"}", "module_output_name \"logits\""},
        {"{\"modality_config\": {\"text\": {\"method_output_name\": \"pooler_output\"}}}",
         "method_output_name \"pooler_output\""},
        {"{\"do_lower_case\": \"yes\"}", "its \"do_lower_case\" is neither true nor false"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *folder = tiny_copy();
        put_text(folder, "sentence_bert_config.json", bad[i][0]);
        refused(folder, bad[i][1]);
    }
    const char *folder = tiny_copy();
    put_text(folder, "sentence_bert_config.json",
             "{\"max_seq_length\": 20, \"do_lower_case\": true, \"tokenizer_args\": {\"strip_accents\": false}}");
    tern_model *model = load(folder); /* whose tokenizer lower-cases anyway */
    ck_assert_uint_eq(model->warnings.n, 1);
    ck_assert_ptr_nonnull(strstr(model->warnings.items[0], "its \"tokenizer_args\" are left out"));
    tern_model_free(model);
    edit(folder, "tokenizer_config.json", "\"do_lower_case\": true", "\"do_lower_case\": false");
    refused(folder, "sentence_bert_config.json: do_lower_case is true beside a tokenizer that keeps case");
}
END_TEST

/* Tokens kept from an earlier run must not be taken for those of another rule. */
START_TEST(another_rule_of_the_tokenizer_is_another_tokenizer)
{
    static const char *const changes[][2] = {{"\"do_lower_case\": true", "\"do_lower_case\": false"},
                                             {"\"unk_token\"", "\"truncation_side\": \"left\", \"unk_token\""}};
    tern_model *model = load(tiny_copy());
    for (int i = 0; i < 2; i++) {
        const char *folder = tiny_copy();
        edit(folder, "tokenizer_config.json", changes[i][0], changes[i][1]);
        tern_model *other = load(folder);
        ck_assert_uint_ne(model->tokenizer_hash, other->tokenizer_hash);
        tern_model_free(other);
    }
    tern_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_files");
    TCase *tc = tcase_create("model_files");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_nul_byte_in_any_file_is_refused_at_once);
    tcase_add_test(tc, a_string_with_a_nul_character_is_refused_in_any_file);
    tcase_add_test(tc, a_git_lfs_pointer_is_named_whatever_file_it_stands_for);
    tcase_add_test(tc, what_a_transformer_module_is_told_is_followed_or_named);
    tcase_add_test(tc, another_rule_of_the_tokenizer_is_another_tokenizer);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
