/* Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): one ranking of two. */
#ifndef TERN_SEARCH_FUSION_H
#define TERN_SEARCH_FUSION_H

#include "search/topk.h"

#include <stdint.h>

/* How many of each list's best count at least, where there are so many. */
enum { TERN_FUSION_DEPTH = 1000 };

typedef struct tern_fusion tern_fusion;

/* For n_docs documents, below 2^32. rank [n_docs], all of 0 .. n_docs - 1, copied: between equal sums the lower one
 * wins; NULL: the lower number does. */
tern_fusion *tern_fusion_create(int64_t n_docs, const int64_t *rank);
void tern_fusion_free(tern_fusion *fusion);
/* The k documents with the greatest sum of 1 / (60 + rank) over the lists a [n_a] and b [n_b], ranks counted from 1,
 * into hits [k], best first, with that sum as the score. Returns how many there are. */
int64_t tern_fusion_join(tern_fusion *fusion, const tern_hit *a, int64_t n_a, const tern_hit *b, int64_t n_b, int64_t k,
                         tern_hit *hits);

#endif
