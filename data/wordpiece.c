#include "data/wordpiece.h"
#include "base/memory.h"

#include <stdlib.h>

/* Pieces are looked up, longest first, in one table of open addressing. A short piece is its own key, so nothing
 * but its slot is looked at; a long one is found by a hash that goes byte by byte, so that one pass gives the hashes
 * of all beginnings of a text. Before that, the first three bytes tell which lengths there are: few. */
enum {
    GOES_ON = 0x80, /* tags of keys: a piece that does not start a word; */
    LONG = 0x40,    /* one of more than TERN_SHORT_WORD bytes: a hash and its length. Others: the length alone */
    FIRST = 3,      /* bytes that tell lengths */
    AFTER_BITS = 15,
    LONG_LENGTH = 1, /* bit 0 of the lengths: some are above TERN_SHORT_WORD */
    ANY_LENGTH = 6,  /* bits 1 and 2: shorter than FIRST, always looked for */
};

static inline uint64_t hash_byte(uint64_t h, unsigned char byte)
{
    h = (h ^ byte) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 32;
}

static inline size_t first_slot(const tern_wordpiece *m, tern_word_key key)
{
    return (size_t)(tern_word_key_hash(key) >> (64 - m->slot_bits));
}

static inline size_t next_slot(const tern_wordpiece *m, size_t at)
{
    return (at + 1) & (((size_t)1 << m->slot_bits) - 1);
}

static inline int32_t find_short(const tern_wordpiece *m, const char *text, size_t n, unsigned goes_on)
{
    tern_word_key key = tern_word_key_make(text, n, (unsigned)n | goes_on);
    for (size_t at = first_slot(m, key);; at = next_slot(m, at))
        if (m->slots[at].id < 0 || tern_word_key_equal(m->slots[at].key, key))
            return m->slots[at].id;
}

static tern_word_key long_key(uint64_t hash, size_t n, unsigned goes_on)
{
    return (tern_word_key){hash, n | (uint64_t)(LONG | goes_on) << TERN_KEY_TAG_SHIFT};
}

/* Long pieces of one key may still be different ones. */
static int32_t find_long(const tern_wordpiece *m, uint64_t hash, const char *text, size_t n, unsigned goes_on)
{
    tern_word_key key = long_key(hash, n, goes_on);
    size_t at = first_slot(m, key), skip = goes_on ? m->prefix_n : 0;
    while (m->slots[at].id >= 0 &&
           !(tern_word_key_equal(m->slots[at].key, key) && memcmp(m->tokens[m->slots[at].id] + skip, text, n) == 0))
        at = next_slot(m, at);
    return m->slots[at].id;
}

static uint64_t hash_bytes(const char *text, size_t n)
{
    uint64_t h = 0;
    for (size_t i = 0; i < n; i++)
        h = hash_byte(h, (unsigned char)text[i]);
    return h;
}

/* Where 16 bytes from text on need not be readable. */
static int32_t find(const tern_wordpiece *m, const char *text, size_t n, unsigned goes_on, tern_word_key *key)
{
    char padded[TERN_SHORT_WORD + TERN_WORD_PADDING] = {0};
    if (n > TERN_SHORT_WORD) {
        uint64_t hash = hash_bytes(text, n);
        *key = long_key(hash, n, goes_on);
        return find_long(m, hash, text, n, goes_on);
    }
    memcpy(padded, text, n);
    *key = tern_word_key_make(padded, n, (unsigned)n | goes_on);
    return find_short(m, padded, n, goes_on);
}

int32_t tern_wordpiece_find(const tern_wordpiece *model, const char *token, size_t n)
{
    tern_word_key key;
    return find(model, token, n, 0, &key);
}

static inline uint16_t *lengths_after(const tern_wordpiece *m, const char *text, unsigned goes_on)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t first = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)goes_on << 24;
    return &m->lengths_after[first * UINT32_C(0x9E3779B1) >> (32 - AFTER_BITS)];
}

static void insert(tern_wordpiece *m, int32_t id, unsigned goes_on)
{
    size_t skip = goes_on ? m->prefix_n : 0, n = m->lengths[id] - skip;
    const char *text = m->tokens[id] + skip;
    tern_word_key key;
    if (find(m, text, n, goes_on, &key) >= 0)
        return;
    size_t at = first_slot(m, key);
    while (m->slots[at].id >= 0)
        at = next_slot(m, at);
    m->slots[at] = (tern_wordpiece_slot){key, id};
    if (n >= FIRST)
        *lengths_after(m, text, goes_on) |= (uint16_t)(n > TERN_SHORT_WORD ? LONG_LENGTH : 1 << n);
}

static int starts_with_prefix(const tern_wordpiece *m, int32_t id)
{
    return m->lengths[id] > m->prefix_n && memcmp(m->tokens[id], m->prefix, m->prefix_n) == 0;
}

/* At most two in three slots are taken. */
static void make_table(tern_wordpiece *m)
{
    size_t pieces = (size_t)m->n_vocabulary;
    for (int32_t i = 0; i < m->n_vocabulary; i++)
        pieces += (size_t)starts_with_prefix(m, i);
    m->slot_bits = 4;
    while ((size_t)2 << m->slot_bits < 3 * pieces)
        m->slot_bits++;
    m->slots = tern_alloc((size_t)1 << m->slot_bits, sizeof *m->slots);
    for (size_t i = 0; i < (size_t)1 << m->slot_bits; i++)
        m->slots[i].id = -1;
    m->lengths_after = tern_calloc((size_t)1 << AFTER_BITS, sizeof *m->lengths_after);
    for (int32_t i = 0; i < m->n_vocabulary; i++) {
        insert(m, i, 0);
        if (starts_with_prefix(m, i))
            insert(m, i, GOES_ON);
    }
}

tern_wordpiece *tern_wordpiece_create(char **tokens, int32_t n, const char *prefix, int32_t unknown, int64_t max_chars)
{
    tern_wordpiece *m = tern_calloc(1, sizeof *m);
    *m = (tern_wordpiece){.tokens = tokens, .n = n, .n_vocabulary = n, .unknown = unknown};
    m->max_chars = max_chars;
    m->prefix = tern_strdup(prefix);
    m->prefix_n = strlen(prefix);
    m->capacity = (size_t)n;
    m->lengths = tern_alloc((size_t)n + 1, sizeof *m->lengths);
    for (int32_t i = 0; i < n; i++) {
        m->lengths[i] = (uint32_t)strlen(tokens[i]);
        m->longest = m->lengths[i] > m->longest ? m->lengths[i] : m->longest;
    }
    make_table(m);
    return m;
}

int32_t tern_wordpiece_append(tern_wordpiece *model, const char *token)
{
    if ((size_t)model->n == model->capacity) {
        model->capacity = 2 * model->capacity + 16;
        model->tokens = tern_realloc(model->tokens, model->capacity, sizeof *model->tokens);
        model->lengths = tern_realloc(model->lengths, model->capacity, sizeof *model->lengths);
    }
    model->tokens[model->n] = tern_strdup(token);
    model->lengths[model->n] = (uint32_t)strlen(token);
    return model->n++;
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
    free(model->lengths_after);
    free(model);
}

/* Bytes of the longest long piece at the start of text, 0 when there is none, and its id. */
static size_t longest_long_piece(const tern_wordpiece *m, const char *text, size_t n, unsigned goes_on, int32_t *id)
{
    uint64_t hashes[TERN_LONGEST_TOKEN + 1];
    size_t most = n < m->longest ? n : m->longest;
    hashes[0] = 0;
    for (size_t i = 0; i < most; i++)
        hashes[i + 1] = hash_byte(hashes[i], (unsigned char)text[i]);
    for (size_t length = most; length > TERN_SHORT_WORD; length--)
        if ((*id = find_long(m, hashes[length], text, length, goes_on)) >= 0)
            return length;
    return 0;
}

/* The same for any piece. */
static inline size_t longest_piece(const tern_wordpiece *m, const char *text, size_t n, unsigned goes_on, int32_t *id)
{
    unsigned lengths = ANY_LENGTH | (n >= FIRST ? *lengths_after(m, text, goes_on) : 0u);
    if (n > TERN_SHORT_WORD && lengths & LONG_LENGTH) {
        size_t length = longest_long_piece(m, text, n, goes_on, id);
        if (length > 0)
            return length;
    }
    lengths &= (2u << (n < TERN_SHORT_WORD ? n : TERN_SHORT_WORD)) - 2;
    while (lengths) {
        unsigned length = 31u - (unsigned)__builtin_clz(lengths);
        if ((*id = find_short(m, text, length, goes_on)) >= 0)
            return length;
        lengths &= ~(1u << length);
    }
    return 0;
}

int64_t tern_wordpiece_split(const tern_wordpiece *model, const char *word, size_t n, int64_t chars, int32_t *ids)
{
    int64_t count = 0;
    size_t length;
    for (size_t at = 0; at < n; at += length) {
        length =
            chars > model->max_chars ? 0 : longest_piece(model, word + at, n - at, at > 0 ? GOES_ON : 0, &ids[count]);
        if (length == 0) {
            ids[0] = model->unknown;
            return 1;
        }
        count++;
    }
    return count;
}
