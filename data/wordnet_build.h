/* What making the reverse dictionary is split into; private to data/wordnet*.c. */
#ifndef TERN_DATA_WORDNET_BUILD_H
#define TERN_DATA_WORDNET_BUILD_H

#include "data/wordnet.h"

/* Definitions with the sets they belong to, in order of hash. */
typedef struct tern_dictionary {
    const tern_wordnet *net;
    uint64_t seed;
    int64_t n;                /* definitions */
    int64_t *order;           /* [n] text ids of definitions, by hash */
    uint64_t *hash;           /* [n] of the definition with this text id */
    int64_t *set_start, *set; /* CSR over text ids of definitions: their sets, ascending */
} tern_dictionary;

void tern_dictionary_create(tern_dictionary *dictionary, const tern_wordnet *net, uint64_t seed);
void tern_dictionary_free(tern_dictionary *dictionary);
/* A definition's positive and negative, text ids of words. *is_sibling: the negative is a sibling's. -1 when there is
 * no word that could be the negative. */
int tern_dictionary_row(const tern_dictionary *dictionary, int64_t definition, int64_t *positive, int64_t *negative,
                        int *is_sibling);
/* The documents of a split, n definitions at order[from ..]: their words, filled to `most` in all. Returns a new array
 * of word ids sorted by the words' bytes, and its length in *n_docs. */
int64_t *tern_dictionary_docs(const tern_dictionary *dictionary, int64_t from, int64_t n, int64_t most,
                              int64_t *n_docs);

/* Writes all into the folder, which exists. */
int tern_wordnet_write(const tern_dictionary *dictionary, const tern_wordnet_options *options, const char *folder,
                       tern_wordnet_summary *summary, tern_error *error);

#endif
