/* Short words as two numbers, so that tables compare and hash them without going through their bytes. */
#ifndef TERN_DATA_WORD_KEY_H
#define TERN_DATA_WORD_KEY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    TERN_SHORT_WORD = 15,   /* bytes at most */
    TERN_KEY_TAG_SHIFT = 56 /* of high: the last of 16 bytes, which a short word leaves free */
};

/* A word's bytes with zeros behind them; above them a tag from 1 to 255, so that no key is 0. */
typedef struct tern_word_key {
    uint64_t low, high;
} tern_word_key;

/* 15 ones, then 16 zeros: from TERN_SHORT_WORD - n on, a mask for n bytes. */
static const unsigned char tern_word_masks[2 * TERN_SHORT_WORD + 1] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                                       255, 255, 255, 255, 255, 255, 255};

/* A word of at most TERN_SHORT_WORD bytes, from where 16 bytes are readable. Words are told apart by their bytes and
 * the tag together: the tag has their length in it. */
static inline tern_word_key tern_word_key_make(const char *word, size_t n, unsigned tag)
{
    tern_word_key bytes, mask;
    memcpy(&bytes, word, sizeof bytes);
    memcpy(&mask, tern_word_masks + TERN_SHORT_WORD - n, sizeof mask);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes.high = __builtin_bswap64(bytes.high);
    mask.high = __builtin_bswap64(mask.high);
#endif
    return (tern_word_key){bytes.low & mask.low, (bytes.high & mask.high) | (uint64_t)tag << TERN_KEY_TAG_SHIFT};
}

static inline int tern_word_key_equal(tern_word_key a, tern_word_key b)
{
    return ((a.low ^ b.low) | (a.high ^ b.high)) == 0;
}

/* 64 bits whose high ones depend on all of the key. */
static inline uint64_t tern_word_key_hash(tern_word_key word)
{
    return (word.low ^ word.high * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
}

#endif
