/* Added tokens: what tokenizer.json, tokenizer_config.json and the older files say of them, as one list. */
#include "base/memory.h"
#include "data/wordpiece_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The list while it is gathered; places: of each content in it. */
typedef struct gathering {
    tern_tokenizer *t;
    json_t *places;
} gathering;

static tern_token_entry *find_entry(const gathering *g, const char *content)
{
    const json_t *place = json_object_get(g->places, content);
    return place ? &g->t->added.items[json_integer_value(place)] : NULL;
}

/* Takes the entry's string over. */
static void append(gathering *g, tern_token_entry *entry, int64_t id)
{
    tern_token_entries *list = &g->t->added;
    TERN_GROW(list->items, list->n, list->capacity);
    json_object_set_new(g->places, entry->content, json_integer((json_int_t)list->n));
    list->items[list->n] = *entry;
    list->items[list->n++].id = id;
    entry->content = NULL;
}

/* A token that the vocabulary lacks goes behind it, in the order of the lists, as other tools number it; an id that
 * says otherwise would mean another row of the embeddings to them than to us. */
static int add_entry(gathering *g, tern_token_entry *entry, const char *path, tern_error *error)
{
    tern_wordpiece *model = g->t->model;
    int32_t due = tern_wordpiece_find(model, entry->content, strlen(entry->content));
    int is_new = due < 0;
    if (is_new)
        due = model->n;
    if (entry->id >= 0 && entry->id != due)
        return tern_fail(error, "%s: the added token \"%s\" has the id %lld where %d is due", path, entry->content,
                         (long long)entry->id, (int)due);
    if (is_new)
        tern_wordpiece_append(model, entry->content);
    append(g, entry, due);
    return 0;
}

/* What tokenizer.json has twice is matched as it is there first. */
static int add_given(gathering *g, tern_token_entries *given, const char *path, tern_error *error)
{
    for (size_t i = 0; i < given->n; i++) {
        tern_token_entry *e = &given->items[i];
        const tern_token_entry *known = find_entry(g, e->content);
        if (known && known->id != e->id)
            return tern_fail(error, "%s: the added token \"%s\" has the id %lld where %lld is due", path, e->content,
                             (long long)e->id, (long long)known->id);
        if (!known && add_entry(g, e, path, error) < 0)
            return -1;
    }
    return 0;
}

static int same_flags(const tern_token_entry *a, const tern_token_entry *b)
{
    return a->special == b->special && a->normalized == b->normalized && a->lstrip == b->lstrip &&
           a->rstrip == b->rstrip;
}

/* An entry of tokenizer_config.json or an older file: where tokenizer.json has the token otherwise, it wins. */
static int add_configured(gathering *g, const tern_token_entry *entry, const char *path, tern_error *error)
{
    tern_token_entry *known = find_entry(g, entry->content);
    if (!known) {
        tern_token_entry copy = *entry;
        copy.content = tern_strdup(entry->content);
        int status = add_entry(g, &copy, path, error);
        free(copy.content);
        return status;
    }
    if (entry->id < 0)
        return 0;
    if (entry->id != known->id)
        return tern_fail(error, "%s: the added token \"%s\" has the id %lld where %lld is due", path, entry->content,
                         (long long)entry->id, (long long)known->id);
    if (same_flags(known, entry))
        return 0;
    tern_warn(
        &g->t->warnings,
        "%s: the added token \"%s\" is matched otherwise than tokenizer.json says (special, normalized, lstrip or "
        "rstrip); this file is followed, as transformers does, and tools that read tokenizer.json alone make "
        "other vectors",
        path, entry->content);
    char *content = known->content;
    *known = *entry;
    known->content = content;
    return 0;
}

/* The special tokens by their names are looked for in texts too, as far as the vocabulary has them. */
static int add_special(gathering *g, const tern_tokenizer_config *config, const char *path, tern_error *error)
{
    for (int i = 0; i < TERN_TOKENS_SPECIAL; i++) {
        const char *name = config->special[i] ? config->special[i] : config->is_bert ? tern_token_names[i] : "";
        const tern_token_entry entry = {.content = (char *)name, .id = -1, .special = 1};
        if (*name && tern_wordpiece_find(g->t->model, name, strlen(name)) >= 0 &&
            add_configured(g, &entry, path, error) < 0)
            return -1;
    }
    return 0;
}

/* Puts each token where texts are looked through for it: as it is, or in its normal form. */
static void make_lists(tern_tokenizer *t)
{
    tern_bert_scratch scratch = {0};
    for (size_t i = 0; i < t->added.n; i++) {
        const tern_token_entry *e = &t->added.items[i];
        size_t n = strlen(e->content);
        if (!e->normalized)
            tern_added_tokens_add(&t->raw, e->content, n, (int32_t)e->id, e->lstrip, e->rstrip);
        else if ((n = tern_bert_normalize(&t->text, e->content, n, &scratch)) > 0)
            tern_added_tokens_add(&t->normalized, scratch.text, n, (int32_t)e->id, e->lstrip, e->rstrip);
    }
    tern_bert_scratch_free(&scratch);
    tern_added_tokens_finish(&t->raw);
    tern_added_tokens_finish(&t->normalized);
}

int tern_tokenizer_add_tokens(tern_tokenizer *tokenizer, tern_token_entries *given, const char *path,
                              const tern_tokenizer_config *config, tern_error *error)
{
    gathering g = {tokenizer, json_object()};
    const char *from = config->path ? config->path : path;
    int status = add_given(&g, given, path, error);
    for (size_t i = 0; status == 0 && i < config->added.n; i++)
        status = add_configured(&g, &config->added.items[i], from, error);
    if (status == 0)
        status = add_special(&g, config, from, error);
    json_decref(g.places);
    if (status < 0)
        return -1;
    make_lists(tokenizer);
    return 0;
}
