/* Runs graded by judgements, whoever made the run: metrics by eval/metrics.h, means over the queries with at least one
 * relevant judgement, as trec_eval 9.0.8 takes them.
 *
 *     tern_scores scores = {0};
 *     tern_run_coverage coverage;
 *     if (tern_grade_run(run, &qrels, NULL, &scores, &coverage, &error) < 0) ...
 *     tern_scores_free(&scores); */
#ifndef TERN_EVAL_GRADE_H
#define TERN_EVAL_GRADE_H

#include "base/error.h"
#include "data/beir.h"
#include "eval/metrics.h"
#include "eval/scores.h"
#include "eval/trec_run.h"

#include <stdint.h>

/* How far a run and judgements are of the same set. */
typedef struct tern_run_coverage {
    int64_t queries, queries_missing; /* judged ones with a relevant document; those that the run lacks */
    int64_t queries_unjudged;         /* of the run, with no judgement at all */
    int64_t documents, judged;        /* ranked for the scored queries; of these, judged for their query */
    const char *missing, *unjudged;   /* the first such query of the judgements and of the run; NULL: none */
    const char *ranked, *relevant;    /* the first scored query's first document, and its first relevant one */
} tern_run_coverage;

typedef struct tern_grade_options {
    int exclude_same_id; /* 1: a document with the query's id is dropped, after the cut at 1000 as mteb does */
    int judged_only;     /* 1: grade just the documents that are judged for the query */
    int in_run_order;    /* 1: rows of the scores are in the order of the run's queries; 0: of the judgements' */
} tern_grade_options;

/* Grades the queries that have a relevant judgement and are in the run; of each the best 1000 documents. options NULL:
 * all 0. out is started here and is to be freed with tern_scores_free; untouched on failure. coverage (NULL: not
 * wanted) is set whatever comes of it; its strings are borrowed from run and qrels. Fails when the run lacks more than
 * half of the queries with a relevant document: it is another set's. */
int tern_grade_run(const tern_trec_run *run, const tern_qrels *qrels, const tern_grade_options *options,
                   tern_scores *out, tern_run_coverage *coverage, tern_error *error);

#endif
