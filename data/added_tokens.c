#include "data/added_tokens.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void tern_added_tokens_add(tern_added_tokens *list, const char *content, size_t n, int32_t id, int lstrip, int rstrip)
{
    TERN_GROW(list->tokens, list->n, list->capacity);
    list->tokens[list->n] = (tern_added_token){tern_strndup(content, n), n, id, lstrip, rstrip, (int64_t)list->n};
    list->n++;
    unsigned char first = (unsigned char)content[0];
    list->mixed |= list->n > 1 && first != list->first;
    list->first = first;
    list->starts[first] = 1;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int by_bytes(const char *a, size_t n, const char *b, size_t m)
{
    int order = memcmp(a, b, least(n, m));
    return order ? order : (n > m) - (n < m);
}

/* Until they are sorted, parent is the place at which a token was added. */
static int by_content(const void *a, const void *b)
{
    const tern_added_token *x = a, *y = b;
    int order = by_bytes(x->content, x->n, y->content, y->n);
    return order ? order : (x->parent > y->parent) - (x->parent < y->parent);
}

static int starts_with(const char *text, size_t n, const tern_added_token *token)
{
    return token->n <= n && memcmp(text, token->content, token->n) == 0;
}

static void drop_equals(tern_added_tokens *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        tern_added_token *t = &list->tokens[i];
        if (n > 0 && by_bytes(t->content, t->n, list->tokens[n - 1].content, list->tokens[n - 1].n) == 0)
            free(t->content);
        else
            list->tokens[n++] = *t;
    }
    list->n = n;
}

void tern_added_tokens_finish(tern_added_tokens *list)
{
    if (list->n == 0)
        return;
    qsort(list->tokens, list->n, sizeof *list->tokens, by_content);
    drop_equals(list);
    for (size_t i = 0; i < list->n; i++) {
        tern_added_token *t = &list->tokens[i];
        int64_t before = (int64_t)i - 1; /* what t starts with is before it, and an ancestor of its neighbour */
        while (before >= 0 && !starts_with(t->content, t->n, &list->tokens[before]))
            before = list->tokens[before].parent;
        t->parent = before;
    }
}

void tern_added_tokens_free(tern_added_tokens *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->tokens[i].content);
    free(list->tokens);
    *list = (tern_added_tokens){0};
}

size_t tern_added_tokens_next(const tern_added_tokens *list, const char *text, size_t n, size_t at)
{
    if (list->n == 0)
        return n;
    if (!list->mixed) {
        const char *found = memchr(text + at, list->first, n - at);
        return found ? (size_t)(found - text) : n;
    }
    while (at < n && !list->starts[(unsigned char)text[at]])
        at++;
    return at;
}

/* The last token that is not behind text in the order of bytes. A token that text starts with is not behind it, and
 * all that stand between the two start with that token: so the longest is among that last one and its ancestors. */
const tern_added_token *tern_added_tokens_at(const tern_added_tokens *list, const char *text, size_t n)
{
    size_t from = 0, to = list->n, same = 0;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const tern_added_token *t = &list->tokens[middle];
        if (by_bytes(t->content, t->n, text, n) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == 0)
        return NULL;
    const tern_added_token *t = &list->tokens[from - 1];
    while (same < least(t->n, n) && t->content[same] == text[same])
        same++;
    while (t->n > same && t->parent >= 0)
        t = &list->tokens[t->parent];
    return t->n <= same ? t : NULL;
}
