/* What the two ways to search for a query's terms share: bm25_blocks.c for collections whose neighbours are alike, as
 * the passages of one document are, bm25_stream.c for others. Both give every hit the sum of all its terms, added in
 * the order of the list. */
#ifndef TERN_SEARCH_BM25_SEARCH_H
#define TERN_SEARCH_BM25_SEARCH_H

#include "base/memory.h"
#include "search/analyzer.h"
#include "search/bm25_index.h"
#include "search/keys.h"
#include "search/words.h"

/* Documents whose sums are held at once. They fit the processor's second cache, and their places 16 bits. */
enum { TERN_BM25_SUMS = 32768 };
/* Where fewer documents than this are there for each one wanted, passing over blocks doesn't pay. */
enum { TERN_BM25_MANY = 160 };

/* A term of a query. */
typedef struct bm25_query_term {
    const bm25_posting *postings; /* [n] */
    const bm25_group *groups;     /* [n_groups] and the one that ends them */
    int64_t n, n_groups;
    float weight;   /* how often it stands in the query */
    float most;     /* its greatest possible addition */
    int64_t at, to; /* bm25_stream.c: where its documents of the block begin and end */
    double rest;    /* there: what it and all terms behind it can add to one of them */
    int64_t group;  /* bm25_blocks.c: the first group that isn't before the pass */
    int64_t n_kept; /* there: how many are in blocks of the pass */
    int64_t number;
} bm25_query_term;

/* A term as the query has it, whether the index knows it or not. */
typedef struct bm25_name {
    size_t at, n; /* in the searcher's text */
    uint64_t hash;
} bm25_name;

/* What one thread searches with. */
typedef struct bm25_searcher {
    const tern_bm25 *index;
    tern_analyzer *analyzer;
    tern_words words;
    tern_buffer text;
    bm25_name *names;
    size_t n_names, name_capacity;
    int64_t *numbers;       /* of the query's terms */
    bm25_query_term *terms; /* the one that can add most comes first */
    size_t n_numbers, number_capacity, n_terms, term_capacity;
    float *sums;    /* [TERN_BM25_SUMS] all 0 between blocks, or passes */
    uint64_t *keys; /* [2 k] the best so far, and others */
    uint64_t *room; /* [k] */
    int64_t k, n_keys;
    float threshold; /* the lowest score that may still be wanted; 0: every one */
    double total;    /* the sum of all terms' most */

    uint16_t *listed; /* bm25_stream.c: [TERN_BM25_SUMS + 1] places whose sum is not 0, and room for one more */
    int64_t n_listed;

    struct bm25_passes *passes; /* bm25_blocks.c: its own; NULL before the first use */
} bm25_searcher;

/* The number of a term of n bytes, or -1; hash: its tern_hash with seed 0. */
int64_t tern_bm25_find(const tern_bm25 *index, const char *name, size_t n, uint64_t hash);

/* The first place from at on, of n, whose number isn't below number, where ascending numbers lie each bytes apart:
 * leaps that double, then halves. n where there is none; at where at isn't below n. */
static inline int64_t tern_bm25_leap(const uint32_t *numbers, size_t each, int64_t at, int64_t n, int64_t number)
{
    const size_t apart = each / sizeof *numbers;
    int64_t low = at, step = 1;
    while (low + step < n && numbers[(size_t)(low + step) * apart] < number) {
        low += step;
        step *= 2;
    }
    int64_t high = low + step < n ? low + step : n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (numbers[(size_t)middle * apart] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The least sum, together with rest that is yet to be added, of a document that may be wanted. */
float tern_bm25_least(const bm25_searcher *s);
void tern_bm25_offer(bm25_searcher *s, int64_t doc, float score);
/* Drops what isn't among the k best so far. */
void tern_bm25_keep_best(bm25_searcher *s);

/* Offer every document that may be among the k best. */
void tern_bm25_stream(bm25_searcher *s);
void tern_bm25_blocks(bm25_searcher *s);
void tern_bm25_passes_free(struct bm25_passes *passes);

#endif
