/* Writing a tokenizer's four files, in agreement with each other. Those it was loaded from are copied, changed only
 * where they say another thing than what was read; the others are made in the form that Hugging Face tokenizers and
 * transformers load. */
#include "base/file.h"
#include "base/memory.h"
#include "data/wordpiece_agree.h"
#include "data/wordpiece_file.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* {"unk_token": "[UNK]", ...} of the special tokens that there are. */
static json_t *special_map(const tern_tokenizer *t)
{
    json_t *map = json_object();
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++)
        if (tern_special_name(t, i))
            json_object_set_new(map, tern_token_keys[i], json_string(tern_special_name(t, i)));
    return map;
}

static json_t *strip_accents(const tern_tokenizer *t)
{
    return t->text.strip_accents == t->text.lowercase ? json_null() : json_boolean(t->text.strip_accents);
}

static json_t *tokenizer_config(const tern_tokenizer *t, int64_t max_length)
{
    json_t *map = special_map(t);
    /* A tokenizer.json that was taken as it stands may say what BertTokenizer would pass over. */
    const char *class = t->is_bert || !t->from_json ? "BertTokenizer" : "PreTrainedTokenizerFast";
    json_object_set_new(map, "tokenizer_class", json_string(class));
    json_object_set_new(map, "do_lower_case", json_boolean(t->text.lowercase));
    json_object_set_new(map, "strip_accents", strip_accents(t));
    json_object_set_new(map, "tokenize_chinese_chars", json_boolean(t->text.handle_chinese_chars));
    json_object_set_new(map, "clean_up_tokenization_spaces", json_true());
    if (max_length > 0)
        json_object_set_new(map, "model_max_length", json_integer(max_length));
    if (t->truncate_left)
        json_object_set_new(map, "truncation_side", json_string("left"));
    return map;
}

static json_t *added_tokens(const tern_tokenizer *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->added.n; i++)
        json_array_append_new(list, tern_added_token_json(&t->added.items[i], 1));
    return list;
}

static json_t *template_part(const char *kind, const char *id, int type)
{
    return json_pack("{s:{s:s, s:i}}", kind, "id", id, "type_id", type);
}

static json_t *special_token(const char *token, int32_t id)
{
    return json_pack("{s:s, s:[i], s:[s]}", "id", token, "ids", (int)id, "tokens", token);
}

json_t *tern_post_processor_json(const tern_tokenizer *t)
{
    const char *cls = t->model->tokens[t->before[0]], *sep = t->model->tokens[t->after[0]];
    return json_pack("{s:s, s:[o, o, o], s:[o, o, o, o, o], s:{s:o, s:o}}", "type", "TemplateProcessing", "single",
                     template_part("SpecialToken", cls, 0), template_part("Sequence", "A", 0),
                     template_part("SpecialToken", sep, 0), "pair", template_part("SpecialToken", cls, 0),
                     template_part("Sequence", "A", 0), template_part("SpecialToken", sep, 0),
                     template_part("Sequence", "B", 1), template_part("SpecialToken", sep, 1), "special_tokens", cls,
                     special_token(cls, t->before[0]), sep, special_token(sep, t->after[0]));
}

static json_t *model(const tern_wordpiece *m)
{
    json_t *vocab = json_object();
    for (int32_t i = 0; i < m->n_vocabulary; i++)
        json_object_set_new(vocab, m->tokens[i], json_integer(i));
    return json_pack("{s:s, s:s, s:s, s:I, s:o}", "type", "WordPiece", "unk_token", m->tokens[m->unknown],
                     "continuing_subword_prefix", m->prefix, "max_input_chars_per_word", (json_int_t)m->max_chars,
                     "vocab", vocab);
}

/* Only for a tokenizer from a vocabulary file: one that came from a tokenizer.json has that to copy. */
static json_t *tokenizer_json(const tern_tokenizer *t, int64_t max_length)
{
    json_t *normalizer = json_pack("{s:s, s:b, s:b, s:o, s:b}", "type", "BertNormalizer", "clean_text",
                                   t->text.clean_text, "handle_chinese_chars", t->text.handle_chinese_chars,
                                   "strip_accents", strip_accents(t), "lowercase", t->text.lowercase);
    json_t *json =
        json_pack("{s:s, s:n, s:n, s:o, s:o, s:{s:s}, s:o, s:{s:s, s:s, s:b}, s:o}", "version", "1.0", "truncation",
                  "padding", "added_tokens", added_tokens(t), "normalizer", normalizer, "pre_tokenizer", "type",
                  "BertPreTokenizer", "post_processor", tern_post_processor_json(t), "decoder", "type", "WordPiece",
                  "prefix", t->model->prefix, "cleanup", 1, "model", model(t->model));
    tern_tokenizer_json_agree(t, json, t->truncate_left ? max_length : 0);
    return json;
}

static int write_json(json_t *value, const char *path, tern_error *error)
{
    TERN_CHECK(value, "%s was not made", path);
    char *text = json_dumps(value, JSON_INDENT(2));
    TERN_CHECK(text, "%s was not printed", path);
    json_decref(value);
    int status = tern_file_write(path, text, strlen(text), error);
    free(text);
    return status;
}

/* None is written where a token has a line's end in it: that would number all that follow otherwise. */
static int write_vocab(const tern_wordpiece *m, const char *path, tern_error *error)
{
    tern_buffer text = {0};
    for (int32_t i = 0; i < m->n_vocabulary; i++)
        if (strpbrk(m->tokens[i], "\r\n"))
            return 0;
    for (int32_t i = 0; i < m->n_vocabulary; i++) {
        tern_buffer_add(&text, m->tokens[i], m->lengths[i]);
        tern_buffer_add(&text, "\n", 1);
    }
    int status = tern_file_write(path, text.data, text.n, error);
    tern_buffer_free(&text);
    return status;
}

static int make_file(const tern_tokenizer *t, const char *name, const char *path, int64_t max_length, tern_error *error)
{
    if (strcmp(name, "tokenizer.json") == 0)
        return write_json(tokenizer_json(t, max_length), path, error);
    if (strcmp(name, "tokenizer_config.json") == 0)
        return write_json(tokenizer_config(t, max_length), path, error);
    if (strcmp(name, "special_tokens_map.json") == 0)
        return write_json(special_map(t), path, error);
    return write_vocab(t->model, path, error);
}

/* A new whole number where value is one that was read as a real; NULL: it isn't. */
static json_t *whole_number(const json_t *value)
{
    double real = json_real_value(value);
    return json_is_real(value) && real == rint(real) && fabs(real) <= 0x1p53 ? json_integer((json_int_t)real) : NULL;
}

/* Makes the whole numbers in an object or list whole numbers again. */
static json_t *with_integers(json_t *value)
{
    const char *key;
    json_t *item, *whole;
    size_t index;
    json_object_foreach(value, key, item)
    {
        if ((whole = whole_number(with_integers(item))))
            json_object_set_new(value, key, whole);
    }
    json_array_foreach(value, index, item)
    {
        if ((whole = whole_number(with_integers(item))))
            json_array_set_new(value, index, whole);
    }
    return value;
}

/* tokenizer_config.json often has a model_max_length of 1e30 with all its digits, which is too large for a whole number
 * of jansson's. */
static json_t *parse(const char *path, tern_error *error)
{
    json_t *json = tern_tokenizer_parse(path, 0, NULL);
    return json ? json : with_integers(tern_tokenizer_parse(path, JSON_DECODE_INT_AS_REAL, error));
}

/* A file that was read, as it is where it agrees with what was made of it. */
static int pass_on(const tern_tokenizer *t, const char *name, const char *from, const char *to, int64_t max_length,
                   tern_error *error)
{
    if (strcmp(name, "vocab.txt") == 0)
        return tern_vocabulary_agrees(t, from) ? tern_file_copy(from, to, error) : write_vocab(t->model, to, error);
    json_t *json = parse(from, error);
    if (!json)
        return -1;
    int changed = strcmp(name, "tokenizer.json") == 0          ? tern_tokenizer_json_agree(t, json, max_length)
                  : strcmp(name, "tokenizer_config.json") == 0 ? tern_tokenizer_config_agree(t, json, max_length)
                                                               : tern_special_map_agree(t, json);
    if (changed)
        return write_json(json, to, error);
    json_decref(json);
    return tern_file_copy(from, to, error);
}

static int save_file(const tern_tokenizer *t, const char *name, const char *folder, int64_t max_length,
                     tern_error *error)
{
    char *to = tern_path_join(folder, name), *from = t->folder ? tern_path_join(t->folder, name) : NULL;
    int status;
    if (from && tern_file_exists(from))
        status = pass_on(t, name, from, to, max_length, error);
    else
        status = make_file(t, name, to, max_length, error);
    free(from);
    free(to);
    return status;
}

int tern_tokenizer_save(const tern_tokenizer *tokenizer, const char *folder, int64_t max_length, tern_error *error)
{
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                        "vocab.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (save_file(tokenizer, names[i], folder, max_length, error) < 0)
            return -1;
    return 0;
}
