/* What an evaluation gives: figures of the whole set, and what they come from for each query.
 *
 *     tern_scores scores = {0};
 *     if (tern_retrieval_evaluate(set, &options, NULL, &scores, &error) < 0) ...
 *     double ndcg = tern_scores_get(&scores, "ndcg_at_10");
 *     tern_scores_free(&scores);
 *
 * Rows of a file give the same, a row's number (1, 2, ...) in place of a query's id. Most metrics are means of a column
 * of the same name. Pairs with scores have a column "score" and columns such as "cosine_similarity", whose correlations
 * with the scores are the metrics cosine_spearman and cosine_pearson. */
#ifndef TERN_EVAL_SCORES_H
#define TERN_EVAL_SCORES_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

/* Where a metric comes from: it is the mean of a column, or that column's correlation with the score. */
typedef struct tern_origin {
    int column;
    int score; /* the column of scores; -1: a mean */
    int ranks; /* 1: Spearman's correlation, 0: Pearson's */
} tern_origin;

typedef struct tern_scores {
    int n_metrics;
    char **names;         /* [n_metrics] */
    tern_origin *origins; /* [n_metrics] */
    double *means;        /* [n_metrics] of the set: a mean over the queries or a correlation; 0 without queries */
    int64_t n_queries;
    char **query_ids; /* [n_queries] */
    int n_columns;
    char **columns;    /* [n_columns] */
    double *per_query; /* [n_queries, n_columns] */
} tern_scores;

/* The column of what people gave, and the end of the names of the columns that are held against it. */
#define TERN_COLUMN_SCORE      "score"
#define TERN_COLUMN_SIMILARITY "_similarity"

/* Makes room for n_queries queries, all values zero, ids NULL. columns are copied. The metrics follow from them: with a
 * column "score", each X_similarity gives X_spearman and X_pearson, and "score" is none; any other column is one. */
void tern_scores_start(tern_scores *scores, const char *const *columns, int n_columns, int64_t n_queries);
/* Sets the means from per_query: plain sums in the order of the queries, and eval/correlation.h. */
void tern_scores_finish(tern_scores *scores);
/* Adds more's columns and their metrics behind those of scores; both have the same queries, and no column in common. */
void tern_scores_join(tern_scores *scores, const tern_scores *more);
/* Frees what it holds and zeroes it. Accepts NULL and a zeroed one. */
void tern_scores_free(tern_scores *scores);

/* The place of a metric among names, or -1. */
int tern_scores_find(const tern_scores *scores, const char *name);
/* The place of a column in per_query, or -1. */
int tern_scores_column(const tern_scores *scores, const char *name);
/* The figure of a metric; NAN when scores has no such one. */
double tern_scores_get(const tern_scores *scores, const char *name);

/* How a file of scores is written: bits of the argument overwrite. */
enum {
    TERN_SCORES_OVERWRITE = 1,   /* else it fails when the file is there */
    TERN_SCORES_SPREADSHEET = 2, /* an apostrophe goes before ids that a spreadsheet would take for a formula, those
                                    that begin with = + - @, tab, CR or LF, and before those that begin with an
                                    apostrophe; the first column is named guarded_query_id then */
};

/* A CSV with the header query_id,<column>,... and a row a query; numbers with 17 digits, so that reading gives the
 * same doubles. */
int tern_scores_write(const tern_scores *scores, const char *path, int overwrite, tern_error *error);
/* The same into an open file, which shows whether that failed. */
void tern_scores_print(const tern_scores *scores, FILE *out, int how);
/* Reads one back, guarded ids as they were; the means are computed again. Fails with path and line on anything else,
 * ids that occur twice, values that are not finite, columns that name no metric and two that name one included. */
int tern_scores_read(tern_scores *scores, const char *path, tern_error *error);
/* The same of a file's bytes, which name stands for in errors. */
int tern_scores_of_memory(tern_scores *scores, const char *name, const char *data, size_t n, tern_error *error);
/* An evaluation by name: "base", "tuned". */
typedef struct tern_side {
    const char *name;
    const tern_scores *scores;
} tern_side;
/* What a metric comes from in n evaluations of the same queries, side by side: query_id,base_ndcg_at_10,
 * tuned_ndcg_at_10, or query_id,score,base_cosine_similarity,tuned_cosine_similarity. Otherwise as tern_scores_write.
 * Fails when one lacks the metric or their queries differ. */
int tern_scores_write_sides(const tern_side *sides, int n, const char *metric, const char *path, int overwrite,
                            tern_error *error);

typedef struct tern_comparison {
    int64_t n;                         /* queries that both have */
    double mean_a, mean_b, difference; /* the metric over those queries; b - a */
    double p_value;                    /* two-sided, see eval/significance.h */
} tern_comparison;

/* Compares two evaluations on the queries that both have (paired by id), by the paired randomisation test with its
 * default draws and seed: signs of differences for a mean, exchanged ranks (values) for a Spearman's (Pearson's)
 * correlation. Fails when a metric is missing in one, no query is shared, or a row's score isn't the same in both. */
int tern_scores_compare(const tern_scores *a, const tern_scores *b, const char *metric, tern_comparison *out,
                        tern_error *error);

#endif
