#include "eval/scores.h"

#include "base/memory.h"
#include "eval/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void tern_scores_start(tern_scores *scores, const char *const *names, int n_metrics, int64_t n_queries)
{
    *scores = (tern_scores){.n_metrics = n_metrics, .n_queries = n_queries};
    scores->names = tern_calloc((size_t)n_metrics, sizeof *scores->names);
    for (int i = 0; i < n_metrics; i++)
        scores->names[i] = tern_strdup(names[i]);
    scores->means = tern_calloc((size_t)n_metrics, sizeof *scores->means);
    scores->query_ids = tern_calloc((size_t)n_queries, sizeof *scores->query_ids);
    scores->per_query = tern_calloc((size_t)n_queries * (size_t)n_metrics, sizeof *scores->per_query);
}

void tern_scores_finish(tern_scores *scores)
{
    for (int m = 0; m < scores->n_metrics; m++) {
        double sum = 0;
        for (int64_t q = 0; q < scores->n_queries; q++)
            sum += scores->per_query[q * scores->n_metrics + m];
        scores->means[m] = scores->n_queries ? sum / (double)scores->n_queries : 0;
    }
}

void tern_scores_free(tern_scores *scores)
{
    if (!scores)
        return;
    for (int i = 0; i < scores->n_metrics; i++)
        free(scores->names[i]);
    for (int64_t q = 0; q < scores->n_queries; q++)
        free(scores->query_ids[q]);
    free(scores->names);
    free(scores->means);
    free(scores->query_ids);
    free(scores->per_query);
    *scores = (tern_scores){0};
}

int tern_scores_find(const tern_scores *scores, const char *name)
{
    for (int i = 0; i < scores->n_metrics; i++)
        if (!strcmp(scores->names[i], name))
            return i;
    return -1;
}

double tern_scores_get(const tern_scores *scores, const char *name)
{
    int at = tern_scores_find(scores, name);
    return at < 0 ? NAN : scores->means[at];
}

typedef struct valued {
    const char *id;
    double value;
} valued;

static int by_id(const void *a, const void *b)
{
    return strcmp(((const valued *)a)->id, ((const valued *)b)->id);
}

static valued *sorted_values(const tern_scores *scores, int column)
{
    valued *sorted = tern_alloc((size_t)scores->n_queries, sizeof *sorted);
    for (int64_t q = 0; q < scores->n_queries; q++)
        sorted[q] = (valued){scores->query_ids[q], scores->per_query[q * scores->n_metrics + column]};
    qsort(sorted, (size_t)scores->n_queries, sizeof *sorted, by_id);
    return sorted;
}

int tern_scores_compare(const tern_scores *a, const tern_scores *b, const char *metric, tern_comparison *out,
                        tern_error *error)
{
    int column_a = tern_scores_find(a, metric), column_b = tern_scores_find(b, metric);
    if (column_a < 0 || column_b < 0)
        return tern_fail(error, "the %s of the two evaluations has no metric %s; choose one that both have",
                         column_a < 0 ? "first" : "second", metric);
    valued *by_a = sorted_values(a, column_a);
    double *x = tern_alloc((size_t)b->n_queries, sizeof *x), *y = tern_alloc((size_t)b->n_queries, sizeof *y);
    *out = (tern_comparison){0};
    for (int64_t q = 0; q < b->n_queries; q++) {
        valued *found = bsearch(&(valued){b->query_ids[q], 0}, by_a, (size_t)a->n_queries, sizeof *by_a, by_id);
        if (!found)
            continue;
        x[out->n] = found->value;
        y[out->n] = b->per_query[q * b->n_metrics + column_b];
        out->mean_a += x[out->n];
        out->mean_b += y[out->n++];
    }
    if (out->n > 0) {
        out->mean_a /= (double)out->n;
        out->mean_b /= (double)out->n;
        out->difference = out->mean_b - out->mean_a;
        out->p_value = tern_paired_test(x, y, out->n, TERN_DRAWS_DEFAULT, TERN_DRAWS_SEED);
    }
    free(by_a);
    free(x);
    free(y);
    return out->n ? 0 : tern_fail(error, "the two evaluations share no query; compare figures of the same split");
}
