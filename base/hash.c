#include "base/hash.h"

#include <string.h>

/* Eight bytes at a time through tern_mix; the length closes it, so "a" and "a\0" differ.
 * Bytes are read little-endian on every machine. */
uint64_t tern_hash(const void *bytes, size_t n, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t h = tern_mix(seed ^ UINT64_C(0x7465726E)), length = n;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word = 0;
        for (int i = 7; i >= 0; i--)
            word = word << 8 | p[i];
        h = tern_mix(h ^ word);
    }
    uint64_t tail = 0;
    while (n > 0)
        tail = tail << 8 | p[--n];
    return tern_mix(tern_mix(h ^ tail) ^ length);
}

void tern_shuffle(int64_t *order, int64_t n, uint64_t seed, uint64_t round)
{
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)tern_random_below((uint64_t)i + 1, seed, UINT64_C(0x73687566), round, (uint64_t)i);
        int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
