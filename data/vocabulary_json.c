#include "data/vocabulary_json.h"

#include "base/hash.h"
#include "base/memory.h"
#include "data/utf8.h"
#include "data/wordpiece.h"

#include <stdlib.h>
#include <string.h>

/* A place in the text. Nothing is read from end on. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

/* Steps over one byte, if it is the next after white space. */
static int skip_byte(cursor *c, char byte)
{
    skip_space(c);
    if (c->at == c->end || *c->at != byte)
        return 0;
    c->at++;
    return 1;
}

/* Steps over a string behind its opening quote. */
static int skip_string(cursor *c)
{
    for (; c->at < c->end && *c->at != '"'; c->at++)
        if (*c->at == '\\' && ++c->at == c->end)
            return 0;
    return c->at < c->end ? (c->at++, 1) : 0;
}

/* Goes to the value of a key of the object whose opening brace is behind the cursor. */
static int find_key(cursor *c, const char *key)
{
    size_t n = strlen(key);
    for (int depth = 1; depth > 0 && c->at < c->end;) {
        char byte = *c->at++;
        if (byte == '{' || byte == '[')
            depth++;
        if (byte == '}' || byte == ']')
            depth--;
        if (byte != '"')
            continue;
        const char *start = c->at;
        if (!skip_string(c))
            return 0;
        int is_key = depth == 1 && (size_t)(c->at - start) == n + 1 && memcmp(start, key, n) == 0;
        if (is_key && skip_byte(c, ':'))
            return 1;
    }
    return 0;
}

/* A JSON string behind its opening quote into out, without escapes other than of quotes and backslashes; its length,
 * or -1. */
static int64_t read_token(cursor *c, char out[TERN_LONGEST_TOKEN + 1])
{
    int64_t n = 0;
    for (; c->at < c->end && *c->at != '"'; c->at++) {
        if (*c->at == '\\' && (++c->at == c->end || (*c->at != '"' && *c->at != '\\')))
            return -1;
        if ((unsigned char)*c->at < 0x20 || n == TERN_LONGEST_TOKEN)
            return -1;
        out[n++] = *c->at;
    }
    out[n] = 0;
    return c->at < c->end && tern_utf8_check(out, (size_t)n) == (size_t)n ? (c->at++, n) : -1;
}

/* A whole number without sign, or -1. */
static int32_t read_id(cursor *c)
{
    enum { MOST_DIGITS = 9 };
    int32_t id = 0;
    int n = 0;
    skip_space(c);
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && n < MOST_DIGITS; c->at++, n++)
        id = 10 * id + (*c->at - '0');
    return n == 0 || (n > 1 && c->at[-n] == '0') ? -1 : id;
}

/* Tokens in the order of the file, which need not be that of their ids. */
typedef struct entries {
    struct {
        char *token;
        int32_t id;
    } * list;
    size_t n, capacity;
} entries;

/* The members of the object whose opening brace is behind the cursor, up to the closing one. */
static int read_entries(cursor *c, entries *e)
{
    char token[TERN_LONGEST_TOKEN + 1];
    do {
        int64_t n = skip_byte(c, '"') ? read_token(c, token) : -1;
        int32_t id = n >= 0 && skip_byte(c, ':') ? read_id(c) : -1;
        if (id < 0)
            return 0;
        TERN_GROW(e->list, e->n, e->capacity);
        e->list[e->n].token = tern_strndup(token, (size_t)n);
        e->list[e->n++].id = id;
    } while (skip_byte(c, ','));
    return skip_byte(c, '}');
}

/* Puts the tokens at their ids; 0 when one is out of range or taken. */
static int order(const entries *e, tern_vocabulary *v)
{
    v->tokens = tern_calloc(e->n, sizeof *v->tokens);
    v->n = e->n;
    for (size_t i = 0; i < e->n; i++) {
        size_t id = (size_t)e->list[i].id;
        if (id >= e->n || v->tokens[id])
            return 0;
        v->tokens[id] = e->list[i].token;
    }
    return 1;
}

/* The slot that holds the token, or the one where it would be. */
static size_t slot_of(const tern_vocabulary *v, char *const *tokens, const char *token)
{
    size_t at = (size_t)tern_hash(token, strlen(token), 0) & v->mask;
    while (v->slots[at] >= 0 && strcmp(tokens[v->slots[at]], token) != 0)
        at = (at + 1) & v->mask;
    return at;
}

int32_t tern_vocabulary_find(const tern_vocabulary *vocabulary, char *const *tokens, const char *token)
{
    return vocabulary->slots[slot_of(vocabulary, tokens, token)];
}

/* 0 when a token is there twice. */
static int index_tokens(tern_vocabulary *v)
{
    size_t slots = 16;
    while (slots < 2 * v->n)
        slots *= 2;
    v->mask = slots - 1;
    v->slots = tern_alloc(slots, sizeof *v->slots);
    memset(v->slots, 0xFF, slots * sizeof *v->slots);
    for (size_t i = 0; i < v->n; i++) {
        size_t at = slot_of(v, v->tokens, v->tokens[i]);
        if (v->slots[at] >= 0)
            return 0;
        v->slots[at] = (int32_t)i;
    }
    return 1;
}

/* head, an empty object, tail. */
static char *join(const char *head, size_t head_n, const char *tail, size_t tail_n, size_t *n)
{
    tern_buffer rest = {0};
    tern_buffer_add(&rest, head, head_n);
    tern_buffer_add(&rest, "{}", 2);
    tern_buffer_add(&rest, tail, tail_n);
    *n = rest.n;
    return rest.data;
}

char *tern_vocabulary_take(const char *text, size_t n, tern_vocabulary *vocabulary, size_t *rest_n)
{
    cursor c = {text, text + n};
    entries e = {0};
    *vocabulary = (tern_vocabulary){0};
    int found = skip_byte(&c, '{') && find_key(&c, "model") && skip_byte(&c, '{') && find_key(&c, "vocab");
    skip_space(&c);
    const char *start = c.at;
    found = found && skip_byte(&c, '{') && read_entries(&c, &e) && order(&e, vocabulary) && index_tokens(vocabulary);
    for (size_t i = 0; !found && i < e.n; i++)
        free(e.list[i].token);
    free(e.list);
    if (found)
        return join(text, (size_t)(start - text), c.at, (size_t)(c.end - c.at), rest_n);
    free(vocabulary->tokens);
    tern_vocabulary_free(vocabulary);
    *vocabulary = (tern_vocabulary){0};
    return NULL;
}

void tern_vocabulary_free(tern_vocabulary *vocabulary)
{
    free(vocabulary->slots);
    vocabulary->slots = NULL;
}
