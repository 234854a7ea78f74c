#include "eval/topk.h"

#include "autograd/gemm.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One sgemm scores QUERY_TILE x DOC_TILE pairs; the tiles of a block run in parallel into one buffer, then each query's
 * heap takes its row of it, in parallel over the queries. Only these constants and the sizes decide how the work is
 * cut, never the threads: a score's last bits depend on its tile. */
enum { QUERY_TILE = 128, DOC_TILE = 1024, QUERY_BLOCK = 256, DOC_BLOCK = 16384, SCAN = 32 };

/* A heap holds keys: the score's bits made to order as integers above the complement of the rank, so that one
 * comparison settles score and tie. */
struct tern_topk {
    const float *queries;
    int64_t n_queries, dim, n_docs, k;
    int64_t *rank, *doc_of_rank; /* NULL: rank is the document's number */
    uint64_t *heaps;             /* [n_queries, k], the worst key at the root */
    int64_t *sizes;              /* [n_queries] */
    float *scores;               /* [QUERY_BLOCK, DOC_BLOCK] */
};

static uint64_t key_of(float score, int64_t rank)
{
    uint32_t bits;
    score += 0.0f; /* -0 becomes +0: they are equal */
    memcpy(&bits, &score, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | UINT32_C(0x80000000);
    return (uint64_t)bits << 32 | (UINT32_MAX - (uint32_t)rank);
}

static float score_of(uint64_t key)
{
    uint32_t bits = (uint32_t)(key >> 32);
    bits = bits >> 31 ? bits & UINT32_C(0x7FFFFFFF) : ~bits;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

tern_topk *tern_topk_create(const float *queries, int64_t n_queries, int64_t dim, int64_t n_docs, const int64_t *rank,
                            int64_t k)
{
    TERN_CHECK(n_docs < UINT32_MAX && k > 0, "%lld documents, k %lld", (long long)n_docs, (long long)k);
    tern_topk *t = tern_calloc(1, sizeof *t);
    *t = (tern_topk){.queries = queries, .n_queries = n_queries, .dim = dim, .n_docs = n_docs};
    t->k = k < n_docs ? k : n_docs;
    t->heaps = tern_alloc((size_t)n_queries * (size_t)t->k, sizeof *t->heaps);
    t->sizes = tern_calloc((size_t)n_queries, sizeof *t->sizes);
    int64_t rows = n_queries < QUERY_BLOCK ? n_queries : QUERY_BLOCK;
    t->scores = tern_alloc_aligned((size_t)rows * DOC_BLOCK, sizeof *t->scores);
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
    free(topk->heaps);
    free(topk->sizes);
    free(topk->scores);
    free(topk);
}

static void sift_down(uint64_t *heap, int64_t n, uint64_t key)
{
    int64_t at = 0;
    for (int64_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && heap[child + 1] < heap[child])
            child++;
        if (key <= heap[child])
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = key;
}

static void sift_up(uint64_t *heap, int64_t at, uint64_t key)
{
    for (; at > 0 && key < heap[(at - 1) / 2]; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = key;
}

static void offer(tern_topk *t, int64_t query, uint64_t key)
{
    uint64_t *heap = t->heaps + query * t->k;
    if (t->sizes[query] < t->k)
        sift_up(heap, t->sizes[query]++, key);
    else if (key > heap[0])
        sift_down(heap, t->k, key);
}

/* The least score that may still enter; equal scores may, by rank. NaN fails the comparison with any of them. */
static float threshold(const tern_topk *t, int64_t query)
{
    return t->sizes[query] < t->k ? -INFINITY : score_of(t->heaps[query * t->k]);
}

static int any_reaches(const float *scores, float least)
{
    int any = 0;
    for (int i = 0; i < SCAN; i++)
        any |= scores[i] >= least;
    return any;
}

/* Most of a row is below the threshold: stretches of SCAN scores are passed over with one vector test. */
static void scan(tern_topk *t, int64_t query, const float *scores, const int64_t *docs, int64_t first, int64_t n)
{
    float least = threshold(t, query);
    for (int64_t from = 0; from < n; from += SCAN) {
        int64_t to = from + SCAN < n ? from + SCAN : n;
        if (to - from == SCAN && !any_reaches(scores + from, least))
            continue;
        for (int64_t i = from; i < to; i++) {
            if (!(scores[i] >= least))
                continue;
            int64_t doc = docs ? docs[i] : first + i;
            offer(t, query, key_of(scores[i], t->rank ? t->rank[doc] : doc));
            least = threshold(t, query);
        }
    }
}

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void score_block(const tern_topk *t, int64_t query, int64_t n_queries, const float *vectors, int64_t n)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t d = 0; d < n; d += DOC_TILE)
        for (int64_t q = 0; q < n_queries; q += QUERY_TILE)
            tern_gemm(0, 1, least_of(QUERY_TILE, n_queries - q), least_of(DOC_TILE, n - d), t->dim, 1,
                      t->queries + (query + q) * t->dim, t->dim, vectors + d * t->dim, t->dim, 0,
                      t->scores + q * DOC_BLOCK + d, DOC_BLOCK);
}

void tern_topk_add(tern_topk *topk, const float *vectors, const int64_t *docs, int64_t first, int64_t n)
{
    for (int64_t d = 0; d < n; d += DOC_BLOCK) {
        int64_t n_docs = least_of(DOC_BLOCK, n - d);
        for (int64_t q = 0; q < topk->n_queries; q += QUERY_BLOCK) {
            int64_t n_queries = least_of(QUERY_BLOCK, topk->n_queries - q);
            score_block(topk, q, n_queries, vectors + d * topk->dim, n_docs);
#pragma omp parallel for schedule(dynamic, 4)
            for (int64_t i = 0; i < n_queries; i++)
                scan(topk, q + i, topk->scores + i * DOC_BLOCK, docs ? docs + d : NULL, first + d, n_docs);
        }
    }
}

/* Heap sort: the root is the worst, so it goes to the end of what is left. */
int64_t tern_topk_take(tern_topk *topk, int64_t query, tern_hit *hits)
{
    uint64_t *heap = topk->heaps + query * topk->k;
    int64_t n = topk->sizes[query];
    for (int64_t left = n; left > 0; left--) {
        int64_t rank = UINT32_MAX - (uint32_t)heap[0];
        hits[left - 1] = (tern_hit){topk->doc_of_rank ? topk->doc_of_rank[rank] : rank, score_of(heap[0])};
        sift_down(heap, left - 1, heap[left - 1]);
    }
    topk->sizes[query] = 0;
    return n;
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
