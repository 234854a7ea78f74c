/* Hashes: of byte strings (tables, splits by hash, checksums of files) and of counters (random numbers).
 * Every value here is part of what tern promises: the same on every machine and in every version. */
#ifndef TERN_BASE_HASH_H
#define TERN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 64-bit hash of n bytes under a seed. Not for hostile keys; 2^-64 a pair otherwise. */
uint64_t tern_hash(const void *bytes, size_t n, uint64_t seed);

/* One step of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that mixes all of them. */
static inline uint64_t tern_mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* Random numbers by counter, never by stream: 64 bits that depend on (seed, a, b, c) alone. */
static inline uint64_t tern_random(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return tern_mix(tern_mix(tern_mix(tern_mix(seed) ^ a) ^ b) ^ c);
}

/* The same, as a number in [0, 1). */
static inline double tern_random_unit(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return (double)(tern_random(seed, a, b, c) >> 11) * 0x1p-53;
}

/* The same, below n (n > 0), by multiplication (Lemire 2019); its bias is under n / 2^64. */
static inline uint64_t tern_random_below(uint64_t n, uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    return (uint64_t)(((unsigned __int128)tern_random(seed, a, b, c) * n) >> 64);
}

/* Fills order[0..n) with 0..n-1 shuffled by (seed, round): Fisher-Yates from the end. */
void tern_shuffle(int64_t *order, int64_t n, uint64_t seed, uint64_t round);

#endif
