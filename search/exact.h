/* Exact search whose scores are the same bits whether queries come alone or many together.
 *
 *     tern_search search = {.vectors = vectors, .rows = rows, .dim = 384};
 *     tern_search_queries(&search, queries, n, 10, hits, found);
 *     for (int64_t i = 0; i < found[q]; i++)
 *         use(hits[q * 10 + i].doc, hits[q * 10 + i].score);
 *
 * Queries together cost a tenth of what they cost one by one over many rows. Products of many queries round otherwise
 * than those of a few (autograd/dots.h), so a long list of queries only chooses candidates with them; these are scored
 * again one by one, and a query whose k best could lie outside its candidates is searched alone. */
#ifndef TERN_SEARCH_EXACT_H
#define TERN_SEARCH_EXACT_H

#include "search/topk.h"

#include <stdint.h>

typedef struct tern_search {
    const float *vectors; /* [rows, dim], finite; borrowed */
    int64_t rows, dim;
    const int64_t *rank; /* [rows], all of 0 .. rows - 1: between equal scores the lower rank wins; NULL: the lower row.
                            Borrowed */
    tern_similarity similarity; /* the vectors are as tern_vectors_embed makes them for it */
    double longest;             /* private: the greatest norm of a row; 0: not known yet */
} tern_search;

/* The k most similar rows for each of n queries [n, dim], best first, into hits [n, k]; found [n]: how many
 * there are, the lesser of k and rows. */
void tern_search_queries(tern_search *search, const float *queries, int64_t n, int64_t k, tern_hit *hits,
                         int64_t *found);

/* What tern_search_queries would give rows docs[start[q]] .. docs[start[q + 1] - 1] as scores for query q, to the bit
 * where products are compared, into scores, placed as docs; start [n + 1]. */
void tern_search_scores(const tern_search *search, const float *queries, int64_t n, const int64_t *start,
                        const int64_t *docs, float *scores);

#endif
