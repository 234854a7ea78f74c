/* Documents are embedded in blocks; of each block the nearest to every query are found, and the scores of those that
 * other miners ranked. What comes out doesn't depend on the size of a block. */
#include "base/clock.h"
#include "base/integer.h"
#include "base/memory.h"
#include "mining/mining.h"
#include "search/exact.h"
#include "search/keys.h"
#include "search/vectors.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a block's vectors at most; what embedding takes beside the vectors; and the least number of
 * documents that are worth a block. */
#define MOST_BYTES    ((int64_t)1 << 30)
#define WORKING_BYTES ((int64_t)192 << 20)
enum { LEAST_DOCS = 1024 };
/* Texts whose tokens are held at once. */
enum { SLICE = 16384 };

typedef struct stream {
    tern_mining *m;
    const tern_embedder *embedder;
    int is_second;
    tern_mine_scores *scores;
    float *queries; /* [n_queries, dim] */
    /* The block: documents from .. from + search.rows - 1. */
    int64_t from;
    float *vectors;
    int64_t *rank; /* their order between equal scores; NULL: as they come */
    tern_search search;
} stream;

static int64_t bytes_of_list(const tern_ranking *r, int64_t n_queries, size_t hit)
{
    return r->start ? r->start[n_queries] * (int64_t)hit : 0;
}

/* What is going to be filled: room that is asked for takes memory once it is written to. */
static int64_t bytes_to_come(const stream *s)
{
    const tern_mining *m = s->m;
    int64_t n = m->pool->n_queries, bytes = 0;
    size_t hit = s->is_second ? sizeof(float) : sizeof(tern_hit);
    bytes += bytes_of_list(&m->dense, n, hit);
    bytes += s->is_second ? bytes_of_list(&m->words, n, hit) : 0;
    for (int i = 0; i < m->n_shares && s->is_second; i++)
        bytes += bytes_of_list(&m->own[i], n, hit);
    /* What the second opinion takes is known before the model begins. */
    for (int i = 0; i < m->n_shares && m->job->second && !s->is_second; i++)
        bytes += bytes_of_list(m->of[i], n, sizeof(float));
    return bytes;
}

/* How many documents a block has, or -1. */
static int64_t docs_of_block(const stream *s, tern_error *error)
{
    const tern_mine_job *job = s->m->job;
    int64_t n = s->m->pool->n_docs, each = s->embedder->dim * (int64_t)sizeof(float) + 32, room = MOST_BYTES;
    if (job->block_docs > 0)
        return tern_min(n, job->block_docs);
    if (job->memory > 0) {
        int64_t taken = (int64_t)(tern_memory_mb() * 1048576) + bytes_to_come(s) + WORKING_BYTES;
        int64_t least = taken + each * tern_min(n, LEAST_DOCS);
        if (least > job->memory && job->strict)
            return tern_fail(error,
                             "mining these %lld documents for %lld queries takes up to %.0f MB of memory, though "
                             "vectors are made block by block, and train.memory is %.0f MB; give it more",
                             (long long)n, (long long)s->m->pool->n_queries, (double)least / 1048576,
                             (double)job->memory / 1048576);
        room = tern_min(room, job->memory - taken);
    }
    return tern_min(n, tern_max(LEAST_DOCS, room / each));
}

static int embed(const stream *s, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    for (int64_t i = 0; i < n; i += SLICE) {
        if (tern_mine_go_on(s->m, error) < 0)
            return -1;
        if (tern_vectors_embed(s->embedder, role, texts + i, tern_min(SLICE, n - i), out + i * s->embedder->dim,
                               error) < 0)
            return -1;
    }
    return 0;
}

typedef struct placed {
    int64_t rank, doc;
} placed;

static int by_rank(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void rank_block(stream *s)
{
    const int64_t *rank = s->m->pool->rank;
    int64_t n = s->search.rows;
    if (!rank)
        return;
    placed *list = tern_alloc((size_t)n, sizeof *list);
    for (int64_t i = 0; i < n; i++)
        list[i] = (placed){rank[s->from + i], i};
    qsort(list, (size_t)n, sizeof *list, by_rank);
    for (int64_t i = 0; i < n; i++)
        s->rank[list[i].doc] = i;
    free(list);
}

static uint64_t key_of(const stream *s, const tern_hit *hit)
{
    const int64_t *rank = s->m->pool->rank;
    return tern_key(hit->score, rank ? rank[hit->doc] : hit->doc);
}

/* A query's nearest documents of the block among those of the blocks before. room [list's room] is scratch. */
static void merge(const stream *s, tern_ranking *r, int64_t query, tern_hit *hits, int64_t n, tern_hit *room)
{
    tern_hit *list = r->hits + r->start[query];
    int64_t most = r->start[query + 1] - r->start[query], had = r->found[query], a = 0, b = 0, k = 0;
    for (int64_t i = 0; i < n; i++)
        hits[i].doc += s->from;
    for (; k < most && (a < had || b < n); k++)
        room[k] = b >= n || (a < had && key_of(s, &list[a]) > key_of(s, &hits[b])) ? list[a++] : hits[b++];
    memcpy(list, room, (size_t)k * sizeof *list);
    r->found[query] = k;
}

static int find_nearest(stream *s, tern_ranking *r, tern_error *error)
{
    int64_t at = 0, dim = s->search.dim;
    tern_mine_group g;
    while (tern_mine_next_group(s->m, r, &at, &g)) {
        if (tern_mine_go_on(s->m, error) < 0)
            return -1;
        int64_t k = tern_min(g.depth, s->search.rows);
        float *vectors = tern_alloc_aligned((size_t)(g.n * dim), sizeof *vectors);
        tern_hit *hits = tern_alloc((size_t)(g.n * k), sizeof *hits), *room = tern_alloc((size_t)g.depth, sizeof *room);
        int64_t *found = tern_alloc((size_t)g.n, sizeof *found);
        for (int64_t i = 0; i < g.n; i++)
            memcpy(vectors + i * dim, s->queries + g.queries[i] * dim, (size_t)dim * sizeof *vectors);
        tern_search_queries(&s->search, vectors, g.n, k, hits, found);
        for (int64_t i = 0; i < g.n; i++)
            merge(s, r, g.queries[i], hits + i * k, found[i], room);
        free(found);
        free(room);
        free(hits);
        free(vectors);
    }
    return 0;
}

/* Scores of those of a query's n documents that are in the block, into scores [n]; the others stay. */
static void score_docs(const stream *s, int64_t query, const int64_t *docs, int64_t n, float *scores)
{
    int64_t *inside = tern_alloc((size_t)n, 2 * sizeof *inside), *places = inside + n, found = 0;
    float *found_scores = tern_alloc((size_t)n, sizeof *found_scores);
    for (int64_t i = 0; i < n; i++) {
        int64_t doc = docs[i] - s->from;
        if (doc < 0 || doc >= s->search.rows)
            continue;
        inside[found] = doc;
        places[found++] = i;
    }
    tern_search_scores(&s->search, s->queries + query * s->search.dim, 1, (const int64_t[]){0, found}, inside,
                       found_scores);
    for (int64_t i = 0; i < found; i++)
        scores[places[i]] = found_scores[i];
    free(found_scores);
    free(inside);
}

static void score_positives(const stream *s)
{
    const tern_mine_pool *p = s->m->pool;
#pragma omp parallel for schedule(dynamic, 64)
    for (int64_t q = 0; q < p->n_queries; q++) {
        int64_t from = p->positive_start[q];
        score_docs(s, q, p->positive + from, p->positive_start[q + 1] - from, s->scores->positive + from);
    }
}

static void score_ranking(const stream *s, tern_ranking *r)
{
#pragma omp parallel for schedule(dynamic, 64)
    for (int64_t q = 0; q < s->m->pool->n_queries; q++) {
        tern_hit *hits = r->hits + r->start[q];
        int64_t n = r->found[q], *docs = tern_alloc((size_t)n, sizeof *docs);
        float *scores = s->is_second ? r->second + r->start[q] : tern_alloc((size_t)n, sizeof *scores);
        for (int64_t i = 0; i < n; i++) {
            docs[i] = hits[i].doc;
            if (!s->is_second)
                scores[i] = hits[i].score;
        }
        score_docs(s, q, docs, n, scores);
        for (int64_t i = 0; i < n && !s->is_second; i++)
            hits[i].score = scores[i];
        if (!s->is_second)
            free(scores);
        free(docs);
    }
}

static void each_ranking(stream *s, void (*work)(const stream *s, tern_ranking *r))
{
    tern_mining *m = s->m;
    if (m->dense.start && s->is_second)
        work(s, &m->dense);
    if (m->words.start)
        work(s, &m->words);
    for (int i = 0; i < m->n_shares; i++)
        if (m->own[i].start)
            work(s, &m->own[i]);
}

static void open_second(const stream *s, tern_ranking *r)
{
    r->second = tern_alloc((size_t)r->start[s->m->pool->n_queries], sizeof *r->second);
}

/* The least, the mean or the greatest of n > 0 scores. */
static float margin_score(tern_mine_from from, const float *scores, int64_t n)
{
    float least = scores[0], greatest = scores[0];
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        least = scores[i] < least ? scores[i] : least;
        greatest = scores[i] > greatest ? scores[i] : greatest;
        sum += (double)scores[i];
    }
    if (from == TERN_MARGIN_FROM_MEAN)
        return (float)(sum / (double)n);
    return from == TERN_MARGIN_FROM_LEAST ? least : greatest;
}

static void set_margins(stream *s)
{
    const int64_t *start = s->m->pool->positive_start;
    for (int64_t q = 0; q < s->m->pool->n_queries; q++)
        s->scores->margin[q] =
            margin_score(s->m->job->margin_from, s->scores->positive + start[q], start[q + 1] - start[q]);
}

static int take_blocks(stream *s, tern_error *error)
{
    const tern_mine_pool *p = s->m->pool;
    int64_t dim = s->embedder->dim, each = docs_of_block(s, error);
    if (each < 0)
        return -1;
    s->vectors = tern_alloc_aligned((size_t)(each * dim), sizeof *s->vectors);
    s->rank = p->rank ? tern_alloc((size_t)each, sizeof *s->rank) : NULL;
    for (s->from = 0; s->from < p->n_docs; s->from += each) {
        int64_t n = tern_min(each, p->n_docs - s->from);
        if (embed(s, TERN_ROLE_DOCUMENT, p->docs + s->from, n, s->vectors, error) < 0)
            return -1;
        s->search = (tern_search){
            .vectors = s->vectors, .rows = n, .dim = dim, .rank = s->rank, .similarity = s->embedder->similarity};
        rank_block(s);
        if (s->m->dense.start && !s->is_second && find_nearest(s, &s->m->dense, error) < 0)
            return -1;
        score_positives(s);
        each_ranking(s, score_ranking);
    }
    set_margins(s);
    return 0;
}

int tern_mine_stream(tern_mining *m, const tern_embedder *embedder, tern_mine_scores *scores, tern_error *error)
{
    const tern_mine_pool *p = m->pool;
    stream s = {.m = m, .embedder = embedder, .is_second = scores == &m->second, .scores = scores};
    s.queries = tern_alloc_aligned((size_t)(p->n_queries * embedder->dim), sizeof *s.queries);
    scores->positive = tern_alloc((size_t)p->positive_start[p->n_queries], sizeof *scores->positive);
    scores->margin = tern_alloc((size_t)p->n_queries, sizeof *scores->margin);
    if (s.is_second)
        each_ranking(&s, open_second);
    int status = embed(&s, TERN_ROLE_QUERY, p->queries, p->n_queries, s.queries, error);
    if (status == 0)
        status = take_blocks(&s, error);
    free(s.vectors);
    free(s.rank);
    free(s.queries);
    return status;
}
