/* The older form of BERT's tokenizer: vocab.txt, a token a line, the line's number from 0 its id, and what
 * data/tokenizer_config.h reads. */
#include "base/file.h"
#include "base/lfs.h"
#include "base/memory.h"
#include "data/utf8.h"
#include "data/wordpiece_file.h"

#include <stdlib.h>
#include <string.h>

/* The lines of text as new strings. Fails for what can't be a token. */
static int parse_lines(const char *text, size_t n, char ***tokens, size_t *n_tokens, const char *path,
                       tern_error *error)
{
    size_t capacity = 0;
    if (tern_lfs_is_pointer(text, n))
        return tern_lfs_fail(error, path);
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - (text + at)) : n - at, next = at + length + 1;
        if (length > 0 && text[at + length - 1] == '\r')
            length--;
        if (tern_utf8_check(text + at, length) < length || memchr(text + at, 0, length))
            return tern_fail(error, "%s:%zu: the token is not valid UTF-8", path, *n_tokens + 1);
        /* Some readers would end the line there and number all that follows otherwise. */
        if (memchr(text + at, '\r', length))
            return tern_fail(error, "%s:%zu: a carriage return is inside the line; lines end with \\n or \\r\\n", path,
                             *n_tokens + 1);
        if (length > TERN_LONGEST_TOKEN)
            return tern_fail(error, "%s:%zu: a token of %zu bytes; at most %d are taken", path, *n_tokens + 1, length,
                             TERN_LONGEST_TOKEN);
        TERN_GROW(*tokens, *n_tokens, capacity);
        (*tokens)[(*n_tokens)++] = tern_strndup(text + at, length);
        at = next;
    }
    return *n_tokens ? 0 : tern_fail(error, "%s: the vocabulary is empty", path);
}

int tern_tokenizer_read_lines(const char *path, char ***tokens, size_t *n_tokens, tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return -1;
    int status = parse_lines(text, n, tokens, n_tokens, path, error);
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

void tern_tokenizer_set_frame(tern_tokenizer *t, int32_t before, int32_t after)
{
    t->before = tern_realloc(t->before, 1, sizeof *t->before);
    t->after = tern_realloc(t->after, 1, sizeof *t->after);
    *t->before = before;
    *t->after = after;
    t->n_before = t->n_after = 1;
}

static int set_special(tern_tokenizer *t, const tern_tokenizer_config *config, const char *path, tern_error *error)
{
    int32_t ids[TERN_TOKENS_NEEDED];
    for (int i = 0; i < TERN_TOKENS_NEEDED; i++) {
        const char *name = config->special[i] ? config->special[i] : tern_token_names[i];
        ids[i] = tern_wordpiece_find(t->model, name, strlen(name));
        if (ids[i] < 0)
            return tern_fail(error, "%s: the special token \"%s\" is not in the vocabulary", path, name);
    }
    t->model->unknown = ids[TERN_TOKEN_UNK];
    tern_tokenizer_set_frame(t, ids[TERN_TOKEN_CLS], ids[TERN_TOKEN_SEP]);
    return 0;
}

static int finish(tern_tokenizer *t, const char *path, const tern_tokenizer_config *c, int lower_case,
                  tern_error *error)
{
    tern_token_entries none = {0};
    int lower = c->lower_case < 0 ? lower_case : c->lower_case;
    tern_bert_text_init(&t->text, 1, c->chinese < 0 ? 1 : c->chinese, c->strip_accents < 0 ? lower : c->strip_accents,
                        lower);
    t->truncate_left = c->truncate_left == 1;
    if (check_duplicates(t->model, path, error) < 0 || set_special(t, c, path, error) < 0)
        return -1;
    tern_tokenizer_config as_bert = *c; /* the special tokens' usual names count where there are no others */
    as_bert.is_bert = 1;
    return tern_tokenizer_add_tokens(t, &none, path, &as_bert, error);
}

int tern_tokenizer_parse_vocab(tern_tokenizer *tokenizer, const char *text, size_t n, const char *path,
                               const tern_tokenizer_config *config, int lower_case, tern_error *error)
{
    char **tokens = NULL;
    size_t n_tokens = 0;
    int status = parse_lines(text, n, &tokens, &n_tokens, path, error);
    /* The tokenizer owns what was read, right or wrong. */
    tokenizer->model = tern_wordpiece_create(tokens, (int32_t)n_tokens, "##", -1, 100);
    return status == 0 ? finish(tokenizer, path, config, lower_case, error) : -1;
}

int tern_tokenizer_read_vocab(tern_tokenizer *tokenizer, const char *path, const tern_tokenizer_config *config,
                              int lower_case, tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return -1;
    int status = tern_tokenizer_parse_vocab(tokenizer, text, n, path, config, lower_case, error);
    free(text);
    return status;
}
