/* The miners: a new one is a function that lists a query's candidates and a row here. */
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "mining/mining.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t join_fusion(tern_mining *m, int64_t query, int64_t depth, tern_hit *hits)
{
    const tern_ranking *lists[] = {&m->dense, &m->words};
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < lists[i]->found[query]; k++) {
            tern_hit hit = lists[i]->hits[lists[i]->start[query] + k];
            m->score_of[hit.doc] = hit.score;
        }
    int64_t n = tern_fusion_join(m->fusion, m->dense.hits + m->dense.start[query], m->dense.found[query],
                                 m->words.hits + m->words.start[query], m->words.found[query], depth, hits);
    for (int64_t i = 0; i < n; i++)
        hits[i].score = m->score_of[hits[i].doc];
    return n;
}

/* Documents by lot, none twice: of more than half of them it is the others that are drawn. */
static int64_t draw_lots(tern_mining *m, int64_t query, int64_t depth, tern_hit *hits)
{
    int64_t n_docs = m->pool->n_docs, n = 0;
    uint64_t seed = m->job->filters.seed;
    if (2 * m->depth[m->by_depth[0]] > n_docs) {
        int64_t *order = tern_alloc((size_t)n_docs, sizeof *order);
        tern_shuffle(order, n_docs, seed, (uint64_t)query);
        for (; n < depth; n++)
            hits[n].doc = order[n];
        free(order);
        return n;
    }
    for (uint64_t lot = 0; n < depth; lot++) {
        int64_t doc = (int64_t)tern_random_below((uint64_t)n_docs, seed, (uint64_t)query, lot, 1);
        if (!m->drawn[doc])
            hits[n++].doc = doc;
        m->drawn[doc] = 1;
    }
    for (int64_t i = 0; i < n; i++)
        m->drawn[hits[i].doc] = 0;
    return n;
}

static int64_t take_run(tern_mining *m, int64_t query, int64_t depth, tern_hit *hits)
{
    const tern_mine_run *run = m->job->run;
    TERN_CHECK(run, "the miner run without a run");
    int64_t from = run->start[query], n = tern_min(depth, run->start[query + 1] - from);
    for (int64_t k = 0; k < n; k++)
        hits[k].doc = run->docs[from + k];
    return n;
}

static const tern_miner miners[] = {
    {"dense", "the model's nearest documents", 1, 0, NULL},
    {"bm25", "the best documents by BM25", 0, 1, NULL},
    {"fusion", "reciprocal rank fusion of both", 1, 1, join_fusion},
    {"random", "documents drawn by lot", 0, 0, draw_lots},
    {"run", "another system's TREC run, mine.run", 0, 0, take_run},
    {NULL, NULL, 0, 0, NULL},
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

static int list_all(tern_mining *m, int share, tern_error *error)
{
    const tern_miner *miner = m->job->shares[share].miner;
    tern_ranking *r = &m->own[share];
    tern_ranking_open(r, m, 0);
    m->of[share] = r;
    for (int64_t q = 0; q < m->pool->n_queries; q++) {
        if (tern_mine_go_on(m, error) < 0)
            return -1;
        r->found[q] = miner->list(m, q, r->start[q + 1] - r->start[q], r->hits + r->start[q]);
    }
    return 0;
}

static int rank_words(tern_mining *m, tern_error *error)
{
    const tern_mine_pool *p = m->pool;
    tern_bm25 *index = tern_bm25_create(&m->job->bm25, p->docs, p->n_docs, p->rank);
    int64_t at = 0;
    int status = tern_mine_go_on(m, error);
    tern_mine_group g;
    while (status == 0 && tern_mine_next_group(m, &m->words, &at, &g)) {
        const char **texts = tern_alloc((size_t)g.n, sizeof *texts);
        tern_hit *hits = tern_alloc((size_t)(g.n * g.depth), sizeof *hits);
        int64_t *found = tern_alloc((size_t)g.n, sizeof *found);
        for (int64_t i = 0; i < g.n; i++)
            texts[i] = p->queries[g.queries[i]];
        tern_bm25_search(index, texts, g.n, g.depth, hits, found);
        for (int64_t i = 0; i < g.n; i++) {
            int64_t q = g.queries[i], from = m->words.start[q];
            m->words.found[q] = tern_min(found[i], m->words.start[q + 1] - from);
            memcpy(m->words.hits + from, hits + i * g.depth, (size_t)m->words.found[q] * sizeof *hits);
        }
        free(found);
        free(hits);
        free(texts);
        status = tern_mine_go_on(m, error);
    }
    tern_bm25_free(index);
    return status;
}

/* Until the model gives them, or for good. */
static void no_scores(tern_ranking *r, int64_t n_queries)
{
    for (int64_t i = 0; r->start && i < r->start[n_queries]; i++)
        r->hits[i].score = NAN;
}

int tern_miners_rank(tern_mining *m, tern_error *error)
{
    int vectors = 0, words = 0, both = 0;
    for (int s = 0; s < m->n_shares; s++) {
        const tern_miner *miner = m->job->shares[s].miner;
        vectors |= miner->vectors;
        words |= miner->words;
        both |= miner->vectors && miner->words;
        m->of[s] = miner->words ? &m->words : &m->dense;
    }
    if (vectors)
        tern_ranking_open(&m->dense, m, both ? TERN_FUSION_DEPTH : 0);
    if (words)
        tern_ranking_open(&m->words, m, both ? TERN_FUSION_DEPTH : 0);
    if (words && rank_words(m, error) < 0)
        return -1;
    m->drawn = tern_calloc((size_t)m->pool->n_docs, sizeof *m->drawn);
    int status = 0;
    for (int s = 0; s < m->n_shares && status == 0; s++)
        if (!m->job->shares[s].miner->vectors && !m->job->shares[s].miner->words)
            status = list_all(m, s, error);
    free(m->drawn);
    no_scores(&m->words, m->pool->n_queries);
    for (int s = 0; s < m->n_shares; s++)
        no_scores(&m->own[s], m->pool->n_queries);
    return status;
}

int tern_miners_join(tern_mining *m, tern_error *error)
{
    int status = 0;
    for (int s = 0; s < m->n_shares && status == 0; s++) {
        const tern_miner *miner = m->job->shares[s].miner;
        if (!miner->vectors || !miner->words)
            continue;
        m->fusion = tern_fusion_create(m->pool->n_docs, m->pool->rank);
        m->score_of = tern_alloc((size_t)m->pool->n_docs, sizeof *m->score_of);
        status = list_all(m, s, error);
        free(m->score_of);
        tern_fusion_free(m->fusion);
    }
    return status;
}
