/* Words of a normalised text to ids by the rules written down plainly: a code point, a candidate at a time. */
#ifndef TERN_TESTS_PLAIN_WORDS_H
#define TERN_TESTS_PLAIN_WORDS_H

#include "base/memory.h"
#include "data/unicode.h"
#include "data/utf8.h"
#include "data/wordpiece.h"
#include "data/wordpiece_text.h"

#include <string.h>

typedef struct plain_words {
    const tern_wordpiece *model;
    const tern_bert_text *rules;
    int32_t *ids; /* [n], freed by the caller */
    size_t n, capacity;
} plain_words;

static inline void plain_add(plain_words *p, int32_t id)
{
    TERN_GROW(p->ids, p->n, p->capacity);
    p->ids[p->n++] = id;
}

static inline int32_t plain_find(const tern_wordpiece *model, const char *prefix, const char *text, size_t n)
{
    size_t skip = strlen(prefix);
    for (int32_t id = 0; id < model->n_vocabulary; id++)
        if (model->lengths[id] == skip + n && memcmp(model->tokens[id] + skip, text, n) == 0 &&
            memcmp(model->tokens[id], prefix, skip) == 0)
            return id;
    return -1;
}

static inline size_t plain_piece(const plain_words *p, const char *text, size_t n, int goes_on, int32_t *id)
{
    for (size_t length = n; length > 0; length--)
        if ((*id = plain_find(p->model, goes_on ? p->model->prefix : "", text, length)) >= 0)
            return length;
    return 0;
}

static inline void plain_word(plain_words *p, const char *word, size_t n)
{
    size_t before = p->n, chars = 0, length;
    int32_t id = -1;
    for (size_t i = 0; i < n; i++)
        chars += ((unsigned char)word[i] & 0xC0) != 0x80;
    for (size_t at = 0; at < n; at += length) {
        length = chars > (size_t)p->model->max_chars ? 0 : plain_piece(p, word + at, n - at, at > 0, &id);
        if (length == 0) {
            p->n = before;
            id = p->model->unknown;
            at = n;
        }
        plain_add(p, id);
    }
}

/* Appends the ids of a text. */
static inline void plain_split(plain_words *p, const char *text, size_t n)
{
    size_t start = 0, length;
    for (size_t at = 0; at <= n; at += length) {
        uint32_t cell = TERN_UNICODE_SPACE;
        length = 1;
        if (at < n)
            cell = p->rules->cells[tern_utf8_decode(text + at, n - at, &length)];
        if (!(cell & (TERN_UNICODE_SPACE | TERN_UNICODE_PUNCTUATION)))
            continue;
        if (at > start)
            plain_word(p, text + start, at - start);
        if (!(cell & TERN_UNICODE_SPACE))
            plain_word(p, text + at, length);
        start = at + length;
    }
}

#endif
