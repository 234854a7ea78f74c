#include "base/memory.h"
#include "mining/mining.h"
#include "search/vectors.h"

#include <stdlib.h>
#include <string.h>

float *tern_mine_vectors_gather(const tern_mine_vectors *v, const int64_t *queries, int64_t n)
{
    size_t dim = (size_t)v->search.dim;
    float *vectors = tern_alloc_aligned((size_t)n * dim, sizeof *vectors);
    for (int64_t i = 0; i < n; i++)
        memcpy(vectors + (size_t)i * dim, v->queries + (size_t)queries[i] * dim, dim * sizeof *vectors);
    return vectors;
}

void tern_mine_vectors_score(const tern_mine_vectors *v, const int64_t *queries, int64_t n, const int64_t *start,
                             const int64_t *docs, float *scores)
{
    float *vectors = tern_mine_vectors_gather(v, queries, n);
    tern_search_scores(&v->search, vectors, n, start, docs, scores);
    free(vectors);
}

static void score_positives(tern_mine_vectors *v, const tern_mine_pool *pool)
{
    const int64_t *start = pool->positive_start;
    v->positive = tern_alloc((size_t)start[pool->n_queries], sizeof *v->positive);
    v->lowest = tern_alloc((size_t)pool->n_queries, sizeof *v->lowest);
    tern_search_scores(&v->search, v->queries, pool->n_queries, start, pool->positive, v->positive);
    for (int64_t q = 0; q < pool->n_queries; q++) {
        v->lowest[q] = v->positive[start[q]];
        for (int64_t i = start[q]; i < start[q + 1]; i++)
            v->lowest[q] = v->positive[i] < v->lowest[q] ? v->positive[i] : v->lowest[q];
    }
}

int tern_mine_vectors_make(tern_mine_vectors *v, const tern_mine_pool *pool, const tern_embedder *embedder,
                           tern_error *error)
{
    size_t dim = (size_t)embedder->dim;
    v->docs = tern_alloc_aligned((size_t)pool->n_docs * dim, sizeof *v->docs);
    v->queries = tern_alloc_aligned((size_t)pool->n_queries * dim, sizeof *v->queries);
    if (tern_vectors_embed(embedder, TERN_ROLE_DOCUMENT, pool->docs, pool->n_docs, v->docs, error) < 0 ||
        tern_vectors_embed(embedder, TERN_ROLE_QUERY, pool->queries, pool->n_queries, v->queries, error) < 0)
        return -1;
    v->search = (tern_search){.vectors = v->docs,
                              .rows = pool->n_docs,
                              .dim = embedder->dim,
                              .rank = pool->rank,
                              .similarity = embedder->similarity};
    score_positives(v, pool);
    return 0;
}

void tern_mine_vectors_free(tern_mine_vectors *v)
{
    free(v->docs);
    free(v->queries);
    free(v->positive);
    free(v->lowest);
}
