/* Scored documents as keys of 64 bits: the score's bits made to order as integers above the complement of the rank, so
 * that one comparison settles score and tie. Greater is better. No two documents of a search share a key, so that the
 * best k of them are one set, however they are found. */
#ifndef TERN_SEARCH_KEYS_H
#define TERN_SEARCH_KEYS_H

#include <stdint.h>
#include <string.h>

/* score isn't NaN; -0 counts as +0. rank is below 2^32; the lower one is better. */
static inline uint64_t tern_key(float score, int64_t rank)
{
    uint32_t bits;
    score += 0.0f; /* -0 becomes +0: they are equal */
    memcpy(&bits, &score, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | UINT32_C(0x80000000);
    return (uint64_t)bits << 32 | (UINT32_MAX - (uint32_t)rank);
}

static inline float tern_key_score(uint64_t key)
{
    uint32_t bits = (uint32_t)(key >> 32);
    bits = bits >> 31 ? bits & UINT32_C(0x7FFFFFFF) : ~bits;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

static inline int64_t tern_key_rank(uint64_t key)
{
    return UINT32_MAX - (uint32_t)key;
}

/* Brings the k greatest of n keys to the front, in no order but for the least of them, which comes k-th. 1 <= k <= n.
 */
void tern_keys_select(uint64_t *keys, int64_t n, int64_t k);
/* Sorts n keys, the greatest first. room: scratch for n. */
void tern_keys_sort(uint64_t *keys, int64_t n, uint64_t *room);

#endif
