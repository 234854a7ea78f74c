#include "data/wordpiece_agree.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Sets a key, taking the value over, unless it has this value. 1: set. */
static int set(json_t *object, const char *key, json_t *value)
{
    int same = json_equal(json_object_get(object, key), value);
    if (same)
        json_decref(value);
    else
        json_object_set_new(object, key, value);
    return !same;
}

static int set_flag(json_t *object, const char *key, int fallback, int flag)
{
    const json_t *said = json_object_get(object, key);
    int is = json_is_boolean(said) ? json_is_true(said) : fallback;
    return is == flag ? 0 : set(object, key, json_boolean(flag));
}

static int has_value(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static int agree_normalizer(const tern_tokenizer *t, json_t *normalizer)
{
    int changed = set_flag(normalizer, "clean_text", 1, t->text.clean_text);
    changed |= set_flag(normalizer, "handle_chinese_chars", 1, t->text.handle_chinese_chars);
    changed |= set_flag(normalizer, "lowercase", 1, t->text.lowercase);
    changed |= set_flag(normalizer, "strip_accents", t->text.lowercase, t->text.strip_accents);
    return changed;
}

json_t *tern_added_token_json(const tern_token_entry *entry, int with_id)
{
    json_t *json = with_id ? json_pack("{s:I}", "id", (json_int_t)entry->id) : json_object();
    json_object_set_new(json, "content", json_string(entry->content));
    json_object_set_new(json, "single_word", json_false());
    json_object_set_new(json, "lstrip", json_boolean(entry->lstrip));
    json_object_set_new(json, "rstrip", json_boolean(entry->rstrip));
    json_object_set_new(json, "normalized", json_boolean(entry->normalized));
    json_object_set_new(json, "special", json_boolean(entry->special));
    return json;
}

static int same_flags(const json_t *json, const tern_token_entry *e)
{
    int special = json_is_true(json_object_get(json, "special"));
    const json_t *normalized = json_object_get(json, "normalized");
    return special == e->special &&
           (json_is_boolean(normalized) ? json_is_true(normalized) : !special) == e->normalized &&
           json_is_true(json_object_get(json, "lstrip")) == e->lstrip &&
           json_is_true(json_object_get(json, "rstrip")) == e->rstrip;
}

/* The list of tokenizer.json: replaced whole where a token is missing from it or is matched otherwise. */
static int agree_added_list(const tern_tokenizer *t, json_t *json)
{
    json_t *list = json_object_get(json, "added_tokens"), *entry, *by_content = json_object();
    size_t index, same = 0;
    json_array_foreach(list, index, entry)
    {
        const char *content = json_string_value(json_object_get(entry, "content"));
        if (content && !json_object_get(by_content, content))
            json_object_set(by_content, content, entry);
    }
    json_t *whole = json_array();
    for (size_t i = 0; i < t->added.n; i++) {
        const json_t *known = json_object_get(by_content, t->added.items[i].content);
        same += known && same_flags(known, &t->added.items[i]);
        json_array_append_new(whole, tern_added_token_json(&t->added.items[i], 1));
    }
    json_decref(by_content);
    if (same < t->added.n)
        json_object_set(json, "added_tokens", whole);
    json_decref(whole);
    return same < t->added.n;
}

static int agree_truncation(const tern_tokenizer *t, json_t *json, int64_t max_length)
{
    json_t *truncation = json_object_get(json, "truncation");
    const char *side = t->truncate_left ? "Left" : "Right";
    int changed = 0;
    if (!json_is_object(truncation)) { /* tokenizers without a length don't cut, and have no side */
        if (!t->truncate_left || max_length <= 0)
            return 0;
        return set(json, "truncation",
                   json_pack("{s:s, s:I, s:s, s:i}", "direction", side, "max_length", (json_int_t)max_length,
                             "strategy", "LongestFirst", "stride", 0));
    }
    if (json_object_get(truncation, "direction") || t->truncate_left)
        changed = set(truncation, "direction", json_string(side));
    return max_length > 0 ? changed | set(truncation, "max_length", json_integer(max_length)) : changed;
}

int tern_tokenizer_json_agree(const tern_tokenizer *t, json_t *json, int64_t max_length)
{
    json_t *model = json_object_get(json, "model");
    int changed = agree_normalizer(t, json_object_get(json, "normalizer"));
    if (json_object_get(model, "unk_token") || strcmp(t->model->tokens[t->model->unknown], "[UNK]") != 0)
        changed |= set(model, "unk_token", json_string(t->model->tokens[t->model->unknown]));
    if (json_object_get(model, "max_input_chars_per_word"))
        changed |= set(model, "max_input_chars_per_word", json_integer(t->model->max_chars));
    changed |= agree_added_list(t, json);
    changed |= agree_truncation(t, json, max_length);
    if (t->new_frame)
        changed |= set(json, "post_processor", tern_post_processor_json(t));
    return changed;
}

/* ------------------------------------------------------------------------------------ tokenizer_config.json */

/* A token under a key that is there, a string or an object with its content, or under one that isn't. */
static int set_token(json_t *object, const char *key, const char *token, int add)
{
    json_t *said = json_object_get(object, key);
    if (json_is_object(said))
        return set(said, "content", json_string(token));
    return has_value(object, key) || add ? set(object, key, json_string(token)) : 0;
}

static int is_special(const tern_tokenizer *t, const char *token)
{
    for (size_t i = 0; i < t->added.n; i++)
        if (strcmp(t->added.items[i].content, token) == 0)
            return t->added.items[i].special;
    return 0;
}

/* Naming a token makes readers look for it in texts: only what is looked for already may be named. */
const char *tern_special_name(const tern_tokenizer *t, int kind)
{
    char *const *tokens = t->model->tokens;
    const char *name = tern_token_names[kind];
    if (t->special[kind])
        return t->special[kind];
    if (kind == TERN_TOKEN_UNK)
        name = tokens[t->model->unknown];
    if (kind == TERN_TOKEN_CLS || kind == TERN_TOKEN_SEP) {
        if (t->n_before != 1 || t->n_after != 1)
            return NULL;
        const char *cls = tokens[t->before[0]], *sep = tokens[t->after[0]];
        name = !is_special(t, cls) || !is_special(t, sep) ? "" : kind == TERN_TOKEN_CLS ? cls : sep;
    }
    return is_special(t, name) ? name : NULL;
}

/* The special tokens' names; add: also where the file has none and the class would take another. */
static int agree_special(const tern_tokenizer *t, json_t *object, int add)
{
    int changed = 0;
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++) {
        const char *name = tern_special_name(t, i);
        int other = name && i < TERN_TOKENS_NEEDED && strcmp(name, tern_token_names[i]) != 0;
        if (name && (t->special[i] || other))
            changed |= set_token(object, tern_token_keys[i], name, add && other);
    }
    return changed;
}

/* Adds what added_tokens_decoder, where there is one, lacks: transformers takes it for all. */
static int agree_decoder(const tern_tokenizer *t, json_t *json)
{
    json_t *decoder = json_object_get(json, "added_tokens_decoder");
    int changed = 0;
    for (size_t i = 0; json_is_object(decoder) && i < t->added.n; i++) {
        const tern_token_entry *e = &t->added.items[i];
        char *id = tern_format("%lld", (long long)e->id);
        const json_t *known = json_object_get(decoder, id);
        if (!known || !same_flags(known, e))
            changed |= set(decoder, id, tern_added_token_json(e, 0));
        free(id);
    }
    return changed;
}

/* By BertTokenizer's rules what isn't said is BERT's value; other classes don't look, so that only what is there is
 * changed. */
static int agree_flag(const tern_tokenizer *t, json_t *json, const char *key, int fallback, int flag)
{
    return t->is_bert || has_value(json, key) ? set_flag(json, key, fallback, flag) : 0;
}

int tern_tokenizer_config_agree(const tern_tokenizer *t, json_t *json, int64_t max_length)
{
    int changed = agree_flag(t, json, "do_lower_case", 1, t->text.lowercase);
    changed |= agree_flag(t, json, "tokenize_chinese_chars", 1, t->text.handle_chinese_chars);
    changed |= agree_flag(t, json, "strip_accents", t->text.lowercase, t->text.strip_accents);
    if (t->truncate_left || has_value(json, "truncation_side"))
        changed |= set(json, "truncation_side", json_string(t->truncate_left ? "left" : "right"));
    const json_t *length = json_object_get(json, "model_max_length");
    if (max_length > 0 && json_number_value(length) != (double)max_length)
        changed |= set(json, "model_max_length", json_integer(max_length));
    changed |= agree_special(t, json, t->is_bert);
    return changed | agree_decoder(t, json);
}

int tern_special_map_agree(const tern_tokenizer *t, json_t *json)
{
    return agree_special(t, json, 0);
}

int tern_vocabulary_agrees(const tern_tokenizer *t, const char *path)
{
    char **tokens = NULL;
    size_t n = 0;
    int same = tern_tokenizer_read_lines(path, &tokens, &n, NULL) == 0 && n == (size_t)t->model->n_vocabulary;
    for (size_t i = 0; i < n; i++) {
        same = same && strcmp(tokens[i], t->model->tokens[i]) == 0;
        free(tokens[i]);
    }
    free(tokens);
    return same;
}
