#include "data/wordpiece_words.h"
#include "base/memory.h"
#include "data/unicode.h"
#include "data/utf8.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    BLOCK = 64,      /* bytes that are looked at together, a bit each */
    CACHE_BITS = 14, /* 2^CACHE_BITS pairs of words */
    IN_ENTRY = 3,    /* ids in the entry itself; the rest, of few words, has a place of its own */
    COUNT = 3,       /* the place after them is for how many there are */
};

typedef struct entry {
    tern_word_key word; /* its tag is its length */
    int32_t ids[IN_ENTRY + 1];
} entry;

typedef struct rest {
    int32_t ids[TERN_SHORT_WORD - IN_ENTRY];
} rest;

/* A word has two places, by its hash: the last that came is in the first of them, the one before it in the second.
 * They share a line of the processor's cache. */
struct tern_word_cache {
    entry *entries;
    rest rests[2 << CACHE_BITS];
    char memory[(2 << CACHE_BITS) * sizeof(entry) + 64];
};

tern_word_cache *tern_word_cache_create(void)
{
    tern_word_cache *cache = tern_calloc(1, sizeof *cache);
    cache->entries = (entry *)(((uintptr_t)cache->memory + 63) & ~(uintptr_t)63);
    return cache;
}

void tern_word_cache_free(tern_word_cache *cache)
{
    free(cache);
}

/* Code points only matter to a word of more bytes than code points are allowed. */
static int64_t split_word(const tern_wordpiece *model, const char *word, size_t n, int32_t *ids)
{
    int64_t chars = (int64_t)n;
    for (size_t i = 0; chars > model->max_chars && i < n; i++)
        chars -= ((unsigned char)word[i] & 0xC0) == 0x80;
    return tern_wordpiece_split(model, word, n, chars, ids);
}

static __attribute__((noinline)) void remember(const tern_wordpiece *model, tern_word_cache *cache, size_t place,
                                               tern_word_key key, const char *word, size_t n)
{
    int32_t ids[TERN_SHORT_WORD];
    entry *e = &cache->entries[place];
    rest *r = &cache->rests[place];
    e[1] = e[0];
    if (e->ids[COUNT] > IN_ENTRY)
        r[1] = r[0];
    e->word = key;
    e->ids[COUNT] = (int32_t)split_word(model, word, n, ids);
    for (int32_t i = 0; i < e->ids[COUNT]; i++)
        *(i < IN_ENTRY ? &e->ids[i] : &r->ids[i - IN_ENTRY]) = ids[i];
}

/* A word of a block, and where its ids may be. */
typedef struct word {
    tern_word_key key;
    uint32_t place;
    uint16_t start, n; /* bytes */
} word;

/* Puts the words of a block, at their starts and ends, into words, and has the lines fetched that they will be looked
 * for in. Those too long to be remembered get places as well. Returns how many there are. */
static inline size_t gather_words(const tern_word_cache *cache, const char *text, uint64_t starts, uint64_t ends,
                                  word *words)
{
    size_t n = 0;
    for (; ends; starts &= starts - 1, ends &= ends - 1) {
        word *w = &words[n++];
        w->start = (uint16_t)__builtin_ctzll(starts);
        w->n = (uint16_t)(__builtin_ctzll(ends) - w->start);
        w->key = tern_word_key_make(text + w->start, w->n < TERN_SHORT_WORD ? w->n : TERN_SHORT_WORD, w->n);
        w->place = (uint32_t)(tern_word_key_hash(w->key) >> (64 - CACHE_BITS)) * 2;
        __builtin_prefetch(&cache->entries[w->place]);
    }
    return n;
}

/* Ids of one word into ids, and more than there are, up to TERN_IDS_PADDING; returns how many. */
static inline size_t encode_word(const tern_wordpiece *model, tern_word_cache *cache, const char *text, const word *w,
                                 int32_t *ids)
{
    if (w->n > TERN_SHORT_WORD)
        return (size_t)split_word(model, text + w->start, w->n, ids);
    size_t place = w->place;
    if (!tern_word_key_equal(cache->entries[place].word, w->key)) {
        if (tern_word_key_equal(cache->entries[place + 1].word, w->key))
            place++;
        else
            remember(model, cache, place, w->key, text + w->start, w->n);
    }
    const int32_t *known = cache->entries[place].ids;
    int32_t count = known[COUNT];
    memcpy(ids, known, sizeof cache->entries->ids);
    if (count > IN_ENTRY)
        memcpy(ids + IN_ENTRY, cache->rests[place].ids, sizeof cache->rests->ids);
    return (size_t)count;
}

typedef signed char lanes __attribute__((vector_size(16)));

/* A bit for each lane, all of whose bits are the same. */
static inline uint64_t lane_bits(lanes flags)
{
#ifdef __SSE2__
    return (uint64_t)(unsigned)_mm_movemask_epi8((__m128i)flags);
#else
    uint64_t bits = 0;
    unsigned char bytes[16];
    memcpy(bytes, &flags, sizeof bytes);
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(bytes[i] & 1) << i;
    return bits;
#endif
}

/* What the bytes of a block are, a bit each, the first byte's the lowest. */
typedef struct classes {
    uint64_t word;
    uint64_t punctuation, more; /* its first byte; those that follow in the same code point */
    uint64_t other;             /* outside ASCII, not looked at yet */
    unsigned whole;             /* bytes up to the end of the last whole code point of white space */
} classes;

/* Bytes as signed numbers: those outside ASCII are below 0. */
static inline classes classify(const char *text)
{
    uint64_t letters_digits = 0, printed = 0, space = 0, other = 0;
    for (int i = 0; i < BLOCK; i += 16) {
        lanes c, lower;
        memcpy(&c, text + i, sizeof c);
        lower = c | 0x20;
        letters_digits |= lane_bits(((lower >= 'a') & (lower <= 'z')) | ((c >= '0') & (c <= '9'))) << i;
        printed |= lane_bits((c > ' ') & (c < 0x7F)) << i;
        space |= lane_bits((c == ' ') | ((c >= '\t') & (c <= '\r'))) << i;
        other |= lane_bits(c < 0) << i;
    }
    uint64_t punctuation = printed & ~letters_digits;
    return (classes){~(space | punctuation | other), punctuation, 0, other, BLOCK};
}

/* Looks at the code points outside ASCII; the last may reach past the block. */
static __attribute__((noinline)) void classify_others(const tern_bert_text *rules, const char *text, size_t n,
                                                      classes *c)
{
    while (c->other) {
        size_t at = (size_t)__builtin_ctzll(c->other), length;
        uint32_t cell = rules->cells[tern_utf8_decode(text + at, n - at, &length)];
        uint64_t first = UINT64_C(1) << at, all = ((UINT64_C(1) << length) - 1) << at;
        c->other &= ~all;
        c->word &= ~all; /* only where bytes outside ASCII are cut off, which valid UTF-8 never has */
        c->punctuation &= ~all;
        if (cell & TERN_UNICODE_SPACE) {
            c->whole = at + length > BLOCK ? (unsigned)at : c->whole;
        } else if (cell & TERN_UNICODE_PUNCTUATION) {
            c->punctuation |= first;
            c->more |= all & ~first;
        } else {
            c->word |= all;
        }
    }
}

/* Where words start and end (the byte after them) in a block; the last word may have no end in it. */
typedef struct block {
    uint64_t starts, ends;
    size_t next; /* where the next block starts: at the word without an end; 0: it is longer than a block */
} block;

static inline block find_words(const tern_bert_text *rules, const char *text, size_t n)
{
    classes c = classify(text);
    if (n < BLOCK) {
        uint64_t in = (UINT64_C(1) << n) - 1;
        c.word &= in;
        c.punctuation &= in;
        c.other &= in;
    }
    if (c.other)
        classify_others(rules, text, n, &c);
    uint64_t marks = c.punctuation | c.more;
    block b = {(c.word & ~(c.word << 1)) | c.punctuation, (c.word << 1 & ~c.word) | (marks << 1 & ~c.more), c.whole};
    if ((c.word | marks) >> (BLOCK - 1))
        b.next = BLOCK - 1 - (size_t)__builtin_clzll(b.starts);
    return b;
}

/* Bytes of the word at the start of text. */
static size_t word_length(const tern_bert_text *rules, const char *text, size_t n)
{
    size_t at = 0, length;
    while (at < n && !(rules->cells[tern_utf8_decode(text + at, n - at, &length)] &
                       (TERN_UNICODE_SPACE | TERN_UNICODE_PUNCTUATION)))
        at += length;
    return at;
}

size_t tern_wordpiece_encode(const tern_wordpiece *model, const tern_bert_text *rules, tern_word_cache *cache,
                             const char *text, size_t n, int32_t *ids, size_t limit)
{
    size_t count = 0;
    for (size_t at = 0; at < n && count < limit;) {
        const char *here = text + at;
        block b = find_words(rules, here, n - at);
        word words[BLOCK];
        size_t n_words = gather_words(cache, here, b.starts, b.ends, words);
        for (size_t i = 0; i < n_words; i++)
            count += encode_word(model, cache, here, &words[i], ids + count);
        if (b.next == 0) {
            b.next = word_length(rules, here, n - at);
            count += (size_t)split_word(model, here, b.next, ids + count);
        }
        at += b.next;
    }
    return count;
}
