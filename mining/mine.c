#include "mining/mine.h"

#include "base/integer.h"
#include "base/memory.h"
#include "mining/mining.h"

#include <math.h>
#include <stdlib.h>

int tern_mine_uses_vectors(const tern_mine_job *job)
{
    const tern_mine_options *f = &job->filters;
    int uses = job->scores || !isnan(f->max_score) || !isnan(f->min_score) || !isnan(f->absolute_margin) ||
               !isnan(f->relative_margin);
    for (int s = 0; job->shares[s].miner; s++)
        uses |= job->shares[s].miner->vectors;
    return uses;
}

typedef struct deep {
    int64_t depth, query;
} deep;

static int deepest_first(const void *a, const void *b)
{
    const deep *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    return (x->query > y->query) - (x->query < y->query);
}

/* Once positives and their equals are out, range_max ranks are to be left. */
static void set_depths(tern_mining *m)
{
    const tern_mine_pool *p = m->pool;
    deep *list = tern_alloc((size_t)p->n_queries, sizeof *list);
    m->depth = tern_alloc((size_t)p->n_queries, sizeof *m->depth);
    m->by_depth = tern_alloc((size_t)p->n_queries, sizeof *m->by_depth);
    for (int64_t q = 0; q < p->n_queries; q++) {
        int64_t out = p->right_start[q + 1] - p->right_start[q] + p->equal_start[q + 1] - p->equal_start[q];
        int64_t all = m->job->filters.range_max < p->n_docs - out;
        m->depth[q] = all ? m->job->filters.range_max + out : p->n_docs;
        list[q] = (deep){m->depth[q], q};
    }
    qsort(list, (size_t)p->n_queries, sizeof *list, deepest_first);
    for (int64_t i = 0; i < p->n_queries; i++)
        m->by_depth[i] = list[i].query;
    free(list);
}

int tern_mine_go_on(const tern_mining *m, tern_error *error)
{
    return m->job->stop && *m->job->stop ? tern_fail(error, "interrupted") : 0;
}

static int rank_and_score(tern_mining *m, tern_error *error)
{
    const tern_mine_job *job = m->job;
    if (tern_mine_go_on(m, error) < 0 || tern_miners_rank(m, error) < 0)
        return -1;
    if (m->has_vectors && tern_mine_stream(m, job->embedder, &m->model, error) < 0)
        return -1;
    if (tern_miners_join(m, error) < 0)
        return -1;
    return job->second ? tern_mine_stream(m, job->second, &m->second, error) : 0;
}

static void close_mining(tern_mining *m)
{
    tern_ranking_close(&m->dense);
    tern_ranking_close(&m->words);
    for (int s = 0; s < m->n_shares; s++)
        tern_ranking_close(&m->own[s]);
    free(m->model.positive);
    free(m->model.margin);
    free(m->second.positive);
    free(m->second.margin);
    free(m->by_depth);
    free(m->depth);
}

tern_mined *tern_mine(const tern_mine_job *job, tern_error *error)
{
    tern_mining m = {.job = job, .pool = job->pool, .has_vectors = tern_mine_uses_vectors(job)};
    tern_mined *out = tern_calloc(1, sizeof *out);
    TERN_CHECK(job->shares[0].miner, "no miner");
    while (job->shares[m.n_shares].miner)
        m.n_shares++;
    set_depths(&m);
    int status = rank_and_score(&m, error);
    if (status == 0)
        status = tern_mine_choose_all(&m, out, error);
    if (status == 0)
        status = tern_mine_choose_blindly(&m, &out->blind, error);
    if (status == 0) {
        out->positive_score = m.model.positive;
        out->margin_score = m.model.margin;
        m.model.positive = m.model.margin = NULL;
    }
    close_mining(&m);
    if (status == 0)
        return out;
    tern_mined_free(out);
    return NULL;
}

void tern_mined_free(tern_mined *mined)
{
    if (!mined)
        return;
    free(mined->start);
    free(mined->negative);
    free(mined->miner);
    free(mined->positive_score);
    free(mined->margin_score);
    free(mined->relabel_start);
    free(mined->relabelled);
    free(mined);
}
