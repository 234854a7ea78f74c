/* Retrieval evaluation as the leaderboards do it (mteb 2.26 with pytrec_eval, that is trec_eval 9.0.8).
 *
 *     tern_retrieval_options options = {.embedder = {embed_with_model, model, 384}};
 *     tern_scores scores = {0};
 *     if (tern_retrieval_evaluate(set, &options, &scores, &error) < 0) ...
 *     tern_scores_get(&scores, "ndcg_at_10");
 *     tern_scores_free(&scores);
 *
 * Two sets over one corpus (dev and test), embedded once:
 *
 *     float *vectors = tern_alloc(set->n_docs * dim, sizeof *vectors);
 *     tern_retrieval_documents(set, &options.embedder, vectors, &error);
 *     options.doc_vectors = vectors;
 *
 * Scores are the embedder's similarity in float, the cosine unless it says another; the best 1000 documents of each
 * query, by score and then by id, both descending; metrics by eval/metrics.h; means over the queries with at least one
 * relevant judgement. */
#ifndef TERN_EVAL_RETRIEVAL_H
#define TERN_EVAL_RETRIEVAL_H

#include "base/error.h"
#include "data/beir.h"
#include "eval/metrics.h"
#include "eval/trec_run.h"
#include "eval/scores.h"
#include "eval/vectors.h"

#include <stdint.h>

enum { TERN_RETRIEVAL_DEPTH = 1000 };

typedef struct tern_retrieval_options {
    tern_embedder embedder;
    const float *doc_vectors; /* [n_docs, dim] as tern_retrieval_documents gives them; NULL: embedded here, in chunks */
    int exclude_same_id;      /* 1: a document with the query's id is dropped, after the cut at 1000 as mteb does */
    int judged_only;          /* 1: rank just the documents that the qrels name for the query */
    tern_trec_run *run;       /* filled with what was ranked; NULL: not wanted */
} tern_retrieval_options;

/* Evaluates a model on a set. out is started here and is to be freed with tern_scores_free; untouched on failure.
 * Fails when the set has no query with a relevant judgement, when two documents share an id, when a vector is not
 * finite, or as the callback does. The same inputs give the same bits on any number of threads. */
int tern_retrieval_evaluate(const tern_beir *set, const tern_retrieval_options *options, tern_scores *out,
                            tern_error *error);

/* Vectors of a set's documents as tern_vectors_embed gives them into out [n_docs, dim]; equal texts are embedded once.
 */
int tern_retrieval_documents(const tern_beir *set, const tern_embedder *embedder, float *out, tern_error *error);

/* How far a run and judgements are of the same set. */
typedef struct tern_run_coverage {
    int64_t queries, queries_missing; /* judged ones with a relevant document; those that the run lacks */
    int64_t queries_unjudged;         /* of the run, with no judgement at all */
    int64_t documents, judged;        /* ranked for the scored queries; of these, judged for their query */
    const char *missing, *unjudged;   /* the first such query of the judgements and of the run; NULL: none */
    const char *ranked, *relevant;    /* the first scored query's first document, and its first relevant one */
} tern_run_coverage;

/* Evaluates a run: the queries that have a relevant judgement and are in the run, in the order of qrels. coverage
 * (NULL: not wanted) is set whatever comes of it; its strings are borrowed from run and qrels. Of options only
 * exclude_same_id and judged_only are read (NULL: neither). Fails when the run lacks more than half of the queries with
 * a relevant document: it is another set's. */
int tern_trec_run_evaluate(const tern_trec_run *run, const tern_qrels *qrels, const tern_retrieval_options *options,
                           tern_scores *out, tern_run_coverage *coverage, tern_error *error);

#endif
