/* The documents of a set ranked for its queries: the first half of a retrieval evaluation, whose other half is
 * eval/grade.h. A run is a run, whoever made it.
 *
 *     tern_rank_options options = {.embedder = tern_model_embedder(&source)};
 *     tern_trec_run *run = tern_trec_run_create();
 *     if (tern_rank_set(set, &options, run, &error) < 0) ...
 *     tern_trec_run_free(run);
 *
 * Two sets over one corpus (dev and test), embedded once:
 *
 *     float *vectors = tern_alloc(set->n_docs * dim, sizeof *vectors);
 *     tern_rank_documents(set, &options.embedder, vectors, &error);
 *     options.doc_vectors = vectors;
 *
 * Scores are the embedder's similarity in float, the cosine unless it says another; the best 1000 documents of each
 * query, by score and then by id, both descending. */
#ifndef TERN_EVAL_RANK_H
#define TERN_EVAL_RANK_H

#include "data/beir.h"
#include "data/embedder.h"
#include "eval/trec_run.h"
#include "search/ranker.h"

enum { TERN_RANK_DEPTH = 1000 };

typedef struct tern_rank_options {
    const tern_ranker *ranker; /* given the set's documents, it ranks; NULL: the embedder does */
    tern_embedder embedder;    /* not read where there is a ranker, nor are doc_vectors */
    const float *doc_vectors;  /* [n_docs, dim] as tern_rank_documents gives them; NULL: embedded here, in chunks */
    int exclude_same_id;       /* 1: a document with the query's id is dropped, after the cut at 1000 as mteb does */
    int judged_only;           /* 1: rank just the documents that the qrels name for the query; those that a ranker
                                  has no score for come last, with 0 */
} tern_rank_options;

/* Adds the set's queries to run, in their order, each with its documents. Fails when the set has no document or no
 * query, when two documents share an id, when a vector is not finite, or as the embedder does. The same inputs give the
 * same bits on any number of threads. */
int tern_rank_set(const tern_beir *set, const tern_rank_options *options, tern_trec_run *run, tern_error *error);

/* Vectors of a set's documents as tern_vectors_embed gives them into out [n_docs, dim]; equal texts are embedded once.
 */
int tern_rank_documents(const tern_beir *set, const tern_embedder *embedder, float *out, tern_error *error);

#endif
