#include "mining/mine.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "mining/likeness.h"
#include "mining/mining.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Queries that are ranked together, at most, and candidates of theirs; uses below which no document is a hub. */
enum { BLOCK = 2048, BLOCK_HITS = 1 << 22, FEW_USES = 10 };

/* The state of choosing: what earlier queries took counts for later ones. */
typedef struct choice {
    const tern_mining *m;
    tern_mined *out;
    int n_shares;
    int64_t wanted, quota[TERN_MINE_MOST_MINERS];
    int64_t *uses, cap; /* [n_docs] */
    uint32_t **sketch;  /* [n_docs] NULL until it is asked for */
    int64_t query;      /* that is being chosen for */
    tern_hit *picked;   /* [n_queries, wanted] */
    int *by;            /* likewise */
    int64_t *n_picked;  /* [n_queries] */
    int64_t *relabelled, *relabelled_of;
    size_t n_relabelled, relabelled_capacity, of_capacity;
} choice;

/* Whole numbers that go by the shares and sum up to n: the largest remainders get what is left over. */
static void share_out(choice *c, const tern_mine_share *shares, int64_t n)
{
    double sum = 0, rest[TERN_MINE_MOST_MINERS];
    int64_t left = n;
    for (int s = 0; s < c->n_shares; s++)
        sum += shares[s].share;
    for (int s = 0; s < c->n_shares; s++) {
        double exact = (double)n * shares[s].share / sum;
        c->quota[s] = (int64_t)exact;
        rest[s] = exact - floor(exact);
        left -= c->quota[s];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int s = 1; s < c->n_shares; s++)
            most = rest[s] > rest[most] ? s : most;
        c->quota[most]++;
        rest[most] = -1;
    }
}

static const uint32_t *sketch_of(choice *c, int64_t doc)
{
    if (!c->sketch[doc]) {
        c->sketch[doc] = tern_alloc(TERN_SKETCH, sizeof *c->sketch[doc]);
        tern_sketch(c->m->pool->docs[doc], c->sketch[doc]);
    }
    return c->sketch[doc];
}

static int is_near(choice *c, int64_t doc)
{
    const tern_mine_pool *p = c->m->pool;
    const uint32_t *sketch = sketch_of(c, doc);
    for (int64_t i = p->right_start[c->query]; i < p->right_start[c->query + 1]; i++)
        if (tern_sketch_likeness(sketch, sketch_of(c, p->right[i])) >= c->m->job->near)
            return 1;
    return 0;
}

/* The second opinion takes it for a positive. */
static int is_vote(const choice *c, int64_t doc)
{
    const tern_mine_vectors *v = &c->m->second;
    float score, least = v->lowest[c->query];
    tern_search_scores(&v->search, v->queries + c->query * v->search.dim, 1, (const int64_t[]){0, 1}, &doc, &score);
    return score > least - fabsf(least) * (float)c->m->job->second_margin;
}

static tern_fate verdict(void *context, const tern_hit *hit)
{
    choice *c = context;
    const tern_mine_job *job = c->m->job;
    if (job->near > 0 && is_near(c, hit->doc))
        return TERN_FATE_NEAR;
    if (job->second && job->second_does != TERN_SECOND_KEEP && is_vote(c, hit->doc))
        return TERN_FATE_OPINION;
    return c->uses[hit->doc] >= c->cap ? TERN_FATE_HUB : TERN_FATE_LEFT;
}

/* What margins and bounds left out may be a positive: the second opinion is asked of that too. */
static void relabel(choice *c, const tern_hit *hits, int64_t n, tern_fate *fates)
{
    for (int64_t i = 0; i < n; i++) {
        int asked = fates[i] == TERN_FATE_ABSOLUTE_MARGIN || fates[i] == TERN_FATE_RELATIVE_MARGIN ||
                    fates[i] == TERN_FATE_MAX_SCORE;
        if (asked && is_vote(c, hits[i].doc))
            fates[i] = TERN_FATE_OPINION;
        if (fates[i] != TERN_FATE_OPINION)
            continue;
        int known = 0;
        for (size_t k = c->n_relabelled; !known && k-- > 0 && c->relabelled_of[k] == c->query;)
            known = c->relabelled[k] == hits[i].doc;
        if (known)
            continue;
        TERN_GROW(c->relabelled_of, c->n_relabelled, c->of_capacity);
        c->relabelled_of[c->n_relabelled] = c->query;
        TERN_GROW(c->relabelled, c->n_relabelled, c->relabelled_capacity);
        c->relabelled[c->n_relabelled++] = hits[i].doc;
    }
}

/* Up to n more from one miner's candidates. */
static void take(choice *c, int share, const tern_mine_query *query, tern_fate *fates, int64_t n)
{
    tern_hit *picked = c->picked + c->query * c->wanted;
    int64_t *places = tern_alloc((size_t)n, sizeof *places), had = c->n_picked[c->query];
    for (int64_t i = 0; i < query->n_hits; i++)
        for (int64_t k = 0; k < had && fates[i] == TERN_FATE_LEFT; k++)
            if (picked[k].doc == query->hits[i].doc)
                fates[i] = TERN_FATE_TAKEN;
    int64_t taken = tern_mine_choose(&c->m->job->filters, query, fates, n, places);
    for (int64_t k = 0; k < taken; k++) {
        tern_hit hit = query->hits[places[k]];
        picked[had + k] = hit;
        c->by[c->query * c->wanted + had + k] = share;
        c->out->hubs += ++c->uses[hit.doc] == c->cap;
        c->out->by_miner[share]++;
        if (c->m->job->second && c->m->job->second_does == TERN_SECOND_KEEP)
            c->out->votes += is_vote(c, hit.doc);
    }
    c->n_picked[c->query] += taken;
    free(places);
}

/* One query's lists, of each share depth candidates at most. */
static void choose(choice *c, const tern_hit *const *hits, const int64_t *n)
{
    const tern_mine_job *job = c->m->job;
    const tern_mine_pool *p = c->m->pool;
    tern_fate *fates[TERN_MINE_MOST_MINERS];
    tern_mine_query query[TERN_MINE_MOST_MINERS];
    int64_t q = c->query;
    for (int s = 0; s < c->n_shares; s++) {
        query[s] = (tern_mine_query){.hits = hits[s],
                                     .n_hits = n[s],
                                     .positives = p->right + p->right_start[q],
                                     .n_positives = p->right_start[q + 1] - p->right_start[q],
                                     .positive_score = c->m->has_vectors ? c->m->model.lowest[q] : NAN,
                                     .key = (uint64_t)q,
                                     .equals = p->equal + p->equal_start[q],
                                     .n_equals = p->equal_start[q + 1] - p->equal_start[q],
                                     .verdict = verdict,
                                     .context = c};
        fates[s] = tern_alloc((size_t)n[s], sizeof *fates[s]);
        tern_mine_judge(&job->filters, &query[s], fates[s]);
        if (job->second && job->second_does == TERN_SECOND_RELABEL)
            relabel(c, hits[s], n[s], fates[s]);
    }
    for (int s = 0; s < c->n_shares; s++)
        take(c, s, &query[s], fates[s], c->quota[s]);
    /* What one miner lacks the others give, in their order. */
    for (int s = 0; s < c->n_shares && c->n_picked[q] < c->wanted; s++)
        take(c, s, &query[s], fates[s], c->wanted - c->n_picked[q]);
    for (int s = 0; s < c->n_shares; s++) {
        for (int64_t i = 0; i < n[s]; i++)
            c->out->fates[fates[s][i]]++;
        if (job->see)
            job->see(job->context,
                     &(tern_mine_view){q, job->shares[s].miner, hits[s], fates[s], n[s], query[s].positive_score});
        free(fates[s]);
    }
}

/* The model's scores of what another way of ranking found, or none. */
static void set_scores(const tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_hit *hits,
                       const int64_t *found)
{
    int64_t *start = tern_alloc((size_t)n + 1, sizeof *start);
    start[0] = 0;
    for (int64_t i = 0; i < n; i++)
        start[i + 1] = start[i] + found[i];
    int64_t *docs = tern_alloc((size_t)start[n], sizeof *docs);
    float *scores = tern_alloc((size_t)start[n], sizeof *scores);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < found[i]; k++)
            docs[start[i] + k] = hits[i * depth + k].doc;
    if (m->has_vectors)
        tern_mine_vectors_score(&m->model, queries, n, start, docs, scores);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < found[i]; k++)
            hits[i * depth + k].score = m->has_vectors ? scores[start[i] + k] : NAN;
    free(scores);
    free(docs);
    free(start);
}

static int go_on(const tern_mine_job *job, tern_error *error)
{
    return job->stop && *job->stop ? tern_fail(error, "interrupted") : 0;
}

/* Sketches of all candidates of a block, by all threads. */
static void make_sketches(choice *c, const tern_hit *hits, const int64_t *found, int64_t n, int64_t depth)
{
    unsigned char *asked = tern_calloc((size_t)c->m->pool->n_docs, 1);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < found[i]; k++)
            asked[hits[i * depth + k].doc] = 1;
#pragma omp parallel for schedule(dynamic, 16)
    for (int64_t d = 0; d < c->m->pool->n_docs; d++)
        if (asked[d])
            sketch_of(c, d);
    free(asked);
}

static int mine_block(choice *c, tern_mining *m, const int64_t *queries, int64_t n, int64_t depth, tern_error *error)
{
    const tern_mine_job *job = m->job;
    tern_hit *hits[TERN_MINE_MOST_MINERS] = {NULL};
    int64_t *found[TERN_MINE_MOST_MINERS] = {NULL};
    int status = 0;
    for (int s = 0; s < c->n_shares && status == 0; s++) {
        const tern_miner *miner = job->shares[s].miner;
        hits[s] = tern_alloc((size_t)(n * depth), sizeof *hits[s]);
        found[s] = tern_alloc((size_t)n, sizeof *found[s]);
        status = go_on(job, error);
        if (status == 0)
            status = miner->candidates(m, queries, n, depth, hits[s], found[s], error);
        if (status == 0 && !miner->scored)
            set_scores(m, queries, n, depth, hits[s], found[s]);
        if (status == 0 && job->near > 0)
            make_sketches(c, hits[s], found[s], n, depth);
    }
    for (int64_t i = 0; i < n && status == 0; i++) {
        const tern_hit *lists[TERN_MINE_MOST_MINERS];
        int64_t counts[TERN_MINE_MOST_MINERS];
        for (int s = 0; s < c->n_shares; s++) {
            lists[s] = hits[s] + i * depth;
            counts[s] = found[s][i];
        }
        c->query = queries[i];
        choose(c, lists, counts);
    }
    for (int s = 0; s < c->n_shares; s++) {
        free(hits[s]);
        free(found[s]);
    }
    return status;
}

/* How deep a ranking must go for range_max ranks to be left once positives and their equals are out. */
static int64_t depth_of(const tern_mine_job *job)
{
    const tern_mine_pool *p = job->pool;
    int64_t most = 0;
    for (int64_t q = 0; q < p->n_queries; q++)
        most = tern_max(most, p->right_start[q + 1] - p->right_start[q] + p->equal_start[q + 1] - p->equal_start[q]);
    return job->filters.range_max < p->n_docs - most ? job->filters.range_max + most : p->n_docs;
}

int tern_mine_uses_vectors(const tern_mine_job *job)
{
    const tern_mine_options *f = &job->filters;
    int uses = job->scores || !isnan(f->max_score) || !isnan(f->min_score) || !isnan(f->absolute_margin) ||
               !isnan(f->relative_margin);
    for (int s = 0; job->shares[s].miner; s++)
        uses |= job->shares[s].miner->vectors;
    return uses;
}

static int prepare(tern_mining *m, tern_error *error)
{
    const tern_mine_job *job = m->job;
    const tern_mine_pool *p = m->pool;
    int words = 0, both = 0;
    for (int s = 0; job->shares[s].miner; s++) {
        words |= job->shares[s].miner->words;
        both |= job->shares[s].miner->words && job->shares[s].miner->vectors;
    }
    m->has_vectors = tern_mine_uses_vectors(job);
    if (m->has_vectors && tern_mine_vectors_make(&m->model, p, job->embedder, error) < 0)
        return -1;
    if (job->second && tern_mine_vectors_make(&m->second, p, job->second, error) < 0)
        return -1;
    m->bm25 = words ? tern_bm25_create(&job->bm25, p->docs, p->n_docs, p->rank) : NULL;
    m->fusion = both ? tern_fusion_create(p->n_docs, p->rank) : NULL;
    return 0;
}

/* The picks of each query behind one another. */
static void compact(choice *c, tern_mined *out)
{
    const tern_mine_pool *p = c->m->pool;
    int64_t n = p->n_queries, *relabel_at;
    out->n_queries = n;
    out->start = tern_calloc((size_t)n + 1, sizeof *out->start);
    out->relabel_start = tern_calloc((size_t)n + 1, sizeof *out->relabel_start);
    for (int64_t q = 0; q < n; q++)
        out->start[q + 1] = out->start[q] + c->n_picked[q];
    out->negative = tern_alloc((size_t)out->start[n], sizeof *out->negative);
    out->miner = tern_alloc((size_t)out->start[n], sizeof *out->miner);
    for (int64_t q = 0; q < n; q++) {
        memcpy(out->negative + out->start[q], c->picked + q * c->wanted,
               (size_t)c->n_picked[q] * sizeof *out->negative);
        memcpy(out->miner + out->start[q], c->by + q * c->wanted, (size_t)c->n_picked[q] * sizeof *out->miner);
        out->few += c->n_picked[q] < c->wanted;
        out->none += c->n_picked[q] == 0;
    }
    for (size_t k = 0; k < c->n_relabelled; k++)
        out->relabel_start[c->relabelled_of[k] + 1]++;
    for (int64_t q = 0; q < n; q++)
        out->relabel_start[q + 1] += out->relabel_start[q];
    out->relabelled = tern_alloc(c->n_relabelled, sizeof *out->relabelled);
    relabel_at = tern_alloc((size_t)n, sizeof *relabel_at);
    memcpy(relabel_at, out->relabel_start, (size_t)n * sizeof *relabel_at);
    for (size_t k = 0; k < c->n_relabelled; k++)
        out->relabelled[relabel_at[c->relabelled_of[k]]++] = c->relabelled[k];
    free(relabel_at);
}

static void close_choice(choice *c)
{
    for (int64_t d = 0; d < c->m->pool->n_docs; d++)
        free(c->sketch[d]);
    free(c->sketch);
    free(c->uses);
    free(c->picked);
    free(c->by);
    free(c->n_picked);
    free(c->relabelled);
    free(c->relabelled_of);
}

/* Queries come by chance, so that a cap on documents falls on none of them more than on others. */
static int mine_all(tern_mining *m, tern_mined *out, tern_error *error)
{
    const tern_mine_job *job = m->job;
    int64_t n = m->pool->n_queries, depth = depth_of(job), *order = tern_alloc((size_t)n, sizeof *order);
    size_t most = (size_t)(n * job->filters.num_negatives);
    choice c = {.m = m, .out = out, .wanted = job->filters.num_negatives};
    int status = 0;
    while (job->shares[c.n_shares].miner)
        c.n_shares++;
    share_out(&c, job->shares, c.wanted);
    c.cap = tern_max((int64_t)(job->max_share * (double)n), FEW_USES);
    c.uses = tern_calloc((size_t)m->pool->n_docs, sizeof *c.uses);
    c.sketch = tern_calloc((size_t)m->pool->n_docs, sizeof *c.sketch);
    c.picked = tern_alloc(most, sizeof *c.picked);
    c.by = tern_alloc(most, sizeof *c.by);
    c.n_picked = tern_calloc((size_t)n, sizeof *c.n_picked);
    tern_shuffle(order, n, job->filters.seed, 0);
    int64_t block = tern_min(BLOCK, tern_max(1, BLOCK_HITS / tern_max(depth, 1)));
    for (int64_t from = 0; from < n && status == 0; from += block)
        status = mine_block(&c, m, order + from, tern_min(block, n - from), depth, error);
    if (status == 0)
        compact(&c, out);
    close_choice(&c);
    free(order);
    return status;
}

tern_mined *tern_mine(const tern_mine_job *job, tern_error *error)
{
    tern_mining m = {.job = job, .pool = job->pool};
    tern_mined *out = tern_calloc(1, sizeof *out);
    TERN_CHECK(job->shares[0].miner, "no miner");
    int status = prepare(&m, error);
    if (status == 0)
        status = mine_all(&m, out, error);
    if (status == 0 && m.has_vectors) {
        out->positive_score = m.model.positive;
        m.model.positive = NULL;
    }
    tern_mine_vectors_free(&m.model);
    tern_mine_vectors_free(&m.second);
    tern_bm25_free(m.bm25);
    tern_fusion_free(m.fusion);
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
    free(mined->relabel_start);
    free(mined->relabelled);
    free(mined);
}
