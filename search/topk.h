/* Exact search: the k best documents of each query by dot product (of normalised vectors, the cosine) or by distance,
 * without ever holding all the scores.
 *
 *     tern_topk *t = tern_topk_create(queries, n_queries, dim, n_docs, NULL, 10);
 *     tern_topk_add(t, docs, NULL, 0, n_docs);                  // or chunk by chunk
 *     for (int64_t q = 0; q < n_queries; q++)
 *         n = tern_topk_take(t, q, hits);                       // best first
 *     tern_topk_free(t);
 *
 * A document is kept when (score, rank) is among the best k, so that ties at the last place are settled exactly. The
 * bits of a score depend on the two vectors, and on the number of queries: equal documents
 * tie, and the result is the same for any number of threads and any chunks. Vectors are to be finite; a score of NaN is
 * never kept. */
#ifndef TERN_SEARCH_TOPK_H
#define TERN_SEARCH_TOPK_H

#include "data/similarity_kind.h"

#include <stdint.h>

typedef struct tern_hit {
    int64_t doc;
    float score;
} tern_hit;

typedef struct tern_topk tern_topk;

/* queries [n_queries, dim], borrowed until the end. rank [n_docs]: all of 0 .. n_docs - 1, the lower rank wins between
 * equal scores; NULL: the lower document number does. Copied. n_docs is below 2^32. Holds 8 * k bytes a query; while
 * documents are added, up to 9 MB a thread (16 k bytes a query and thread, when k is above a thousand, for 32 queries)
 * and 6 * dim bytes for each of 512 queries. */
tern_topk *tern_topk_create(const float *queries, int64_t n_queries, int64_t dim, int64_t n_docs, const int64_t *rank,
                            int64_t k);
void tern_topk_free(tern_topk *topk);
/* Before the first document: scores are negative distances for EUCLIDEAN and MANHATTAN, several times as slow to get as
 * the dot products of DOT and COSINE (whose vectors are normalised), which are taken unless told so. */
void tern_topk_by(tern_topk *topk, tern_similarity similarity);
/* Offers n documents, vectors [n, dim]: the i-th is number docs[i], or first + i when docs is NULL. Each document is to
 * be offered once. */
void tern_topk_add(tern_topk *topk, const float *vectors, const int64_t *docs, int64_t first, int64_t n);
/* Writes a query's hits, best first, into hits [k] and returns their number; once all documents were offered. */
int64_t tern_topk_take(tern_topk *topk, int64_t query, tern_hit *hits);

/* rank [n] of ids for tern_topk_create by trec_eval's rule: greater ids (strcmp) come first. Returns -1, or the number
 * of an id that occurs twice. */
int64_t tern_rank_ids(const char *const *ids, int64_t n, int64_t *rank);

#endif
