/* What an evaluation gives: the mean of each metric, and the value of each metric for each query.
 *
 *     tern_scores scores = {0};
 *     if (tern_retrieval_evaluate(set, &options, &scores, &error) < 0) ...
 *     double ndcg = tern_scores_get(&scores, "ndcg_at_10");
 *     tern_scores_free(&scores);
 *
 * Rows of triplets give the same: one metric, and a row's number (1, 2, ...) in place of a query's id. */
#ifndef TERN_EVAL_SCORES_H
#define TERN_EVAL_SCORES_H

#include "base/error.h"

#include <stdint.h>

typedef struct tern_scores {
    int n_metrics;
    char **names;  /* [n_metrics] */
    double *means; /* [n_metrics] over the queries; 0 when there are none */
    int64_t n_queries;
    char **query_ids;  /* [n_queries] */
    double *per_query; /* [n_queries, n_metrics] */
} tern_scores;

/* Makes room for n_queries queries, all values zero, ids NULL. names are copied. */
void tern_scores_start(tern_scores *scores, const char *const *names, int n_metrics, int64_t n_queries);
/* Sets the means from per_query: plain sums in the order of the queries. */
void tern_scores_finish(tern_scores *scores);
/* Frees what it holds and zeroes it. Accepts NULL and a zeroed one. */
void tern_scores_free(tern_scores *scores);

/* The column of a metric in per_query, or -1. */
int tern_scores_find(const tern_scores *scores, const char *name);
/* The mean of a metric; NAN when scores has no such one. */
double tern_scores_get(const tern_scores *scores, const char *name);

/* A CSV with the header query_id,<metric>,... and a row a query; numbers with 17 digits, so that reading gives the
 * same doubles. overwrite 0: fails when the file is there. */
int tern_scores_write(const tern_scores *scores, const char *path, int overwrite, tern_error *error);
/* Reads one back; the means are computed again. Fails with path and line on anything else, ids that occur twice and
 * values that are not finite included. */
int tern_scores_read(tern_scores *scores, const char *path, tern_error *error);

typedef struct tern_comparison {
    int64_t n;                         /* queries that both have */
    double mean_a, mean_b, difference; /* over those queries; b - a */
    double p_value;                    /* two-sided, see eval/significance.h */
} tern_comparison;

/* Compares two evaluations on the queries that both have (paired by id), by the paired randomisation test with its
 * default draws and seed. Fails when a metric is missing in one or no query is shared. */
int tern_scores_compare(const tern_scores *a, const tern_scores *b, const char *metric, tern_comparison *out,
                        tern_error *error);

#endif
