/* Two evaluations held against each other, query by query. */
#include "base/memory.h"
#include "eval/correlation.h"
#include "eval/scores.h"
#include "eval/significance.h"

#include <stdlib.h>
#include <string.h>

typedef struct named {
    const char *id;
    const double *values; /* the query's row of per_query */
} named;

static int by_id(const void *a, const void *b)
{
    return strcmp(((const named *)a)->id, ((const named *)b)->id);
}

static named *rows_by_id(const tern_scores *scores)
{
    named *sorted = tern_alloc((size_t)scores->n_queries, sizeof *sorted);
    for (int64_t q = 0; q < scores->n_queries; q++)
        sorted[q] = (named){scores->query_ids[q], scores->per_query + q * scores->n_columns};
    qsort(sorted, (size_t)scores->n_queries, sizeof *sorted, by_id);
    return sorted;
}

/* What the metric comes from, for the queries that both have; each [n]. */
typedef struct pairs {
    double *a, *b, *score;
    int64_t n;
    const char *differing; /* the first query whose score isn't the same in both; NULL: none */
} pairs;

static void pair_up(pairs *p, const tern_scores *a, const tern_scores *b, const tern_origin *in_a,
                    const tern_origin *in_b)
{
    named *by_a = rows_by_id(a);
    for (int64_t q = 0; q < b->n_queries; q++) {
        const double *y = b->per_query + q * b->n_columns;
        const named *x = bsearch(&(named){b->query_ids[q], NULL}, by_a, (size_t)a->n_queries, sizeof *by_a, by_id);
        if (!x)
            continue;
        p->a[p->n] = x->values[in_a->column];
        p->b[p->n] = y[in_b->column];
        p->score[p->n] = in_b->score < 0 ? 0 : y[in_b->score];
        if (in_b->score >= 0 && !p->differing && x->values[in_a->score] != y[in_b->score])
            p->differing = b->query_ids[q];
        p->n++;
    }
    free(by_a);
}

static void compare_means(const pairs *p, tern_comparison *out)
{
    for (int64_t i = 0; i < p->n; i++) {
        out->mean_a += p->a[i];
        out->mean_b += p->b[i];
    }
    out->mean_a /= (double)p->n;
    out->mean_b /= (double)p->n;
    out->p_value = tern_paired_test(p->a, p->b, p->n, TERN_DRAWS_DEFAULT, TERN_DRAWS_SEED);
}

static void compare_correlations(const pairs *p, int ranks, tern_comparison *out)
{
    void (*scale)(const double *, int64_t, double *) = ranks ? tern_ranks : tern_standardise;
    double *a = tern_alloc(3 * (size_t)p->n, sizeof *a), *b = a + p->n, *score = b + p->n;
    scale(p->a, p->n, a);
    scale(p->b, p->n, b);
    scale(p->score, p->n, score);
    out->mean_a = (ranks ? tern_spearman : tern_pearson)(p->a, p->score, p->n);
    out->mean_b = (ranks ? tern_spearman : tern_pearson)(p->b, p->score, p->n);
    out->p_value = tern_correlation_test(a, b, score, p->n, TERN_DRAWS_DEFAULT, TERN_DRAWS_SEED);
    free(a);
}

int tern_scores_compare(const tern_scores *a, const tern_scores *b, const char *metric, tern_comparison *out,
                        tern_error *error)
{
    int at_a = tern_scores_find(a, metric), at_b = tern_scores_find(b, metric);
    if (at_a < 0 || at_b < 0)
        return tern_fail(error, "the %s of the two evaluations has no metric %s; choose one that both have",
                         at_a < 0 ? "first" : "second", metric);
    const tern_origin *in_a = &a->origins[at_a], *in_b = &b->origins[at_b];
    if ((in_a->score < 0) != (in_b->score < 0))
        return tern_fail(error, "%s is a mean in one of the two evaluations and a correlation in the other", metric);
    size_t room = (size_t)b->n_queries;
    pairs p = {.a = tern_alloc(room, sizeof(double)),
               .b = tern_alloc(room, sizeof(double)),
               .score = tern_alloc(room, sizeof(double))};
    int status = 0;
    *out = (tern_comparison){0};
    pair_up(&p, a, b, in_a, in_b);
    if (p.n == 0)
        status = tern_fail(error, "the two evaluations share no query; compare figures of the same split");
    else if (p.differing)
        status = tern_fail(error,
                           "row %s has another score in each of the two evaluations; compare figures of the "
                           "same data",
                           p.differing);
    else if (in_b->score < 0)
        compare_means(&p, out);
    else
        compare_correlations(&p, in_b->ranks, out);
    out->n = p.n;
    out->difference = out->mean_b - out->mean_a;
    free(p.a);
    free(p.b);
    free(p.score);
    return status;
}
