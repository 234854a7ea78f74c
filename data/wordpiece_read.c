/* tokenizer.json, as Hugging Face tokenizers writes it for BERT:
 *
 *     {"added_tokens": [{"id": 101, "content": "[CLS]", "normalized": false, "special": true, ...}, ...],
 *      "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
 *                     "strip_accents": null, "lowercase": true},
 *      "pre_tokenizer": {"type": "BertPreTokenizer"},
 *      "post_processor": {"type": "TemplateProcessing", "single": [...], "special_tokens": {...}},
 *      "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
 *                "max_input_chars_per_word": 100, "vocab": {"[PAD]": 0, ...}}} */
#include "base/file.h"
#include "base/memory.h"
#include "data/vocabulary_json.h"
#include "data/wordpiece_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A token of the vocabulary by id while it is being gathered. */
typedef struct token_list {
    char **tokens;
    size_t n, capacity;
} token_list;

static void free_list(token_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->tokens[i]);
    free(list->tokens);
}

/* The file's vocabulary: taken out of its text, or, where that wasn't possible, as JSON. */
typedef struct vocabulary {
    tern_vocabulary taken; /* its tokens are the list's once that is read */
    const json_t *json;
    size_t n;
} vocabulary;

json_t *tern_tokenizer_parse(const char *path, tern_error *error)
{
    char *text;
    size_t n;
    json_error_t where;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return NULL;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (!root)
        tern_fail(error, "%s:%d: not valid JSON: %s", path, where.line, where.text);
    else if (!json_is_object(root)) {
        tern_fail(error, "%s: the outermost value is not an object", path);
        json_decref(root);
        root = NULL;
    }
    return root;
}

int tern_tokenizer_flag(const json_t *object, const char *key, int fallback, const char *path, tern_error *error)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return fallback;
    if (!json_is_boolean(value))
        return tern_fail(error, "%s: \"%s\" is not true or false", path, key);
    return json_is_true(value);
}

/* Fails unless object[part] is an object of the type wanted. */
static const json_t *read_part(const json_t *root, const char *part, const char *wanted, const char *path,
                               tern_error *error)
{
    const json_t *object = json_object_get(root, part);
    const char *type = json_string_value(json_object_get(object, "type"));
    if (json_is_object(object) && type && strcmp(type, wanted) == 0)
        return object;
    tern_fail(error, "%s: the %s is %s; only BERT's tokenizers are read, where it is %s", path, part,
              type                     ? type
              : json_is_object(object) ? "of no stated type"
              : json_is_null(object)   ? "null"
              : object                 ? "not an object"
                                       : "missing",
              wanted);
    return NULL;
}

static int read_normalizer(tern_tokenizer *t, const json_t *root, const char *path, tern_error *error)
{
    const json_t *normalizer = read_part(root, "normalizer", "BertNormalizer", path, error);
    if (!normalizer || !read_part(root, "pre_tokenizer", "BertPreTokenizer", path, error))
        return -1;
    int clean, chinese, lower, strip;
    if ((clean = tern_tokenizer_flag(normalizer, "clean_text", 1, path, error)) < 0 ||
        (chinese = tern_tokenizer_flag(normalizer, "handle_chinese_chars", 1, path, error)) < 0 ||
        (lower = tern_tokenizer_flag(normalizer, "lowercase", 1, path, error)) < 0 ||
        (strip = tern_tokenizer_flag(normalizer, "strip_accents", lower, path, error)) < 0)
        return -1;
    tern_bert_text_init(&t->text, clean, chinese, strip, lower);
    return 0;
}

/* The vocabulary's ids are 0 to its size - 1, each once. */
static int read_vocabulary(token_list *list, vocabulary *vocab, const char *path, tern_error *error)
{
    size_t n = vocab->n;
    const char *token;
    json_t *value;
    if (vocab->taken.tokens) {
        *list = (token_list){.tokens = vocab->taken.tokens, .n = n, .capacity = n};
        vocab->taken.tokens = NULL;
        return 0;
    }
    if (n == 0)
        return tern_fail(error, "%s: the model has no vocabulary (\"vocab\")", path);
    list->tokens = tern_calloc(n, sizeof *list->tokens);
    list->n = list->capacity = n;
    json_object_foreach((json_t *)vocab->json, token, value)
    {
        json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || (size_t)id >= n)
            return tern_fail(error,
                             "%s: the id of \"%s\" is not a whole number from 0 to %zu, the vocabulary's size less one",
                             path, token, n - 1);
        if (list->tokens[id])
            return tern_fail(error, "%s: \"%s\" and \"%s\" both have the id %lld", path, list->tokens[id], token,
                             (long long)id);
        if (strlen(token) > TERN_LONGEST_TOKEN)
            return tern_fail(error, "%s: the token of id %lld has %zu bytes; at most %d are taken", path, (long long)id,
                             strlen(token), TERN_LONGEST_TOKEN);
        list->tokens[id] = tern_strdup(token);
    }
    return 0;
}

/* Id of a token of the vocabulary, or of one added behind it (list.tokens[size of the vocabulary..]); -1: neither. */
static int32_t find_token(const token_list *list, const vocabulary *vocab, const char *token)
{
    const json_t *number = vocab->json ? json_object_get(vocab->json, token) : NULL;
    int32_t id = vocab->json ? -1 : tern_vocabulary_find(&vocab->taken, list->tokens, token);
    if (number || id >= 0)
        return number ? (int32_t)json_integer_value(number) : id;
    for (size_t i = vocab->n; i < list->n; i++)
        if (strcmp(list->tokens[i], token) == 0)
            return (int32_t)i;
    return -1;
}

/* Puts an added token where the text's tokens are looked for: as it is, or in its normal form. */
static int match_added_token(tern_tokenizer *t, const json_t *entry, const char *content, int32_t id, const char *path,
                             tern_error *error)
{
    int special, normalized, lstrip, rstrip, single;
    if ((special = tern_tokenizer_flag(entry, "special", 0, path, error)) < 0 ||
        (normalized = tern_tokenizer_flag(entry, "normalized", !special, path, error)) < 0 ||
        (lstrip = tern_tokenizer_flag(entry, "lstrip", 0, path, error)) < 0 ||
        (rstrip = tern_tokenizer_flag(entry, "rstrip", 0, path, error)) < 0 ||
        (single = tern_tokenizer_flag(entry, "single_word", 0, path, error)) < 0)
        return -1;
    if (single)
        return tern_fail(error, "%s: the added token \"%s\" is to match single words only, which tern does not do",
                         path, content);
    if (!normalized) {
        tern_added_tokens_add(&t->raw, content, strlen(content), id, lstrip, rstrip);
        return 0;
    }
    tern_bert_scratch scratch = {0};
    size_t n = tern_bert_normalize(&t->text, content, strlen(content), &scratch);
    if (n > 0)
        tern_added_tokens_add(&t->normalized, scratch.text, n, id, lstrip, rstrip);
    tern_bert_scratch_free(&scratch);
    return 0;
}

/* One of added_tokens. A token that the vocabulary lacks goes behind it, in the list's order, as other tools number it;
 * an id that says otherwise would mean another row of the embeddings to them than to us. */
static int read_added_token(tern_tokenizer *t, token_list *list, const vocabulary *vocab, const json_t *entry,
                            const char *path, tern_error *error)
{
    const char *content = json_string_value(json_object_get(entry, "content"));
    const json_t *id = json_object_get(entry, "id");
    if (!content || !json_is_integer(id))
        return tern_fail(error, "%s: an entry of \"added_tokens\" lacks \"content\" or \"id\"", path);
    if (!*content)
        return 0;
    if (strlen(content) > TERN_LONGEST_TOKEN)
        return tern_fail(error, "%s: the added token of id %lld has %zu bytes; at most %d are taken", path,
                         (long long)json_integer_value(id), strlen(content), TERN_LONGEST_TOKEN);
    int32_t due = find_token(list, vocab, content);
    if (due < 0) {
        due = (int32_t)list->n;
        TERN_GROW(list->tokens, list->n, list->capacity);
        list->tokens[list->n++] = tern_strdup(content);
    }
    if (json_integer_value(id) != due)
        return tern_fail(error, "%s: the added token \"%s\" has the id %lld where %d is due", path, content,
                         (long long)json_integer_value(id), (int)due);
    return match_added_token(t, entry, content, due, path, error);
}

static int read_added_tokens(tern_tokenizer *t, token_list *list, const vocabulary *vocab, const json_t *root,
                             const char *path, tern_error *error)
{
    const json_t *added = json_object_get(root, "added_tokens");
    if (added && !json_is_null(added) && !json_is_array(added))
        return tern_fail(error, "%s: \"added_tokens\" is not a list", path);
    if (json_array_size(added) > TERN_MOST_ADDED_TOKENS)
        return tern_fail(error, "%s: %zu added tokens; at most %d are taken", path, json_array_size(added),
                         TERN_MOST_ADDED_TOKENS);
    for (size_t i = 0; i < json_array_size(added); i++)
        if (read_added_token(t, list, vocab, json_array_get(added, i), path, error) < 0)
            return -1;
    return 0;
}

static int read_model(tern_tokenizer *t, const json_t *root, vocabulary *vocab, const char *path, tern_error *error)
{
    const json_t *model = json_object_get(root, "model");
    /* Files from before 2021 state no type. */
    int untyped =
        json_is_object(model) && !json_object_get(model, "type") && json_object_get(model, "max_input_chars_per_word");
    if (!untyped && !read_part(root, "model", "WordPiece", path, error))
        return -1;
    const json_t *unknown = json_object_get(model, "unk_token");
    const json_t *prefix = json_object_get(model, "continuing_subword_prefix");
    const json_t *chars = json_object_get(model, "max_input_chars_per_word");
    if ((unknown && !json_is_string(unknown)) || (prefix && !json_is_string(prefix)) ||
        (chars && (!json_is_integer(chars) || json_integer_value(chars) < 0)))
        return tern_fail(error,
                         "%s: the model's \"unk_token\", \"continuing_subword_prefix\" or "
                         "\"max_input_chars_per_word\" is of the wrong kind",
                         path);
    token_list list = {0};
    if (!vocab->taken.tokens) {
        vocab->json = json_object_get(model, "vocab");
        vocab->n = json_object_size(vocab->json);
    }
    const char *unknown_token = unknown ? json_string_value(unknown) : "[UNK]";
    int32_t unknown_id = -1;
    int status = read_vocabulary(&list, vocab, path, error);
    if (status == 0 && (unknown_id = find_token(&list, vocab, unknown_token)) < 0)
        status = tern_fail(error, "%s: the unknown token \"%s\" is not in the vocabulary", path, unknown_token);
    if (status == 0)
        status = read_added_tokens(t, &list, vocab, root, path, error);
    if (status < 0) {
        free_list(&list);
        return -1;
    }
    t->model = tern_wordpiece_create(list.tokens, (int32_t)list.n, (int32_t)vocab->n,
                                     prefix ? json_string_value(prefix) : "##", unknown_id,
                                     chars ? json_integer_value(chars) : 100);
    return 0;
}

/* Appends one id of the frame around the words; before or after them. */
static int add_frame(tern_tokenizer *t, int after, const json_t *id, const char *path, tern_error *error)
{
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= t->model->n)
        return tern_fail(error, "%s: the post_processor has an id that no token has", path);
    int32_t **ids = after ? &t->after : &t->before;
    int64_t *n = after ? &t->n_after : &t->n_before;
    if (*n == TERN_MOST_FRAME_IDS)
        return tern_fail(error, "%s: the post_processor puts more than %d tokens before or after a text", path,
                         TERN_MOST_FRAME_IDS);
    *ids = tern_realloc(*ids, (size_t)*n + 1, sizeof **ids);
    (*ids)[(*n)++] = (int32_t)json_integer_value(id);
    return 0;
}

static int read_template(tern_tokenizer *t, const json_t *post, const char *path, tern_error *error)
{
    const json_t *single = json_object_get(post, "single");
    const json_t *special = json_object_get(post, "special_tokens");
    int words = 0;
    for (size_t i = 0; i < json_array_size(single); i++) {
        const json_t *item = json_array_get(single, i);
        words += json_object_get(item, "Sequence") != NULL;
        const json_t *token = json_object_get(item, "SpecialToken");
        const char *name = json_string_value(json_object_get(token, "id"));
        const json_t *ids = name ? json_object_get(json_object_get(special, name), "ids") : NULL;
        if (token && !json_is_array(ids))
            return tern_fail(error, "%s: the post_processor's special token \"%s\" is not described", path,
                             name ? name : "?");
        for (size_t j = 0; j < json_array_size(ids); j++)
            if (add_frame(t, words, json_array_get(ids, j), path, error) < 0)
                return -1;
    }
    if (words != 1)
        return tern_fail(error, "%s: the post_processor's template for one text has the text %d times", path, words);
    return 0;
}

static int read_post_processor(tern_tokenizer *t, const json_t *root, const char *path, tern_error *error)
{
    const json_t *post = json_object_get(root, "post_processor");
    const char *type = json_string_value(json_object_get(post, "type"));
    if (!post || json_is_null(post)) /* no special tokens, as static models have it */
        return 0;
    if (type && strcmp(type, "BertProcessing") == 0) {
        if (add_frame(t, 0, json_array_get(json_object_get(post, "cls"), 1), path, error) < 0)
            return -1;
        return add_frame(t, 1, json_array_get(json_object_get(post, "sep"), 1), path, error);
    }
    if (!read_part(root, "post_processor", "TemplateProcessing", path, error))
        return -1;
    return read_template(t, post, path, error);
}

static void free_vocabulary(vocabulary *vocab)
{
    for (size_t i = 0; vocab->taken.tokens && i < vocab->n; i++)
        free(vocab->taken.tokens[i]);
    free(vocab->taken.tokens);
    tern_vocabulary_free(&vocab->taken);
    *vocab = (vocabulary){0};
}

/* The file without its vocabulary, which goes into vocab; NULL, with nothing in it, where the whole must be parsed. */
static json_t *parse_rest(const char *path, vocabulary *vocab)
{
    char *text;
    size_t n;
    json_t *root = NULL;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, NULL) < 0)
        return NULL;
    char *rest = tern_vocabulary_take(text, n, &vocab->taken, &n);
    vocab->n = vocab->taken.n;
    if (rest)
        root = json_loadb(rest, n, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        free_vocabulary(vocab);
    free(rest);
    free(text);
    return root;
}

int tern_tokenizer_read_json(tern_tokenizer *tokenizer, const char *path, tern_error *error)
{
    vocabulary vocab = {0};
    json_t *root = parse_rest(path, &vocab);
    if (!root)
        root = tern_tokenizer_parse(path, error);
    if (!root)
        return -1;
    int status = 0;
    if (read_normalizer(tokenizer, root, path, error) < 0 || read_model(tokenizer, root, &vocab, path, error) < 0 ||
        read_post_processor(tokenizer, root, path, error) < 0)
        status = -1;
    free_vocabulary(&vocab);
    json_decref(root);
    return status;
}
