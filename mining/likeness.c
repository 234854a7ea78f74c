#include "mining/likeness.h"

#include "base/hash.h"
#include "search/words.h"

#include <string.h>

enum { SHINGLE = 3 };

uint64_t tern_words_hash(const char *text)
{
    tern_words words = {0};
    uint64_t hash = 0, n = 0;
    tern_words_start(&words, text);
    for (; tern_words_next(&words); n++)
        hash = tern_mix(hash ^ tern_hash(words.word, words.n, 0));
    tern_words_free(&words);
    return n ? hash : tern_hash(text, strlen(text), 1);
}

/* The upper half of a product is as good as a permutation: the multipliers are odd and drawn by counter. */
static void add_shingle(uint32_t *sketch, uint64_t shingle)
{
    for (uint64_t i = 0; i < TERN_SKETCH; i++) {
        uint32_t value = (uint32_t)(shingle * (tern_mix(i) | 1) >> 32);
        sketch[i] = value < sketch[i] ? value : sketch[i];
    }
}

void tern_sketch(const char *text, uint32_t sketch[TERN_SKETCH])
{
    tern_words words = {0};
    uint64_t last[SHINGLE] = {0}, n = 0;
    memset(sketch, 0xFF, TERN_SKETCH * sizeof *sketch);
    tern_words_start(&words, text);
    while (tern_words_next(&words)) {
        memmove(last, last + 1, (SHINGLE - 1) * sizeof *last);
        last[SHINGLE - 1] = tern_hash(words.word, words.n, 0);
        if (++n >= SHINGLE)
            add_shingle(sketch, tern_mix(tern_mix(last[0]) ^ last[1]) ^ tern_mix(last[2]));
    }
    if (n > 0 && n < SHINGLE)
        add_shingle(sketch, tern_mix(tern_mix(last[0]) ^ last[1]) ^ tern_mix(last[2]));
    tern_words_free(&words);
}

double tern_sketch_likeness(const uint32_t a[TERN_SKETCH], const uint32_t b[TERN_SKETCH])
{
    int same = 0;
    if (a[0] == UINT32_MAX && memcmp(a, a + 1, (TERN_SKETCH - 1) * sizeof *a) == 0)
        return 0; /* no words */
    for (int i = 0; i < TERN_SKETCH; i++)
        same += a[i] == b[i];
    return (double)same / TERN_SKETCH;
}
