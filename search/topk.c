#include "search/topk.h"

#include "autograd/dots.h"
#include "autograd/gemm.h"
#include "base/integer.h"
#include "base/memory.h"
#include "search/keys.h"
#include "search/vectors.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* How the work is cut: blocks of queries, one after the other; stretches of documents, of which each is about as long
 * as all before it; tiles of documents, which are shared out among the threads. A tile's scores go to a buffer that
 * stays in cache and are compared at once with the least score that each query still takes: after the first stretch
 * hardly one in a hundred gets further. None of the sizes depends on the threads, since a score's last bits may depend
 * on its tile.
 *
 * What gets further is a key in a list of the thread's own. A list that is full is cut to its k best, and the last of
 * these is the least that the thread takes from then on. At the end of a stretch all lists are joined into the query's
 * k best so far. As the stretches grow, a query meets about k (1 + log2(documents / k)) keys in all. */
enum {
    MOST_QUERIES = 512,
    DOC_TILE = 128,
    FIRST_STRETCH = 4096,
    MOST_KEYS = 1 << 20, /* in a thread's lists */
    LANES = 32,
    WORTH_THREADS = 1 << 18, /* multiplications */
    WORTH_SORTING = 1 << 12  /* keys */
};

struct tern_topk {
    const float *queries;
    int64_t n_queries, dim, n_docs, k;
    int64_t *rank, *doc_of_rank; /* NULL: rank is the document's number */
    uint64_t *best;              /* [n_queries, k] keys, in no order until sorted */
    int64_t *sizes;              /* [n_queries] */
    float *least;                /* [n_queries] the score that a document needs to get in, or to tie */
    int64_t seen;                /* documents so far */
    tern_similarity similarity;
    int sorted;
};

/* What a thread holds for a block of queries. */
typedef struct lists {
    float *scores;  /* [DOC_TILE, stride] */
    float *least;   /* [stride] */
    int64_t *sizes; /* [queries] */
    uint64_t *keys; /* [queries, room] */
    void *scratch;  /* for the products */
} lists;

/* A part of what tern_topk_add was given: documents first .. first + n - 1 of it for a block of queries. */
typedef struct part {
    tern_topk *topk;
    const float *vectors;
    const int64_t *docs; /* NULL: their numbers start at number */
    int64_t number, first, n;
    int64_t query, n_queries, stride; /* stride: between rows of scores, a multiple of LANES */
    int64_t room;
    tern_dots *dots; /* of these queries; NULL: distances */
    lists *lists;    /* one a thread */
} part;

tern_topk *tern_topk_create(const float *queries, int64_t n_queries, int64_t dim, int64_t n_docs, const int64_t *rank,
                            int64_t k)
{
    TERN_CHECK(n_docs < UINT32_MAX && k > 0, "%lld documents, k %lld", (long long)n_docs, (long long)k);
    tern_topk *t = tern_calloc(1, sizeof *t);
    *t = (tern_topk){.queries = queries, .n_queries = n_queries, .dim = dim, .n_docs = n_docs};
    t->k = k < n_docs ? k : n_docs;
    t->best = tern_alloc((size_t)n_queries * (size_t)t->k, sizeof *t->best);
    t->sizes = tern_calloc((size_t)n_queries, sizeof *t->sizes);
    t->least = tern_alloc((size_t)n_queries, sizeof *t->least);
    for (int64_t q = 0; q < n_queries; q++)
        t->least[q] = -INFINITY;
    if (rank) {
        t->rank = tern_alloc((size_t)n_docs, sizeof *rank);
        t->doc_of_rank = tern_alloc((size_t)n_docs, sizeof *rank);
        memcpy(t->rank, rank, (size_t)n_docs * sizeof *rank);
        for (int64_t i = 0; i < n_docs; i++)
            t->doc_of_rank[rank[i]] = i;
    }
    return t;
}

void tern_topk_free(tern_topk *topk)
{
    if (!topk)
        return;
    free(topk->rank);
    free(topk->doc_of_rank);
    free(topk->best);
    free(topk->sizes);
    free(topk->least);
    free(topk);
}

void tern_topk_by(tern_topk *topk, tern_similarity similarity)
{
    topk->similarity = similarity;
}

static int by_distance(const tern_topk *t)
{
    return t->similarity == TERN_SIMILARITY_EUCLIDEAN || t->similarity == TERN_SIMILARITY_MANHATTAN;
}

static void keep(const part *p, lists *l, int64_t query, uint64_t key)
{
    int64_t k = p->topk->k;
    uint64_t *keys = l->keys + query * p->room;
    keys[l->sizes[query]++] = key;
    if (l->sizes[query] < p->room)
        return;
    tern_keys_select(keys, p->room, k);
    l->sizes[query] = k;
    l->least[query] = tern_key_score(keys[k - 1]);
}

static void scan_tile(const part *p, lists *l, int64_t from, int64_t n)
{
    int32_t which[MOST_QUERIES];
    for (int64_t i = 0; i < n; i++) {
        const float *scores = l->scores + i * p->stride;
        int64_t found = tern_dots_reaching(p->n_queries, scores, l->least, which);
        if (found == 0)
            continue;
        int64_t doc = p->docs ? p->docs[from + i] : p->number + from + i;
        int64_t rank = p->topk->rank ? p->topk->rank[doc] : doc;
        for (int64_t j = 0; j < found; j++)
            keep(p, l, which[j], tern_key(scores[which[j]], rank));
    }
}

/* Joins the lists of all threads into a query's best so far. room: scratch for k + p->room keys. */
static void join(const part *p, int64_t query, int n_threads, uint64_t *room)
{
    tern_topk *t = p->topk;
    int64_t n = t->sizes[p->query + query];
    uint64_t *best = t->best + (p->query + query) * t->k;
    memcpy(room, best, (size_t)n * sizeof *best);
    for (int i = 0; i < n_threads; i++) {
        lists *l = p->lists + i;
        memcpy(room + n, l->keys + query * p->room, (size_t)l->sizes[query] * sizeof *room);
        n += l->sizes[query];
        l->sizes[query] = 0;
        if (n >= t->k) /* of exactly k, too, the least must come last */
            tern_keys_select(room, n, t->k);
        n = tern_min(n, t->k);
    }
    if (n == t->k)
        t->least[p->query + query] = tern_key_score(room[n - 1]);
    memcpy(best, room, (size_t)n * sizeof *best);
    t->sizes[p->query + query] = n;
}

/* Scores of n documents against the block's queries into the thread's rows. */
static void score_tile(const part *p, lists *l, const float *documents, int64_t n)
{
    const tern_topk *t = p->topk;
    if (p->dots) {
        tern_dots_rows(p->dots, n, documents, l->scores, p->stride, l->scratch);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t q = 0; q < p->n_queries; q++)
            l->scores[i * p->stride + q] = tern_vectors_compare(t->similarity, t->queries + (p->query + q) * t->dim,
                                                                documents + i * t->dim, t->dim);
}

/* One stretch, by all threads. */
static void search_stretch(const part *p)
{
    int n_threads = 1;
#pragma omp parallel if (p->n_queries * p->n * p->topk->dim > WORTH_THREADS)
    {
        lists *l = p->lists + omp_get_thread_num();
        uint64_t *room = tern_alloc((size_t)(p->topk->k + p->room), sizeof *room);
        memcpy(l->least, p->topk->least + p->query, (size_t)p->n_queries * sizeof *l->least);
#pragma omp single
        n_threads = omp_get_num_threads();
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < p->n; i += DOC_TILE) {
            int64_t n = tern_min(DOC_TILE, p->n - i);
            score_tile(p, l, p->vectors + (p->first + i) * p->topk->dim, n);
            scan_tile(p, l, p->first + i, n);
        }
#pragma omp for schedule(dynamic, 4)
        for (int64_t q = 0; q < p->n_queries; q++)
            join(p, q, n_threads, room);
        free(room);
    }
}

static void open_lists(part *p, int n_threads)
{
    int64_t rows = p->stride;
    p->lists = tern_calloc((size_t)n_threads, sizeof *p->lists);
    for (int i = 0; i < n_threads; i++) {
        lists *l = p->lists + i;
        l->scores = tern_alloc_aligned((size_t)(DOC_TILE * rows), sizeof *l->scores);
        l->least = tern_alloc((size_t)rows, sizeof *l->least);
        l->sizes = tern_calloc((size_t)rows, sizeof *l->sizes);
        l->scratch = p->dots ? tern_alloc_aligned(1, tern_dots_scratch(p->dots)) : NULL;
        l->keys = tern_alloc((size_t)(p->n_queries * p->room), sizeof *l->keys);
    }
}

static void close_lists(part *p, int n_threads)
{
    for (int i = 0; i < n_threads; i++) {
        free(p->lists[i].scores);
        free(p->lists[i].least);
        free(p->lists[i].sizes);
        free(p->lists[i].keys);
        free(p->lists[i].scratch);
    }
    free(p->lists);
}

/* All of what was given, for one block of queries. */
static void search_block(part *p, int64_t n)
{
    int n_threads = tern_threads();
    p->stride = tern_round_up(p->n_queries, LANES);
    if (!by_distance(p->topk))
        p->dots = tern_dots_open(p->n_queries, p->topk->dim, p->topk->queries + p->query * p->topk->dim);
    open_lists(p, n_threads);
    /* With few queries a product costs more than what is kept of it: one stretch, and threads wait for one another
     * once. */
    int64_t shortest = p->n_queries > TERN_DOTS_FEW ? FIRST_STRETCH : n;
    for (p->first = 0; p->first < n; p->first += p->n) {
        int64_t before = tern_round_up(p->topk->seen + p->first, DOC_TILE);
        p->n = tern_min(n - p->first, tern_max(before, shortest));
        search_stretch(p);
    }
    close_lists(p, n_threads);
    tern_dots_close(p->dots);
}

void tern_topk_add(tern_topk *topk, const float *vectors, const int64_t *docs, int64_t first, int64_t n)
{
    int64_t spare = topk->k > LANES ? topk->k : LANES, room = topk->k + spare;
    int64_t block = MOST_KEYS / room / LANES * LANES;
    block = block > MOST_QUERIES ? MOST_QUERIES : block < LANES ? LANES : block;
    for (int64_t q = 0; n > 0 && q < topk->n_queries; q += block) {
        part p = {topk, vectors, docs, .number = first, .query = q, .room = room};
        p.n_queries = tern_min(block, topk->n_queries - q);
        search_block(&p, n);
    }
    topk->seen += n;
    topk->sorted = 0;
}

static void sort_all(tern_topk *t)
{
#pragma omp parallel if (t->n_queries * t->k > WORTH_SORTING)
    {
        uint64_t *room = tern_alloc((size_t)t->k, sizeof *room);
#pragma omp for schedule(static)
        for (int64_t q = 0; q < t->n_queries; q++)
            tern_keys_sort(t->best + q * t->k, t->sizes[q], room);
        free(room);
    }
    t->sorted = 1;
}

int64_t tern_topk_take(tern_topk *topk, int64_t query, tern_hit *hits)
{
    if (!topk->sorted)
        sort_all(topk);
    const uint64_t *keys = topk->best + query * topk->k;
    for (int64_t i = 0; i < topk->sizes[query]; i++) {
        int64_t rank = tern_key_rank(keys[i]);
        hits[i] = (tern_hit){topk->doc_of_rank ? topk->doc_of_rank[rank] : rank, tern_key_score(keys[i])};
    }
    return topk->sizes[query];
}

typedef struct numbered {
    const char *id;
    int64_t number;
} numbered;

static int by_id_descending(const void *a, const void *b)
{
    return strcmp(((const numbered *)b)->id, ((const numbered *)a)->id);
}

int64_t tern_rank_ids(const char *const *ids, int64_t n, int64_t *rank)
{
    numbered *sorted = tern_alloc((size_t)n, sizeof *sorted);
    int64_t twice = -1;
    for (int64_t i = 0; i < n; i++)
        sorted[i] = (numbered){ids[i], i};
    qsort(sorted, (size_t)n, sizeof *sorted, by_id_descending);
    for (int64_t i = 0; i < n; i++) {
        rank[sorted[i].number] = i;
        if (i > 0 && !strcmp(sorted[i].id, sorted[i - 1].id))
            twice = sorted[i].number;
    }
    free(sorted);
    return twice;
}
