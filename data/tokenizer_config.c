#include "data/tokenizer_config.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/json_text.h"
#include "data/wordpiece_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const tern_token_keys[TERN_TOKENS_SPECIAL] = {"unk_token", "cls_token", "sep_token", "pad_token",
                                                          "mask_token"};
const char *const tern_token_names[TERN_TOKENS_SPECIAL] = {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"};

void tern_token_entries_free(tern_token_entries *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].content);
    free(list->items);
    *list = (tern_token_entries){0};
}

void tern_tokenizer_config_free(tern_tokenizer_config *config)
{
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++)
        free(config->special[i]);
    tern_token_entries_free(&config->added);
    free(config->path);
    *config = (tern_tokenizer_config){0};
}

json_t *tern_tokenizer_object(const char *text, size_t n, size_t flags, const char *path, tern_error *error)
{
    json_t *root = tern_json_parse(text, n, flags | JSON_REJECT_DUPLICATES, path, error);
    if (root && !json_is_object(root)) {
        tern_fail(error, "%s: the outermost value is not an object", path);
        json_decref(root);
        root = NULL;
    }
    return root;
}

json_t *tern_tokenizer_parse(const char *path, size_t flags, tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(path, TERN_TOKENIZER_FILE_LIMIT, &text, &n, error) < 0)
        return NULL;
    json_t *root = tern_tokenizer_object(text, n, flags, path, error);
    free(text);
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

int tern_token_entries_add(tern_token_entries *list, const json_t *object, int64_t id, const char *path,
                           tern_error *error)
{
    const char *content = json_string_value(json_object_get(object, "content"));
    tern_token_entry e = {.id = id};
    int single;
    if (!content)
        return tern_fail(error, "%s: an added token lacks its \"content\"", path);
    if (!*content)
        return 0;
    if (strlen(content) > TERN_LONGEST_TOKEN)
        return tern_fail(error, "%s: the added token of id %lld has %zu bytes; at most %d are taken", path,
                         (long long)id, strlen(content), TERN_LONGEST_TOKEN);
    if (list->n == TERN_MOST_ADDED_TOKENS)
        return tern_fail(error, "%s: more than %d added tokens", path, TERN_MOST_ADDED_TOKENS);
    if ((e.special = tern_tokenizer_flag(object, "special", 0, path, error)) < 0 ||
        (e.normalized = tern_tokenizer_flag(object, "normalized", !e.special, path, error)) < 0 ||
        (e.lstrip = tern_tokenizer_flag(object, "lstrip", 0, path, error)) < 0 ||
        (e.rstrip = tern_tokenizer_flag(object, "rstrip", 0, path, error)) < 0 ||
        (single = tern_tokenizer_flag(object, "single_word", 0, path, error)) < 0)
        return -1;
    if (single)
        return tern_fail(error, "%s: the added token \"%s\" is to match single words only, which tern does not do",
                         path, content);
    e.content = tern_strdup(content);
    TERN_GROW(list->items, list->n, list->capacity);
    list->items[list->n++] = e;
    return 0;
}

/* ------------------------------------------------------------------------------------------ special tokens */

/* A token is written as a string, or as an object with its string under "content". */
static int read_token(char **token, const json_t *root, const char *key, const char *path, tern_error *error)
{
    const json_t *value = json_object_get(root, key);
    if (!value || json_is_null(value))
        return 0;
    if (json_is_object(value))
        value = json_object_get(value, "content");
    if (!json_is_string(value))
        return tern_fail(error, "%s: \"%s\" is not a token", path, key);
    free(*token);
    *token = tern_strdup(json_string_value(value));
    return 0;
}

static int read_special(tern_tokenizer_config *c, const json_t *root, const char *path, tern_error *error)
{
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++)
        if (read_token(&c->special[i], root, tern_token_keys[i], path, error) < 0)
            return -1;
    return 0;
}

/* special_tokens_map.json, which wins over tokenizer_config.json where that has no added_tokens_decoder. */
static int read_map(tern_tokenizer_config *c, const json_t *map, const char *path, int wins, tern_warnings *warnings,
                    tern_error *error)
{
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++) {
        char *token = NULL;
        if (read_token(&token, map, tern_token_keys[i], path, error) < 0)
            return -1;
        if (token && c->special[i] && strcmp(token, c->special[i]) != 0)
            tern_warn(warnings,
                      "%s: %s is \"%s\", but tokenizer_config.json has \"%s\"; the %s is used, as transformers does",
                      path, tern_token_keys[i], token, c->special[i], wins ? "former" : "latter");
        if (token && wins) {
            free(c->special[i]);
            c->special[i] = token;
        } else {
            free(token);
        }
    }
    return 0;
}

/* {"content": text} as a special token without an id. */
static int add_special(tern_tokenizer_config *c, const json_t *value, const char *path, tern_error *error)
{
    json_t *object = json_is_object(value) ? json_copy((json_t *)value) : json_pack("{s:O}", "content", value);
    json_object_set_new(object, "special", json_true());
    json_object_set_new(object, "normalized", json_false());
    int status = tern_token_entries_add(&c->added, object, -1, path, error);
    json_decref(object);
    return status;
}

/* Further special tokens: a list, or an object whose values they are. */
static int read_extra(tern_tokenizer_config *c, const json_t *root, const char *path, tern_error *error)
{
    static const char *const keys[] = {"additional_special_tokens", "extra_special_tokens"};
    for (int i = 0; i < 2; i++) {
        json_t *extra = json_object_get(root, keys[i]), *value;
        const char *key;
        size_t index;
        if (extra && !json_is_null(extra) && !json_is_array(extra) && !json_is_object(extra))
            return tern_fail(error, "%s: \"%s\" is not a list", path, keys[i]);
        json_array_foreach(extra, index, value)
        {
            if (add_special(c, value, path, error) < 0)
                return -1;
        }
        if (!json_is_object(extra))
            continue;
        json_object_foreach(extra, key, value)
        {
            if (add_special(c, value, path, error) < 0)
                return -1;
        }
    }
    return 0;
}

/* --------------------------------------------------------------------------------------------- added tokens */

static int by_id(const void *a, const void *b)
{
    const tern_token_entry *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static int read_id(const char *text, int64_t *id)
{
    char *end;
    errno = 0;
    *id = strtoll(text, &end, 10);
    return *text && strspn(text, "0123456789") == strlen(text) && !errno ? 0 : -1;
}

/* {"30522": {"content": "<x>", ...}, ...} */
static int read_decoder(tern_tokenizer_config *c, const json_t *decoder, tern_error *error)
{
    const char *key;
    json_t *value;
    int64_t id;
    if (!json_is_object(decoder))
        return tern_fail(error, "%s: \"added_tokens_decoder\" is not an object of tokens by their ids", c->path);
    json_object_foreach((json_t *)decoder, key, value)
    {
        if (read_id(key, &id) < 0)
            return tern_fail(error, "%s: \"added_tokens_decoder\" has the key \"%s\", which is no id", c->path, key);
        if (tern_token_entries_add(&c->added, value, id, c->path, error) < 0)
            return -1;
    }
    qsort(c->added.items, c->added.n, sizeof *c->added.items, by_id);
    return 0;
}

static int is_special(const tern_tokenizer_config *c, const char *token)
{
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++)
        if (c->special[i] && strcmp(c->special[i], token) == 0)
            return 1;
    return 0;
}

/* {"<x>": 30522, ...}, the form before added_tokens_decoder; NULL: there is none. */
static int read_added_file(tern_tokenizer_config *c, const json_t *file, const char *path, tern_error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)file, key, value)
    {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return tern_fail(error, "%s: the id of \"%s\" is not a whole number of 0 or more", path, key);
        json_t *object = json_pack("{s:s, s:b}", "content", key, "special", is_special(c, key));
        int status = tern_token_entries_add(&c->added, object, json_integer_value(value), path, error);
        json_decref(object);
        if (status < 0)
            return -1;
    }
    if (c->added.n > 0)
        qsort(c->added.items, c->added.n, sizeof *c->added.items, by_id);
    return 0;
}

/* ---------------------------------------------------------------------------------------------------- class */

/* Is the name one of the list, with or without the "Fast" of the older names? */
static int is_one_of(const char *name, const char *const *list)
{
    size_t n = strlen(name);
    if (n > 4 && strcmp(name + n - 4, "Fast") == 0)
        n -= 4;
    for (; *list; list++)
        if (strlen(*list) == n && memcmp(*list, name, n) == 0)
            return 1;
    return 0;
}

static int check_class(tern_tokenizer_config *c, const char *name, const char *path, tern_error *error)
{
    static const char *const bert[] = {
        "BertTokenizer",        "DistilBertTokenizer",         "ElectraTokenizer",           "MobileBertTokenizer",
        "SqueezeBertTokenizer", "ConvBertTokenizer",           "RetriBertTokenizer",         "LayoutLMTokenizer",
        "LxmertTokenizer",      "DPRQuestionEncoderTokenizer", "DPRContextEncoderTokenizer", NULL};
    static const char *const any[] = {"PreTrainedTokenizer", "TokenizersBackend", NULL};
    c->is_bert = is_one_of(name, bert);
    if (c->is_bert || is_one_of(name, any))
        return 0;
    return tern_fail(error,
                     "%s: the tokenizer_class %s is not one that tern reads, which are BertTokenizer and its like; if "
                     "tokenizer.json holds all there is to this tokenizer, set it to PreTrainedTokenizerFast",
                     path, name);
}

/* A file's tokenizer_class; NULL in *name: it states none. */
static int read_class_name(const char **name, const json_t *root, const char *path, tern_error *error)
{
    const json_t *value = json_object_get(root, "tokenizer_class");
    *name = json_string_value(value);
    if (value && !*name && !json_is_null(value))
        return tern_fail(error, "%s: its \"tokenizer_class\" is not a string", path);
    return 0;
}

/* tokenizer_config.json's, else config.json's, else what the model's type has: BERT's. */
static int read_class(tern_tokenizer_config *c, const json_t *root, const char *folder, tern_error *error)
{
    const char *name;
    c->is_bert = c->there;
    if (read_class_name(&name, root, c->path, error) < 0)
        return -1;
    if (name)
        return check_class(c, name, c->path, error);
    char *path = tern_path_join(folder, "config.json");
    int status = 0;
    if (tern_file_exists(path)) {
        json_t *json = tern_tokenizer_parse(path, JSON_DECODE_INT_AS_REAL, error);
        c->is_bert = 1;
        status = json ? read_class_name(&name, json, path, error) : -1;
        if (status == 0 && name)
            status = check_class(c, name, path, error);
        json_decref(json);
    }
    free(path);
    return status;
}

/* ------------------------------------------------------------------------------------------------- the files */

/* The object of a file of the folder, NULL in *json when it isn't there; *path is the caller's. */
static int read_file(const char *folder, const char *name, size_t flags, char **path, json_t **json, tern_error *error)
{
    *path = tern_path_join(folder, name);
    *json = NULL;
    if (!tern_file_exists(*path))
        return 0;
    *json = tern_tokenizer_parse(*path, flags, error);
    return *json ? 0 : -1;
}

/* A flag that may be missing: -1 then, and when it is wrong, which status says. */
static int optional_flag(const json_t *root, const char *key, const char *path, int *status, tern_error *error)
{
    const json_t *value = json_object_get(root, key);
    if (!value || json_is_null(value))
        return -1;
    int flag = tern_tokenizer_flag(root, key, 0, path, error);
    if (flag < 0)
        *status = -1;
    return flag;
}

static int read_settings(tern_tokenizer_config *c, const json_t *root, tern_warnings *warnings, tern_error *error)
{
    int status = 0;
    c->lower_case = optional_flag(root, "do_lower_case", c->path, &status, error);
    c->strip_accents = optional_flag(root, "strip_accents", c->path, &status, error);
    c->chinese = optional_flag(root, "tokenize_chinese_chars", c->path, &status, error);
    const json_t *side = json_object_get(root, "truncation_side");
    const char *text = json_string_value(side);
    if (status < 0)
        return -1;
    if (side && !json_is_null(side) && (!text || (strcmp(text, "left") != 0 && strcmp(text, "right") != 0)))
        return tern_fail(error, "%s: truncation_side is neither \"left\" nor \"right\"", c->path);
    c->truncate_left = text ? strcmp(text, "left") == 0 : -1;
    text = json_string_value(json_object_get(root, "padding_side"));
    if (text && strcmp(text, "left") == 0)
        tern_warn(warnings,
                  "%s: padding_side is left, which moves the positions of a text beside longer ones; tern doesn't pad, "
                  "so that tools which do make other vectors",
                  c->path);
    return 0;
}

/* special_tokens_map.json and added_tokens.json count where there is no added_tokens_decoder. */
static int read_older_files(tern_tokenizer_config *c, const char *folder, int decoder, tern_warnings *warnings,
                            tern_error *error)
{
    char *map_path, *added_path = NULL;
    json_t *map = NULL, *added = NULL;
    int status = read_file(folder, "special_tokens_map.json", 0, &map_path, &map, error);
    if (status == 0)
        status = read_file(folder, "added_tokens.json", 0, &added_path, &added, error);
    if (status == 0)
        status = read_map(c, map, map_path, !decoder, warnings, error);
    if (status == 0 && !decoder) {
        status = read_added_file(c, added, added_path, error);
        if (status == 0)
            status = read_extra(c, map, map_path, error);
    } else if (status == 0 && json_object_size(added) > 0) {
        tern_warn(warnings,
                  "%s: it is left out, as transformers does, since tokenizer_config.json has an "
                  "added_tokens_decoder",
                  added_path);
    }
    json_decref(added);
    json_decref(map);
    free(added_path);
    free(map_path);
    return status;
}

int tern_tokenizer_config_read(tern_tokenizer_config *config, const char *folder, tern_warnings *warnings,
                               tern_error *error)
{
    tern_tokenizer_config *c = config;
    json_t *root = NULL;
    *c = (tern_tokenizer_config){.lower_case = -1, .strip_accents = -1, .chinese = -1, .truncate_left = -1};
    if (!folder)
        return 0;
    /* A model_max_length of 1e30 is written with all its digits. */
    int status = read_file(folder, "tokenizer_config.json", JSON_DECODE_INT_AS_REAL, &c->path, &root, error);
    const json_t *decoder = json_object_get(root, "added_tokens_decoder");
    c->there = root != NULL;
    if (status == 0)
        status = read_class(c, root, folder, error);
    if (status == 0)
        status = read_settings(c, root, warnings, error);
    if (status == 0)
        status = read_special(c, root, c->path, error);
    if (status == 0 && decoder)
        status = read_decoder(c, decoder, error);
    if (status == 0)
        status = read_older_files(c, folder, decoder != NULL, warnings, error);
    if (status == 0)
        status = read_extra(c, root, c->path, error);
    json_decref(root);
    return status;
}
