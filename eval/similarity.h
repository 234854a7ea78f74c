/* Semantic textual similarity: do a model's similarities of pairs of texts go with the scores that people gave them?
 *
 *     if (tern_similarity_evaluate(rows, &embedder, &scores, &error) < 0) ...
 *     tern_scores_get(&scores, "cosine_spearman");
 *
 * As mteb 2.26's AnySTSEvaluator and sentence-transformers 6.2's EmbeddingSimilarityEvaluator compute it: correlations
 * of the scores with the cosine, the negative Euclidean and Manhattan distance and the dot product of the vectors as
 * the model gives them, whichever of these is its own. Both texts of a pair are embedded as TERN_ROLE_NONE, since
 * such pairs have no query. Sums are doubles, so equal texts have exactly the cosine 1 and tie. */
#ifndef TERN_EVAL_SIMILARITY_H
#define TERN_EVAL_SIMILARITY_H

#include "data/rows.h"
#include "data/similarity_kind.h"
#include "eval/scores.h"
#include "search/vectors.h"

#include <stdint.h>

/* out [n, TERN_SIMILARITIES] of a and b [n, dim], row by row. The cosine with a vector of zeros is 0. */
void tern_similarities(const float *a, const float *b, int64_t n, int64_t dim, double *out);

/* 0 when rows have an anchor, a positive and one score each, the scores not all equal; else says what they lack. */
int tern_similarity_check(const tern_rows *rows, tern_error *error);
/* Columns "score", "cosine_similarity", "euclidean_similarity", "manhattan_similarity" and "dot_similarity" with a
 * value a row, ids "1", "2", ...; metrics {cosine,euclidean,manhattan,dot}_{spearman,pearson}. Rows go in chunks; equal
 * texts of a chunk are embedded once. out is untouched on failure: that of the check, or the callback's. */
int tern_similarity_evaluate(const tern_rows *rows, const tern_embedder *embedder, tern_scores *out, tern_error *error);

#endif
