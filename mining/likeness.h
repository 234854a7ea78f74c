/* Texts that say the same: a negative that repeats a positive is none.
 *
 *     if (tern_words_hash(a) == tern_words_hash(b))                // equal but for case, punctuation and white space
 *     tern_sketch(a, x);
 *     tern_sketch(b, y);
 *     if (tern_sketch_likeness(x, y) >= 0.8)                       // most of their runs of three words are the same */
#ifndef TERN_MINING_LIKENESS_H
#define TERN_MINING_LIKENESS_H

#include <stdint.h>

/* A hash of a text's words (search/words.h), in their order; of a text without words its bytes. */
uint64_t tern_words_hash(const char *text);

/* MinHash (Broder 1997): of each of TERN_SKETCH permutations the least value over the text's shingles, which are its
 * runs of three words; of a shorter text all of its words. The part of values that two sketches share estimates the
 * Jaccard similarity of the sets of shingles, with a standard error of at most 0.044. Without words all values are the
 * greatest, and such a text is like no other. */
enum { TERN_SKETCH = 128 };
void tern_sketch(const char *text, uint32_t sketch[TERN_SKETCH]);
double tern_sketch_likeness(const uint32_t a[TERN_SKETCH], const uint32_t b[TERN_SKETCH]);

#endif
