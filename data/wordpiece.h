/* WordPiece: a word's pieces by longest match first (Wu et al. 2016, section 4.1, as BERT does it).
 *
 *     tern_wordpiece *w = tern_wordpiece_create(tokens, n, "##", unknown, 100);
 *     int64_t pieces = tern_wordpiece_split(w, "tokenizing......", 10, 10, ids);      // token ##izing */
#ifndef TERN_DATA_WORDPIECE_H
#define TERN_DATA_WORDPIECE_H

#include "data/word_key.h"

enum {
    TERN_LONGEST_TOKEN = 1024, /* bytes */
    TERN_WORD_PADDING = 16,    /* bytes that are readable from the last byte of a word on */
};

typedef struct tern_wordpiece_slot {
    tern_word_key key;
    int32_t id; /* -1: empty */
} tern_wordpiece_slot;

typedef struct tern_wordpiece {
    char **tokens;        /* [n] by id, owned */
    uint32_t *lengths;    /* [n] bytes */
    int32_t n;            /* tokens, the added ones included */
    size_t capacity;      /* of tokens and lengths */
    int32_t n_vocabulary; /* those that words are matched against: ids below this */
    int32_t unknown;      /* id of [UNK] */
    int64_t max_chars;    /* a word of more is unknown */
    char *prefix;         /* of a piece that goes on, "##"; owned */
    size_t prefix_n;
    size_t longest;             /* bytes of the longest token */
    tern_wordpiece_slot *slots; /* pieces at a word's start and, without the prefix, those that go on */
    int slot_bits;              /* 2^slot_bits slots */
    uint16_t *lengths_after;    /* by hash of a piece's first three bytes: the lengths that there are, a bit each */
} tern_wordpiece;

/* Takes tokens [n] and its strings over; they are valid UTF-8 of at most TERN_LONGEST_TOKEN bytes. Two equal tokens:
 * the first is found. */
tern_wordpiece *tern_wordpiece_create(char **tokens, int32_t n, const char *prefix, int32_t unknown, int64_t max_chars);
/* Puts a copy of an added token behind the others; no word is matched against it. Returns its id. */
int32_t tern_wordpiece_append(tern_wordpiece *model, const char *token);
void tern_wordpiece_free(tern_wordpiece *model);
/* Id of a token of the vocabulary, or -1; added ones are not looked for. */
int32_t tern_wordpiece_find(const tern_wordpiece *model, const char *token, size_t n);
/* Ids of a word of n > 0 bytes and chars code points into ids, which has room for n; returns how many.
 * TERN_WORD_PADDING bytes are readable from the word's last byte on. */
int64_t tern_wordpiece_split(const tern_wordpiece *model, const char *word, size_t n, int64_t chars, int32_t *ids);

#endif
