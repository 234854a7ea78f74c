/* What bm25_build.c makes and bm25*.c search. */
#ifndef TERN_SEARCH_BM25_INDEX_H
#define TERN_SEARCH_BM25_INDEX_H

#include "base/file.h"
#include "search/bm25.h"

/* Documents of a block. */
enum { TERN_BM25_BLOCK = 16 };

typedef struct bm25_posting {
    uint32_t doc;
    float impact; /* what the term adds to the document's score */
} bm25_posting;

/* The postings of a term that lie in one block. A term's list of groups ends with one of block UINT32_MAX, whose from
 * is the number of postings. */
typedef struct bm25_group {
    uint32_t block, from; /* from: the first of its postings, counted from the term's first */
    float most;           /* the greatest impact */
} bm25_group;

/* Where a term's things begin; they end where the next term's do. */
typedef struct bm25_term {
    int64_t posting, group, name;
    uint32_t hash;
    float most; /* the greatest impact */
} bm25_term;

struct tern_bm25 {
    tern_bm25_options options;
    int64_t n_docs, n_terms, n_slots;
    const uint32_t *slots;  /* [n_slots], a power of two: terms by their hashes, open addressing; UINT32_MAX: free */
    const bm25_term *terms; /* [n_terms + 1] */
    const char *names;      /* [terms[n_terms].name] */
    const bm25_posting *postings; /* [terms[n_terms].posting] a term's in the order of documents */
    const bm25_group *groups;     /* [terms[n_terms].group] a term's in the order of blocks; NULL: not made */
    tern_map map;                 /* the file that all of these lie in, when is_mapped */
    int is_mapped;
    int64_t *rank;    /* [n_docs] as given; NULL: a document's number */
    int64_t *of_rank; /* [n_docs] the document of a rank; NULL likewise */
};

/* Keeps a copy of rank; NULL: none. */
void tern_bm25_keep_rank(tern_bm25 *index, const int64_t *rank);

/* The groups of a term that n documents have, if it were dealt out to them at random. */
double tern_bm25_expected_groups(const tern_bm25 *index, int64_t n);
/* Neighbours are alike when terms have fewer groups than expected by this factor. */
enum { TERN_BM25_ALIKE = 2 };

#endif
