#include "data/wordpiece.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The vocabulary is a table of open addressing over bytes. Its hash goes byte by byte, so one pass over a word gives
 * the hashes of all its beginnings, and a piece that goes on is hashed from where the prefix left off: no
 * candidate is ever copied. */
static const uint64_t hash_start = UINT64_C(0xCBF29CE484222325);

static inline uint64_t hash_byte(uint64_t h, unsigned char byte)
{
    return (h ^ byte) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t hash_bytes(uint64_t h, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = hash_byte(h, (unsigned char)bytes[i]);
    return h;
}

/* The product's high half depends on all bytes; its low bits only on low bits. */
static inline uint32_t hash_end(uint64_t h)
{
    return (uint32_t)(h >> 32 ^ h >> 15);
}

/* The id of prefix[0..prefix_n) followed by text[0..n), or -1. */
static int32_t find(const tern_wordpiece *m, uint32_t hash, const char *prefix, size_t prefix_n, const char *text,
                    size_t n)
{
    for (size_t at = hash & m->mask; m->slots[at].id >= 0; at = (at + 1) & m->mask) {
        int32_t id = m->slots[at].id;
        if (m->slots[at].hash == hash && m->lengths[id] == prefix_n + n &&
            memcmp(m->tokens[id] + prefix_n, text, n) == 0 && memcmp(m->tokens[id], prefix, prefix_n) == 0)
            return id;
    }
    return -1;
}

int32_t tern_wordpiece_find(const tern_wordpiece *model, const char *token, size_t n)
{
    return find(model, hash_end(hash_bytes(hash_start, token, n)), "", 0, token, n);
}

static void insert(tern_wordpiece *m, int32_t id)
{
    uint32_t hash = hash_end(hash_bytes(hash_start, m->tokens[id], m->lengths[id]));
    if (find(m, hash, "", 0, m->tokens[id], m->lengths[id]) >= 0)
        return;
    size_t at = hash & m->mask;
    while (m->slots[at].id >= 0)
        at = (at + 1) & m->mask;
    m->slots[at] = (tern_wordpiece_slot){hash, id};
}

tern_wordpiece *tern_wordpiece_create(char **tokens, int32_t n, int32_t n_vocabulary, const char *prefix,
                                      int32_t unknown, int64_t max_chars)
{
    tern_wordpiece *m = tern_calloc(1, sizeof *m);
    *m = (tern_wordpiece){.tokens = tokens, .n = n, .n_vocabulary = n_vocabulary, .unknown = unknown};
    m->max_chars = max_chars;
    m->prefix = tern_strdup(prefix);
    m->prefix_n = strlen(prefix);
    m->prefix_hash = hash_bytes(hash_start, prefix, m->prefix_n);
    size_t slots = 16;
    while (slots < 2 * (size_t)n_vocabulary)
        slots *= 2;
    m->mask = slots - 1;
    m->slots = tern_alloc(slots, sizeof *m->slots);
    for (size_t i = 0; i < slots; i++)
        m->slots[i].id = -1;
    m->lengths = tern_alloc((size_t)n + 1, sizeof *m->lengths);
    for (int32_t i = 0; i < n; i++) {
        m->lengths[i] = (uint32_t)strlen(tokens[i]);
        m->longest = m->lengths[i] > m->longest ? m->lengths[i] : m->longest;
        if (i < n_vocabulary)
            insert(m, i);
    }
    return m;
}

void tern_wordpiece_free(tern_wordpiece *model)
{
    if (!model)
        return;
    for (int32_t i = 0; i < model->n; i++)
        free(model->tokens[i]);
    free(model->tokens);
    free(model->lengths);
    free(model->prefix);
    free(model->slots);
    free(model);
}

/* Bytes of the longest piece at the start of text, 0 when there is none, and its id. */
static size_t longest_piece(const tern_wordpiece *m, const char *text, size_t n, int goes_on, int32_t *id)
{
    uint64_t hashes[TERN_LONGEST_TOKEN + 1];
    size_t prefix_n = goes_on ? m->prefix_n : 0;
    size_t most = m->longest > prefix_n ? m->longest - prefix_n : 0;
    if (most > n)
        most = n;
    hashes[0] = goes_on ? m->prefix_hash : hash_start;
    for (size_t i = 0; i < most; i++)
        hashes[i + 1] = hash_byte(hashes[i], (unsigned char)text[i]);
    for (size_t length = most; length > 0; length--) {
        *id = find(m, hash_end(hashes[length]), m->prefix, prefix_n, text, length);
        if (*id >= 0)
            return length;
    }
    return 0;
}

int64_t tern_wordpiece_split(const tern_wordpiece *model, const char *word, size_t n, int64_t chars, int32_t *ids)
{
    int64_t count = 0;
    size_t length;
    for (size_t at = 0; at < n; at += length) {
        length = chars > model->max_chars ? 0 : longest_piece(model, word + at, n - at, at > 0, &ids[count]);
        if (length == 0) {
            ids[0] = model->unknown;
            return 1;
        }
        count++;
    }
    return count;
}
