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

enum { USUAL_CHARS = 100 }; /* of the longest word that is split */

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

/* A setting that tokenizer_config.json may state otherwise than tokenizer.json. */
typedef struct setting {
    const char *key, *said; /* in tokenizer_config.json, and its value there as text; NULL: not said */
    const char *json_key;   /* in tokenizer.json */
    int here, there;        /* what tokenizer_config.json means, and tokenizer.json says */
} setting;

static const char *yes_or_no(int flag)
{
    return flag ? "true" : "false";
}

/* The value that counts: tokenizer_config.json's, and a warning where tokenizer.json has another. */
static int settle(tern_tokenizer *t, const setting *s, const tern_tokenizer_config *config)
{
    if (s->here == s->there)
        return s->here;
    char *means =
        s->said ? tern_format("%s is %s", s->key, s->said)
                : tern_format("%s, which to transformers means %s %s",
                              config->there ? "it says nothing else" : "it isn't there", s->key, yes_or_no(s->here));
    tern_warn(&t->warnings,
              "%s: %s, but tokenizer.json has %s %s; the former is used, as transformers does, and tools that read "
              "tokenizer.json alone make other vectors",
              config->path, means, s->json_key, yes_or_no(s->there));
    free(means);
    return s->here;
}

static const char *said(int flag)
{
    return flag < 0 ? NULL : yes_or_no(flag);
}

/* By the rules of BertTokenizer tokenizer_config.json wins, and what it leaves open has BERT's values. strips: whether
 * tokenizer.json says so itself, and doesn't leave stripping accents to go with lower case. */
static void settle_normalizer(tern_tokenizer *t, const tern_tokenizer_config *c, const tern_bert_text *file, int strips)
{
    int lower = c->lower_case < 0 ? 1 : c->lower_case, strip = c->strip_accents < 0 ? lower : c->strip_accents;
    const setting settings[] = {
        {"clean_text", NULL, "clean_text", 1, file->clean_text},
        {"tokenize_chinese_chars", said(c->chinese), "handle_chinese_chars", c->chinese < 0 ? 1 : c->chinese,
         file->handle_chinese_chars},
        {"strip_accents", said(c->strip_accents), "strip_accents", strip,
         strips || c->strip_accents >= 0 ? file->strip_accents : strip},
        {"do_lower_case", said(c->lower_case), "lowercase", lower, file->lowercase},
    };
    int flags[4];
    for (int i = 0; i < 4; i++)
        flags[i] = settle(t, &settings[i], c);
    tern_bert_text_init(&t->text, flags[0], flags[1], flags[2], flags[3]);
}

static int read_normalizer(tern_tokenizer *t, const json_t *root, const tern_tokenizer_config *config, const char *path,
                           tern_error *error)
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
    const tern_bert_text file = {clean, chinese, strip, lower, NULL, {0}};
    if (config->is_bert)
        settle_normalizer(t, config, &file, json_is_boolean(json_object_get(normalizer, "strip_accents")));
    else
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

/* The entries of added_tokens. */
static int read_added_tokens(tern_token_entries *list, const json_t *root, const char *path, tern_error *error)
{
    const json_t *added = json_object_get(root, "added_tokens");
    if (added && !json_is_null(added) && !json_is_array(added))
        return tern_fail(error, "%s: \"added_tokens\" is not a list", path);
    if (json_array_size(added) > TERN_MOST_ADDED_TOKENS)
        return tern_fail(error, "%s: %zu added tokens; at most %d are taken", path, json_array_size(added),
                         TERN_MOST_ADDED_TOKENS);
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *entry = json_array_get(added, i), *id = json_object_get(entry, "id");
        if (!json_is_string(json_object_get(entry, "content")) || !json_is_integer(id) || json_integer_value(id) < 0)
            return tern_fail(error, "%s: an entry of \"added_tokens\" lacks \"content\" or \"id\"", path);
        if (tern_token_entries_add(list, entry, json_integer_value(id), path, error) < 0)
            return -1;
    }
    return 0;
}

/* The unknown token's id; tokenizer_config.json's name of it wins by BertTokenizer's rules. */
static int set_unknown(tern_tokenizer *t, const char *token, const tern_tokenizer_config *config, const char *path,
                       tern_error *error)
{
    const char *other = config->is_bert ? config->special[TERN_TOKEN_UNK] : NULL;
    if (other && strcmp(other, token) != 0) {
        tern_warn(
            &t->warnings,
            "%s: unk_token is \"%s\", but tokenizer.json has \"%s\"; the former is used, as transformers does, and "
            "tools that read tokenizer.json alone make other vectors",
            config->path, other, token);
        token = other;
        path = config->path;
    }
    t->model->unknown = tern_wordpiece_find(t->model, token, strlen(token));
    if (t->model->unknown < 0)
        return tern_fail(error, "%s: the unknown token \"%s\" is not in the vocabulary", path, token);
    return 0;
}

static int read_model(tern_tokenizer *t, const json_t *root, vocabulary *vocab, const tern_tokenizer_config *config,
                      const char *path, tern_error *error)
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
    if (read_vocabulary(&list, vocab, path, error) < 0) {
        free_list(&list);
        return -1;
    }
    t->model = tern_wordpiece_create(list.tokens, (int32_t)list.n, prefix ? json_string_value(prefix) : "##", -1,
                                     chars ? json_integer_value(chars) : USUAL_CHARS);
    if (config->is_bert && t->model->max_chars != USUAL_CHARS) {
        tern_warn(&t->warnings,
                  "%s: max_input_chars_per_word is %lld, but to transformers it is always %d; the latter is used, and "
                  "tools that read tokenizer.json alone make other vectors of longer words",
                  path, (long long)t->model->max_chars, USUAL_CHARS);
        t->model->max_chars = USUAL_CHARS;
    }
    return set_unknown(t, unknown ? json_string_value(unknown) : "[UNK]", config, path, error);
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
static json_t *parse_rest(const char *text, size_t n, vocabulary *vocab)
{
    json_t *root = NULL;
    char *rest = memchr(text, 0, n) ? NULL : tern_vocabulary_take(text, n, &vocab->taken, &n);
    vocab->n = vocab->taken.n;
    if (rest)
        root = json_loadb(rest, n, JSON_REJECT_DUPLICATES, NULL);
    if (!root)
        free_vocabulary(vocab);
    free(rest);
    return root;
}

/* By BertTokenizer's rules [CLS] and [SEP], or what tokenizer_config.json calls so, stand around a text, whatever the
 * post_processor says. */
static int settle_frame(tern_tokenizer *t, const tern_tokenizer_config *config, tern_error *error)
{
    const int kinds[] = {TERN_TOKEN_CLS, TERN_TOKEN_SEP};
    int32_t ids[2];
    for (int i = 0; i < 2; i++) {
        const char *said = config->special[kinds[i]], *name = said ? said : tern_token_names[kinds[i]];
        ids[i] = tern_wordpiece_find(t->model, name, strlen(name));
        if (ids[i] < 0 && said)
            return tern_fail(error, "%s: the %s \"%s\" is not in the vocabulary", config->path,
                             tern_token_keys[kinds[i]], name);
        if (ids[i] < 0)
            return 0; /* a vocabulary with other names, which only tokenizer.json knows */
    }
    if (t->n_before == 1 && t->n_after == 1 && t->before[0] == ids[0] && t->after[0] == ids[1])
        return 0;
    tern_warn(&t->warnings,
              "%s: by it a text stands between \"%s\" and \"%s\", but the post_processor of tokenizer.json puts other "
              "tokens around it; the former are used, as transformers does, and tools that read tokenizer.json alone "
              "make other vectors",
              config->path, t->model->tokens[ids[0]], t->model->tokens[ids[1]]);
    tern_tokenizer_set_frame(t, ids[0], ids[1]);
    t->new_frame = 1;
    return 0;
}

/* Texts are cut at the end that tokenizer_config.json names, else at the one of tokenizer.json's truncation. */
static int settle_side(tern_tokenizer *t, const json_t *root, const tern_tokenizer_config *config, const char *path,
                       tern_error *error)
{
    const json_t *truncation = json_object_get(root, "truncation"), *side = json_object_get(truncation, "direction");
    const char *text = json_string_value(side);
    if (side && (!text || (strcmp(text, "Left") != 0 && strcmp(text, "Right") != 0)))
        return tern_fail(error, "%s: the direction of its truncation is neither \"Left\" nor \"Right\"", path);
    int left = text && strcmp(text, "Left") == 0;
    t->truncate_left = config->truncate_left < 0 ? left : config->truncate_left;
    if (text && left != t->truncate_left)
        tern_warn(&t->warnings,
                  "%s: truncation_side is %s, but tokenizer.json cuts long texts at the other end; the former is used, "
                  "as transformers does",
                  config->path, t->truncate_left ? "left" : "right");
    return 0;
}

static int read_parts(tern_tokenizer *t, const json_t *root, vocabulary *vocab, const tern_tokenizer_config *config,
                      const char *path, tern_error *error)
{
    tern_token_entries given = {0};
    int status = read_normalizer(t, root, config, path, error);
    if (status == 0)
        status = read_model(t, root, vocab, config, path, error);
    if (status == 0)
        status = read_added_tokens(&given, root, path, error);
    if (status == 0)
        status = tern_tokenizer_add_tokens(t, &given, path, config, error);
    tern_token_entries_free(&given);
    if (status == 0)
        status = read_post_processor(t, root, path, error);
    if (status == 0 && config->is_bert)
        status = settle_frame(t, config, error);
    return status == 0 ? settle_side(t, root, config, path, error) : -1;
}

int tern_tokenizer_parse_json(tern_tokenizer *tokenizer, const char *text, size_t n, const char *path,
                              const tern_tokenizer_config *config, tern_error *error)
{
    vocabulary vocab = {0};
    json_t *root = parse_rest(text, n, &vocab);
    tokenizer->from_json = 1;
    if (!root)
        root = tern_tokenizer_object(text, n, 0, path, error);
    if (!root)
        return -1;
    int status = read_parts(tokenizer, root, &vocab, config, path, error);
    free_vocabulary(&vocab);
    json_decref(root);
    return status;
}

int tern_tokenizer_read_json(tern_tokenizer *tokenizer, const char *path, const tern_tokenizer_config *config,
                             tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return -1;
    int status = tern_tokenizer_parse_json(tokenizer, text, n, path, config, error);
    free(text);
    return status;
}
