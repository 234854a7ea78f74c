/* The miners: a new one is a function that ranks and a row here. */
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "mining/mining.h"

#include <stdlib.h>
#include <string.h>

static int rank_dense(tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_hit *hits, int64_t *found,
                      tern_error *error)
{
    (void)error;
    tern_mine_vectors *v = &m->model;
    float *vectors = tern_mine_vectors_gather(v, queries, n);
    tern_search_queries(&v->search, vectors, n, depth, hits, found);
    free(vectors);
    return 0;
}

static int rank_bm25(tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_hit *hits, int64_t *found,
                     tern_error *error)
{
    (void)error;
    const char **texts = tern_alloc((size_t)n, sizeof *texts);
    for (int64_t i = 0; i < n; i++)
        texts[i] = m->pool->queries[queries[i]];
    tern_bm25_search(m->bm25, texts, n, depth, hits, found);
    free(texts);
    return 0;
}

static int rank_fusion(tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_hit *hits, int64_t *found,
                       tern_error *error)
{
    int64_t deep = tern_min(tern_max(depth, TERN_FUSION_DEPTH), m->pool->n_docs);
    tern_hit *dense = tern_alloc((size_t)(n * deep), 2 * sizeof *dense), *words = dense + n * deep;
    int64_t *n_dense = tern_alloc((size_t)n, 2 * sizeof *n_dense), *n_words = n_dense + n;
    int status = rank_dense(m, queries, n, deep, dense, n_dense, error);
    if (status == 0)
        status = rank_bm25(m, queries, n, deep, words, n_words, error);
    for (int64_t i = 0; i < n && status == 0; i++)
        found[i] = tern_fusion_join(m->fusion, dense + i * deep, n_dense[i], words + i * deep, n_words[i], depth,
                                    hits + i * depth);
    free(n_dense);
    free(dense);
    return status;
}

/* Documents by lot, none twice: of more than half of them it is the others that are drawn. */
static int64_t draw(const tern_mining *m, int64_t query, int64_t depth, unsigned char *drawn, tern_hit *hits)
{
    int64_t n_docs = m->pool->n_docs, n = 0;
    uint64_t seed = m->job->filters.seed;
    if (2 * depth > n_docs) {
        int64_t *order = tern_alloc((size_t)n_docs, sizeof *order);
        tern_shuffle(order, n_docs, seed, (uint64_t)query);
        for (; n < depth; n++)
            hits[n].doc = order[n];
        free(order);
        return n;
    }
    for (uint64_t lot = 0; n < depth; lot++) {
        int64_t doc = (int64_t)tern_random_below((uint64_t)n_docs, seed, (uint64_t)query, lot, 1);
        if (!drawn[doc])
            hits[n++].doc = doc;
        drawn[doc] = 1;
    }
    for (int64_t i = 0; i < n; i++)
        drawn[hits[i].doc] = 0;
    return n;
}

static int rank_random(tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_hit *hits, int64_t *found,
                       tern_error *error)
{
    (void)error;
    unsigned char *drawn = tern_calloc((size_t)m->pool->n_docs, 1);
    for (int64_t i = 0; i < n; i++)
        found[i] = draw(m, queries[i], tern_min(depth, m->pool->n_docs), drawn, hits + i * depth);
    free(drawn);
    return 0;
}

static int rank_run(tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_hit *hits, int64_t *found,
                    tern_error *error)
{
    (void)error;
    const tern_mine_run *run = m->job->run;
    TERN_CHECK(run, "the miner run without a run");
    for (int64_t i = 0; i < n; i++) {
        int64_t from = run->start[queries[i]];
        found[i] = tern_min(depth, run->start[queries[i] + 1] - from);
        for (int64_t k = 0; k < found[i]; k++)
            hits[i * depth + k].doc = run->docs[from + k];
    }
    return 0;
}

static const tern_miner miners[] = {
    {"dense", "the model's nearest documents", 1, 0, 1, rank_dense},
    {"bm25", "the best documents by BM25", 0, 1, 0, rank_bm25},
    {"fusion", "reciprocal rank fusion of both", 1, 1, 0, rank_fusion},
    {"random", "documents drawn by lot", 0, 0, 0, rank_random},
    {"run", "another system's TREC run, mine.run", 0, 0, 0, rank_run},
    {NULL, NULL, 0, 0, 0, NULL},
};

const tern_miner *tern_miners(void)
{
    return miners;
}

const tern_miner *tern_miner_find(const char *name)
{
    const tern_miner *m = miners;
    while (m->name && strcmp(m->name, name) != 0)
        m++;
    return m->name ? m : NULL;
}
