/* Which elements dropout drops, by counter: a function of (seed, step, site, place of the sequence, row, column)
 * alone, so that a pass made again, in chunks or on other threads, drops the same ones.
 *
 *     uint32_t key = tern_dropout_key(&site, place, row);           // once a row
 *     y[j] = x[j] * tern_dropout_factor(key, j, threshold, keep);   // vectorises
 */
#ifndef TERN_AUTOGRAD_KERN_DROPOUT_H
#define TERN_AUTOGRAD_KERN_DROPOUT_H

#include "autograd/ops.h"
#include "base/hash.h"

/* place: the sequence's place in the logical batch; row: anything that is unique inside the sequence. */
static inline uint32_t tern_dropout_key(const tern_dropout_site *d, int64_t place, int64_t row)
{
    uint64_t where = (uint64_t)place << 32 ^ (uint64_t)row;
    return (uint32_t)(tern_random(d->seed, d->step, d->site, where) >> 32);
}

/* An element is dropped when the upper 24 bits of its hash are below this. */
static inline uint32_t tern_dropout_threshold(double p)
{
    return (uint32_t)(p * 16777216.0 + 0.5);
}

/* 32-bit finaliser in the manner of MurmurHash3: every bit of the counter reaches every bit of the result. */
static inline uint32_t tern_dropout_hash(uint32_t key, uint32_t column)
{
    uint32_t h = key + column * 0x9E3779B9u;
    h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
    h = (h ^ (h >> 13)) * 0xC2B2AE35u;
    return h ^ (h >> 16);
}

/* The keys of all rows of x [n_tok, C] over a batch (NULL: one sequence of n_tok rows with place 0), in the arena; NULL
 * when the site is NULL or its p is 0. */
uint32_t *tern_dropout_keys(tern_arena *arena, const tern_packed *batch, int64_t n_tok, const tern_dropout_site *d);

/* 0, or keep = 1 / (1 - p). */
static inline tern_real tern_dropout_factor(uint32_t key, uint32_t column, uint32_t threshold, tern_real keep)
{
    return (tern_dropout_hash(key, column) >> 8) < threshold ? 0 : keep;
}

#endif
