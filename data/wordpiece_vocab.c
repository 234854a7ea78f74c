/* The older form of BERT's tokenizer: vocab.txt, a token a line, the line's number from 0 its id; and
 * tokenizer_config.json, of which do_lower_case, strip_accents, tokenize_chinese_chars and the names of the special
 * tokens count. */
#include "base/file.h"
#include "base/memory.h"
#include "data/utf8.h"
#include "data/wordpiece_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The special tokens' names in tokenizer_config.json, and in BERT. The first three must be there. */
enum { UNKNOWN, CLASSIFY, SEPARATE, N_NEEDED, N_SPECIAL = 5 };
static const char *const special_keys[N_SPECIAL] = {"unk_token", "cls_token", "sep_token", "pad_token", "mask_token"};
static const char *const special_names[N_SPECIAL] = {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"};

typedef struct config {
    int lower_case, strip_accents, chinese;
    char *special[N_SPECIAL];
} config;

static void free_config(config *c)
{
    for (int i = 0; i < N_SPECIAL; i++)
        free(c->special[i]);
}

/* Tokens are written as strings, or as objects with their string under "content". */
static int read_special(config *c, const json_t *root, const char *path, tern_error *error)
{
    for (int i = 0; i < N_SPECIAL; i++) {
        const json_t *value = json_object_get(root, special_keys[i]);
        if (json_is_object(value))
            value = json_object_get(value, "content");
        if (value && !json_is_null(value) && !json_is_string(value))
            return tern_fail(error, "%s: \"%s\" is not a token", path, special_keys[i]);
        c->special[i] = tern_strdup(json_is_string(value) ? json_string_value(value) : special_names[i]);
    }
    return 0;
}

/* Flags are left at -1 after a failure. */
static int read_config(config *c, const char *path, int lower_case, tern_error *error)
{
    *c = (config){.lower_case = lower_case, .strip_accents = lower_case, .chinese = 1};
    if (!path || !tern_file_exists(path))
        return read_special(c, NULL, "", error);
    json_t *root = tern_tokenizer_parse(path, error);
    if (!root)
        return -1;
    int status = -1;
    if ((c->lower_case = tern_tokenizer_flag(root, "do_lower_case", lower_case, path, error)) >= 0 &&
        (c->strip_accents = tern_tokenizer_flag(root, "strip_accents", c->lower_case, path, error)) >= 0 &&
        (c->chinese = tern_tokenizer_flag(root, "tokenize_chinese_chars", 1, path, error)) >= 0)
        status = read_special(c, root, path, error);
    json_decref(root);
    return status;
}

/* Cuts text into lines in place: tokens point into it. Fails for what can't be a token. */
static int read_lines(char *text, size_t n, char ***tokens, size_t *n_tokens, const char *path, tern_error *error)
{
    size_t capacity = 0;
    for (size_t at = 0; at < n;) {
        char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - (text + at)) : n - at, next = at + length + 1;
        if (length > 0 && text[at + length - 1] == '\r')
            length--;
        if (tern_utf8_check(text + at, length) < length || memchr(text + at, 0, length))
            return tern_fail(error, "%s:%zu: the token is not valid UTF-8", path, *n_tokens + 1);
        if (length > TERN_LONGEST_TOKEN)
            return tern_fail(error, "%s:%zu: a token of %zu bytes; at most %d are taken", path, *n_tokens + 1, length,
                             TERN_LONGEST_TOKEN);
        TERN_GROW(*tokens, *n_tokens, capacity);
        (*tokens)[(*n_tokens)++] = tern_strndup(text + at, length);
        at = next;
    }
    return *n_tokens ? 0 : tern_fail(error, "%s: the vocabulary is empty", path);
}

static int read_tokens(const char *path, char ***tokens, size_t *n_tokens, tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return -1;
    int status = read_lines(text, n, tokens, n_tokens, path, error);
    free(text);
    return status;
}

static int check_duplicates(const tern_wordpiece *model, const char *path, tern_error *error)
{
    for (int32_t i = 0; i < model->n; i++) {
        int32_t first = tern_wordpiece_find(model, model->tokens[i], model->lengths[i]);
        if (first != i)
            return tern_fail(error, "%s:%d: the token \"%s\" is on line %d already", path, (int)i + 1, model->tokens[i],
                             (int)first + 1);
    }
    return 0;
}

static int set_special(tern_tokenizer *t, const config *c, const char *path, tern_error *error)
{
    int32_t ids[N_SPECIAL];
    for (int i = 0; i < N_SPECIAL; i++) {
        ids[i] = tern_wordpiece_find(t->model, c->special[i], strlen(c->special[i]));
        if (ids[i] < 0 && i < N_NEEDED)
            return tern_fail(error, "%s: the special token \"%s\" is not in the vocabulary", path, c->special[i]);
        if (ids[i] >= 0 && *c->special[i])
            tern_added_tokens_add(&t->raw, c->special[i], strlen(c->special[i]), ids[i], 0, 0);
    }
    t->model->unknown = ids[UNKNOWN];
    t->before = tern_alloc(1, sizeof *t->before);
    t->after = tern_alloc(1, sizeof *t->after);
    *t->before = ids[CLASSIFY];
    *t->after = ids[SEPARATE];
    t->n_before = t->n_after = 1;
    return 0;
}

int tern_tokenizer_read_vocab(tern_tokenizer *tokenizer, const char *path, const char *config_path, int lower_case,
                              tern_error *error)
{
    config c;
    char **tokens = NULL;
    size_t n = 0;
    int status = read_config(&c, config_path, lower_case, error);
    if (status == 0)
        status = read_tokens(path, &tokens, &n, error);
    /* The tokenizer owns what was read, right or wrong. */
    tokenizer->model = tern_wordpiece_create(tokens, (int32_t)n, (int32_t)n, "##", -1, 100);
    if (status == 0) {
        tern_bert_text_init(&tokenizer->text, 1, c.chinese, c.strip_accents, c.lower_case);
        status = check_duplicates(tokenizer->model, path, error);
    }
    if (status == 0)
        status = set_special(tokenizer, &c, path, error);
    free_config(&c);
    return status;
}
