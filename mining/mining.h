/* What miners share while negatives are mined; private to mining/. */
#ifndef TERN_MINING_MINING_H
#define TERN_MINING_MINING_H

#include "mining/mine.h"
#include "search/bm25.h"
#include "search/exact.h"
#include "search/fusion.h"

/* Vectors of a pool's documents and queries by one embedder. */
typedef struct tern_mine_vectors {
    float *docs, *queries; /* [n_docs, dim], [n_queries, dim] */
    float *positive;       /* scores placed as pool->positive */
    float *lowest;         /* [n_queries] the least of them */
    tern_search search;
} tern_mine_vectors;

typedef struct tern_mining {
    const tern_mine_job *job;
    const tern_mine_pool *pool;
    int has_vectors;
    tern_mine_vectors model, second;
    tern_bm25 *bm25;
    tern_fusion *fusion;
} tern_mining;

int tern_mine_vectors_make(tern_mine_vectors *v, const tern_mine_pool *pool, const tern_embedder *embedder,
                           tern_error *error);
void tern_mine_vectors_free(tern_mine_vectors *v);
/* The given queries' vectors [n, dim], in their order; the caller's. */
float *tern_mine_vectors_gather(const tern_mine_vectors *v, const int64_t *queries, int64_t n);
/* Scores of each query's documents docs[start[i]] .. docs[start[i + 1] - 1], placed as docs. */
void tern_mine_vectors_score(const tern_mine_vectors *v, const int64_t *queries, int64_t n, const int64_t *start,
                             const int64_t *docs, float *scores);

#endif
