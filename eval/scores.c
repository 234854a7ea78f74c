#include "eval/scores.h"

#include "base/memory.h"
#include "eval/correlation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int find(char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

int tern_scores_find(const tern_scores *scores, const char *name)
{
    return find(scores->names, scores->n_metrics, name);
}

int tern_scores_column(const tern_scores *scores, const char *name)
{
    return find(scores->columns, scores->n_columns, name);
}

double tern_scores_get(const tern_scores *scores, const char *name)
{
    int at = tern_scores_find(scores, name);
    return at < 0 ? NAN : scores->means[at];
}

/* The length of what stands before the ending of a column of similarities; 0: it is none. */
static size_t similarity_stem(const char *column)
{
    size_t n = strlen(column), ending = strlen(TERN_COLUMN_SIMILARITY);
    return n > ending && !strcmp(column + n - ending, TERN_COLUMN_SIMILARITY) ? n - ending : 0;
}

static void add_metric(tern_scores *scores, char *name, tern_origin origin)
{
    scores->names[scores->n_metrics] = name;
    scores->origins[scores->n_metrics++] = origin;
}

static int any_similarity(const tern_scores *scores)
{
    for (int c = 0; c < scores->n_columns; c++)
        if (similarity_stem(scores->columns[c]))
            return 1;
    return 0;
}

static void make_metrics(tern_scores *scores)
{
    size_t most = 2 * (size_t)scores->n_columns; /* a column of similarities gives two */
    int score = any_similarity(scores) ? tern_scores_column(scores, TERN_COLUMN_SCORE) : -1;
    scores->names = tern_calloc(most, sizeof *scores->names);
    scores->origins = tern_calloc(most, sizeof *scores->origins);
    scores->means = tern_calloc(most, sizeof *scores->means);
    for (int c = 0; c < scores->n_columns; c++) {
        int stem = (int)similarity_stem(scores->columns[c]);
        if (c == score)
            continue;
        if (score < 0 || stem == 0) {
            add_metric(scores, tern_strdup(scores->columns[c]), (tern_origin){c, -1, 0});
            continue;
        }
        add_metric(scores, tern_format("%.*s_spearman", stem, scores->columns[c]), (tern_origin){c, score, 1});
        add_metric(scores, tern_format("%.*s_pearson", stem, scores->columns[c]), (tern_origin){c, score, 0});
    }
}

void tern_scores_start(tern_scores *scores, const char *const *columns, int n_columns, int64_t n_queries)
{
    *scores = (tern_scores){.n_columns = n_columns, .n_queries = n_queries};
    scores->columns = tern_calloc((size_t)n_columns, sizeof *scores->columns);
    for (int c = 0; c < n_columns; c++)
        scores->columns[c] = tern_strdup(columns[c]);
    make_metrics(scores);
    scores->query_ids = tern_calloc((size_t)n_queries, sizeof *scores->query_ids);
    scores->per_query = tern_calloc((size_t)n_queries * (size_t)n_columns, sizeof *scores->per_query);
}

static double mean_of(const tern_scores *scores, int column)
{
    double sum = 0;
    for (int64_t q = 0; q < scores->n_queries; q++)
        sum += scores->per_query[q * scores->n_columns + column];
    return scores->n_queries ? sum / (double)scores->n_queries : 0;
}

static void copy_column(const tern_scores *scores, int column, double *out)
{
    for (int64_t q = 0; q < scores->n_queries; q++)
        out[q] = scores->per_query[q * scores->n_columns + column];
}

static double correlation_of(const tern_scores *scores, const tern_origin *origin)
{
    double *x = tern_alloc(2 * (size_t)scores->n_queries, sizeof *x), *y = x + scores->n_queries;
    copy_column(scores, origin->column, x);
    copy_column(scores, origin->score, y);
    double r = (origin->ranks ? tern_spearman : tern_pearson)(x, y, scores->n_queries);
    free(x);
    return r;
}

void tern_scores_finish(tern_scores *scores)
{
    for (int m = 0; m < scores->n_metrics; m++) {
        const tern_origin *origin = &scores->origins[m];
        scores->means[m] = origin->score < 0 ? mean_of(scores, origin->column) : correlation_of(scores, origin);
    }
}

void tern_scores_free(tern_scores *scores)
{
    if (!scores)
        return;
    for (int i = 0; i < scores->n_metrics; i++)
        free(scores->names[i]);
    for (int i = 0; i < scores->n_columns; i++)
        free(scores->columns[i]);
    for (int64_t q = 0; q < scores->n_queries; q++)
        free(scores->query_ids[q]);
    free(scores->names);
    free(scores->origins);
    free(scores->means);
    free(scores->query_ids);
    free(scores->columns);
    free(scores->per_query);
    *scores = (tern_scores){0};
}

void tern_scores_join(tern_scores *scores, const tern_scores *more)
{
    TERN_CHECK(scores->n_queries == more->n_queries, "%lld and %lld queries", (long long)scores->n_queries,
               (long long)more->n_queries);
    tern_scores joined;
    int first = scores->n_columns, second = more->n_columns;
    const char **columns = tern_alloc((size_t)(first + second), sizeof *columns);
    for (int c = 0; c < first + second; c++)
        columns[c] = c < first ? scores->columns[c] : more->columns[c - first];
    tern_scores_start(&joined, columns, first + second, scores->n_queries);
    for (int64_t q = 0; q < scores->n_queries; q++) {
        double *to = joined.per_query + q * joined.n_columns;
        joined.query_ids[q] = tern_strdup(scores->query_ids[q]);
        memcpy(to, scores->per_query + q * first, (size_t)first * sizeof *to);
        memcpy(to + first, more->per_query + q * second, (size_t)second * sizeof *to);
    }
    tern_scores_finish(&joined);
    tern_scores_free(scores);
    *scores = joined;
    free(columns);
}
