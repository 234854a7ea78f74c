/* Tokenizer files that are wrong: each is refused with one sentence that names the file and the fault. */
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/tokenizer.h"
#include "tests/support.h"

#include <jansson.h>
#include <string.h>

#define NORMALIZER                                                                                                     \
    "\"normalizer\": {\"type\": \"BertNormalizer\"}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, "
#define MODEL   "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1, \"[SEP]\": 2, \"a\": 3}}"
#define CLS_SEP "\"post_processor\": {\"type\": \"BertProcessing\", \"sep\": [\"[SEP]\", 2], \"cls\": [\"[CLS]\", 1]}"

static const char good[] =
    "{" NORMALIZER CLS_SEP ", \"added_tokens\": [{\"id\": 2, \"content\": \"[SEP]\", \"special\": true}], " MODEL "}";

static const struct {
    const char *text, *sentence;
} bad[] = {
    {"", "not valid JSON"},
    {"[]", "not an object"},
    {"{}", "the normalizer is missing"},
    {"{\"normalizer\": null}", "the normalizer is null"},
    {"{\"normalizer\": {\"type\": \"Sequence\"}}", "the normalizer is Sequence; only BERT's"},
    {"{\"normalizer\": {\"type\": \"BertNormalizer\"}, \"pre_tokenizer\": {\"type\": \"ByteLevel\"}}",
     "the pre_tokenizer is ByteLevel"},
    {"{\"normalizer\": {\"type\": \"BertNormalizer\", \"lowercase\": 1}, \"pre_tokenizer\": {\"type\": "
     "\"BertPreTokenizer\"}}",
     "\"lowercase\" is not true or false"},
    {"{" NORMALIZER "\"model\": {\"type\": \"BPE\"}}", "the model is BPE"},
    {"{" NORMALIZER "\"model\": 3}", "the model is not an object"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\"}}", "no vocabulary"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": []}}", "no vocabulary"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0}}}",
     "\"[UNK]\" is not in the vocabulary"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"unk_token\": 7, \"vocab\": {\"a\": 0}}}", "wrong kind"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0, \"b\": 0}}}", "both have the id 0"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0, \"b\": 2}}}", "id of \"b\" is not"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": -1}}}", "id of \"a\" is not"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 99999999999999}}}", "id of \"a\" is not"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": \"0\"}}}", "id of \"a\" is not"},
    {"{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0, \"a\": 1}}}", "not valid JSON"},
    {"{" NORMALIZER MODEL ", \"added_tokens\": {}}", "\"added_tokens\" is not a list"},
    {"{" NORMALIZER MODEL ", \"added_tokens\": [4]}", "lacks \"content\" or \"id\""},
    {"{" NORMALIZER MODEL ", \"added_tokens\": [{\"id\": 9, \"content\": \"x\"}]}", "has the id 9 where 4 is due"},
    {"{" NORMALIZER MODEL ", \"added_tokens\": [{\"id\": 1, \"content\": \"[SEP]\"}]}", "has the id 1 where 2 is due"},
    {"{" NORMALIZER MODEL ", \"added_tokens\": [{\"id\": 4, \"content\": \"x\", \"single_word\": true}]}",
     "single words"},
    {"{" NORMALIZER MODEL ", \"post_processor\": {\"type\": \"ByteLevel\"}}", "the post_processor is ByteLevel"},
    {"{" NORMALIZER MODEL ", \"post_processor\": {\"type\": \"BertProcessing\"}}", "an id that no token has"},
    {"{" NORMALIZER MODEL ", \"post_processor\": {\"type\": \"BertProcessing\", \"cls\": [\"x\", 4]}}",
     "an id that no token has"},
    {"{" NORMALIZER MODEL ", \"post_processor\": {\"type\": \"TemplateProcessing\"}}", "has the text 0 times"},
    {"{" NORMALIZER MODEL
     ", \"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"[CLS]\"}}]}}",
     "\"[CLS]\" is not described"},
};

/* Without tern_file_write, whose fsync takes too long for thousands of files. Returns the folder. */
static const char *write_json(const char *text, size_t n)
{
    static const char *folder;
    if (!folder)
        folder = tern_test_folder();
    char *path = tern_path_join(folder, "tokenizer.json");
    FILE *file = fopen(path, "w");
    ck_assert(file && fwrite(text, 1, n, file) == n && fclose(file) == 0);
    free(path);
    return folder;
}

/* Loads a tokenizer.json of these bytes; 0 with the sentence when it is refused. */
static int loads(const char *text, size_t n, tern_error *error)
{
    tern_tokenizer *t = tern_tokenizer_load(write_json(text, n), error);
    tern_ids ids = {0};
    if (t)
        tern_tokenizer_encode(t, "a b [SEP] aa", 12, 0, &ids);
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
    return t != NULL;
}

START_TEST(test_wrong_files_are_refused)
{
    tern_error error = {{0}};
    ck_assert_msg(loads(good, strlen(good), &error), "%s", error.message);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!loads(bad[i].text, strlen(bad[i].text), &error), "file %zu was taken", i);
        ck_assert_msg(strstr(error.message, bad[i].sentence) != NULL, "file %zu: %s", i, error.message);
        ck_assert_ptr_nonnull(strstr(error.message, "tokenizer.json"));
    }
}
END_TEST

START_TEST(test_every_truncation_is_refused)
{
    tern_error error = {{0}};
    for (size_t n = 0; n < strlen(good); n++)
        ck_assert_msg(!loads(good, n, &error), "the first %zu bytes were taken", n);
}
END_TEST

/* Random bytes changed: it loads or it is refused, and nothing else happens (run under sanitizers too). */
START_TEST(test_mutations_never_crash)
{
    tern_error error = {{0}};
    char text[sizeof good];
    for (uint64_t i = 0; i < 2000; i++) {
        memcpy(text, good, sizeof good);
        for (uint64_t j = 0; j <= i % 3; j++)
            text[tern_random_below(sizeof good - 1, 5, i, j, 0)] = "0123[]{},:\"a\\"[tern_random_below(13, 5, i, j, 1)];
        loads(text, sizeof good - 1, &error);
    }
}
END_TEST

START_TEST(test_deep_nesting_is_refused)
{
    enum { DEPTH = 1000000 };
    tern_error error = {{0}};
    char *text = tern_alloc(DEPTH, 1);
    memset(text, '[', DEPTH);
    ck_assert(!loads(text, DEPTH, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "not valid JSON"));
    free(text);
}
END_TEST

START_TEST(test_a_token_that_is_too_long_is_refused)
{
    tern_error error = {{0}};
    tern_buffer text = {0};
    tern_buffer_printf(&text, "{" NORMALIZER "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"%01100d\": 0}}}", 0);
    ck_assert(!loads(text.data, text.n, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "at most 1024"));
    tern_buffer_free(&text);
}
END_TEST

/* A template with n times [CLS] before the text. */
static char *with_frame(int n)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text,
                       "{" NORMALIZER MODEL ", \"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [");
    for (int i = 0; i < n; i++)
        tern_buffer_printf(&text, "{\"SpecialToken\": {\"id\": \"[CLS]\"}}, ");
    tern_buffer_printf(&text, "{\"Sequence\": {}}], \"special_tokens\": {\"[CLS]\": {\"ids\": [1]}}}}");
    return text.data;
}

START_TEST(test_many_special_tokens_leave_no_text_longer_than_asked)
{
    tern_error error = {{0}};
    tern_ids ids = {0};
    char *most = with_frame(64), *more = with_frame(65);
    tern_tokenizer *t = tern_tokenizer_load(write_json(most, strlen(most)), &error);
    ck_assert_msg(t != NULL, "%s", error.message);
    tern_tokenizer_encode(t, "a a a", 5, 8, &ids);
    ck_assert_int_eq(ids.offsets[1], 8);
    ck_assert(!loads(more, strlen(more), &error));
    ck_assert_ptr_nonnull(strstr(error.message, "more than 64 tokens before or after a text"));
    tern_ids_free(&ids);
    tern_tokenizer_free(t);
    free(most);
    free(more);
}
END_TEST

static void check_vocab(const char *text, size_t n, const char *sentence)
{
    tern_error error = {{0}};
    const char *path = tern_test_path("vocab.txt");
    ck_assert_int_eq(tern_file_write(path, text, n, &error), 0);
    ck_assert_ptr_null(tern_tokenizer_from_vocab(path, 1, &error));
    ck_assert_msg(strstr(error.message, sentence) != NULL, "%s", error.message);
}

START_TEST(test_wrong_vocabularies_are_refused)
{
    tern_error error = {{0}};
    check_vocab("", 0, "is empty");
    check_vocab("a\n", 2, "\"[UNK]\" is not in the vocabulary");
    check_vocab("[UNK]\n[CLS]\na\n", 14, "\"[SEP]\" is not in the vocabulary");
    check_vocab("a\nb\na\n", 6, "vocab.txt:3: the token \"a\" is on line 1 already");
    check_vocab("a\n\xFF\n", 4, "vocab.txt:2: the token is not valid UTF-8");
    check_vocab("a\nb\r\r\n", 6, "vocab.txt:2: a carriage return is inside the line");
    check_vocab("a\n\0\n", 4, "vocab.txt:2: the token is not valid UTF-8");
    ck_assert_ptr_null(tern_tokenizer_from_vocab("/nowhere/vocab.txt", 1, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/vocab.txt"));
    ck_assert_ptr_null(tern_tokenizer_load("/nowhere", &error));
    ck_assert_ptr_nonnull(strstr(error.message, "neither tokenizer.json nor vocab.txt"));
}
END_TEST

START_TEST(test_wrong_settings_beside_a_vocabulary_are_refused)
{
    static const char *const settings[][2] = {
        {"[", "not valid JSON"},
        {"{\"do_lower_case\": \"yes\"}", "\"do_lower_case\" is not true or false"},
        {"{\"cls_token\": 4}", "\"cls_token\" is not a token"},
        {"{\"sep_token\": \"</s>\"}", "\"</s>\" is not in the vocabulary"},
    };
    const char *folder = tern_test_folder(), *tokens = "[UNK]\n[CLS]\n[SEP]\n";
    char *vocab = tern_path_join(folder, "vocab.txt"), *config = tern_path_join(folder, "tokenizer_config.json");
    tern_error error = {{0}};
    ck_assert_int_eq(tern_file_write(vocab, tokens, strlen(tokens), &error), 0);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        ck_assert_int_eq(tern_file_write(config, settings[i][0], strlen(settings[i][0]), &error), 0);
        ck_assert_ptr_null(tern_tokenizer_load(folder, &error));
        ck_assert_msg(strstr(error.message, settings[i][1]) != NULL, "%s", error.message);
    }
    free(vocab);
    free(config);
}
END_TEST

static Suite *files_suite(void)
{
    Suite *suite = suite_create("tokenizer_files");
    TCase *tc = tcase_create("files");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_wrong_files_are_refused);
    tcase_add_test(tc, test_every_truncation_is_refused);
    tcase_add_test(tc, test_mutations_never_crash);
    tcase_add_test(tc, test_deep_nesting_is_refused);
    tcase_add_test(tc, test_a_token_that_is_too_long_is_refused);
    tcase_add_test(tc, test_many_special_tokens_leave_no_text_longer_than_asked);
    tcase_add_test(tc, test_wrong_vocabularies_are_refused);
    tcase_add_test(tc, test_wrong_settings_beside_a_vocabulary_are_refused);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return tern_test_run(files_suite());
}
