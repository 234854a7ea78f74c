#include "search/exact.h"

#include "autograd/dots.h"
#include "base/integer.h"
#include "base/memory.h"
#include "search/keys.h"
#include "search/vectors.h"

#include <math.h>
#include <stdlib.h>

/* More candidates than hits: what the two ways of rounding may exchange around the last hit is among them. */
enum { SPARE = 64 };

static double norm(const float *x, int64_t dim)
{
    double square = 0;
    for (int64_t i = 0; i < dim; i++)
        square += (double)x[i] * (double)x[i];
    return sqrt(square);
}

static double find_longest(const tern_search *s)
{
    double longest = 0;
#pragma omp parallel for schedule(static) reduction(max : longest)
    for (int64_t i = 0; i < s->rows; i++) {
        double length = norm(s->vectors + i * s->dim, s->dim);
        longest = length > longest ? length : longest;
    }
    return longest;
}

/* Two kernels give dot products with a query that are at most this far apart: twice the error of dim + 1 additions in
 * float, and of what a product in parts leaves out (docs/numerics.md). */
static double rounding_of(const tern_search *s, const float *query)
{
    double each = (double)(s->dim + 2) * 0x1p-24 + 0x1p-23;
    return 2 * each * norm(query, s->dim) * s->longest;
}

/* At most TERN_DOTS_FEW queries, or any number where distances are the scores: these scores are the ones that count. */
static void search_few(const tern_search *s, const float *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found)
{
    tern_topk *topk = tern_topk_create(queries, n, s->dim, s->rows, s->rank, k);
    tern_topk_by(topk, s->similarity);
    tern_topk_add(topk, s->vectors, NULL, 0, s->rows);
    for (int64_t q = 0; q < n; q++)
        found[q] = tern_topk_take(topk, q, hits + q * k);
    tern_topk_free(topk);
}

typedef struct candidate {
    uint64_t key;
    int64_t doc;
} candidate;

static int best_first(const void *a, const void *b)
{
    uint64_t x = ((const candidate *)a)->key, y = ((const candidate *)b)->key;
    return (x < y) - (x > y);
}

/* Scores n > k candidates, which are all but for rows that scored no more than the last of them, as a query alone
 * would. Returns 0 when one of those rows could belong to the k best, else 1 and the hits. */
static int settle(const tern_search *s, const float *query, const tern_hit *among, int64_t n, int64_t k, tern_hit *hits)
{
    candidate *list = tern_alloc((size_t)n, sizeof *list);
    tern_dots *dots = tern_dots_open(1, s->dim, query);
    for (int64_t i = 0; i < n; i++) {
        int64_t doc = among[i].doc;
        float score;
        tern_dots_rows(dots, 1, s->vectors + doc * s->dim, &score, 1, NULL);
        list[i] = (candidate){tern_key(score, s->rank ? s->rank[doc] : doc), doc};
    }
    tern_dots_close(dots);
    qsort(list, (size_t)n, sizeof *list, best_first);
    for (int64_t i = 0; i < k; i++)
        hits[i] = (tern_hit){list[i].doc, tern_key_score(list[i].key)};
    free(list);
    return n == s->rows || (double)hits[k - 1].score > (double)among[n - 1].score + rounding_of(s, query);
}

static void search_many(tern_search *s, const float *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found)
{
    int64_t kept = tern_min(2 * k + SPARE, s->rows), least = tern_min(k, s->rows);
    tern_hit *among = tern_alloc((size_t)kept, sizeof *among);
    tern_topk *topk = tern_topk_create(queries, n, s->dim, s->rows, s->rank, kept);
    if (s->longest == 0)
        s->longest = find_longest(s);
    tern_topk_by(topk, s->similarity);
    tern_topk_add(topk, s->vectors, NULL, 0, s->rows);
    for (int64_t q = 0; q < n; q++) {
        const float *query = queries + q * s->dim;
        int64_t candidates = tern_topk_take(topk, q, among);
        found[q] = least;
        if (candidates < kept || !settle(s, query, among, candidates, least, hits + q * k))
            search_few(s, query, 1, k, hits + q * k, &found[q]);
    }
    tern_topk_free(topk);
    free(among);
}

void tern_search_queries(tern_search *search, const float *queries, int64_t n, int64_t k, tern_hit *hits,
                         int64_t *found)
{
    int products = search->similarity == TERN_SIMILARITY_COSINE || search->similarity == TERN_SIMILARITY_DOT;
    if (n <= TERN_DOTS_FEW || !products)
        search_few(search, queries, n, k, hits, found);
    else
        search_many(search, queries, n, k, hits, found);
}

static void score_rows(const tern_search *s, const float *query, const int64_t *docs, int64_t n, float *scores)
{
    int products = s->similarity == TERN_SIMILARITY_COSINE || s->similarity == TERN_SIMILARITY_DOT;
    tern_dots *dots = products ? tern_dots_open(1, s->dim, query) : NULL;
    for (int64_t i = 0; i < n; i++) {
        const float *row = s->vectors + docs[i] * s->dim;
        if (products)
            tern_dots_rows(dots, 1, row, &scores[i], 1, NULL);
        else
            scores[i] = tern_vectors_compare(s->similarity, query, row, s->dim);
    }
    if (products)
        tern_dots_close(dots);
}

void tern_search_scores(const tern_search *search, const float *queries, int64_t n, const int64_t *start,
                        const int64_t *docs, float *scores)
{
#pragma omp parallel for schedule(dynamic, 16) if (n > 1)
    for (int64_t q = 0; q < n; q++)
        score_rows(search, queries + q * search->dim, docs + start[q], start[q + 1] - start[q], scores + start[q]);
}
