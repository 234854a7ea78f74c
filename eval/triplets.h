/* Triplet accuracy: how often the positive is nearer to the anchor than the negative. */
#ifndef TERN_EVAL_TRIPLETS_H
#define TERN_EVAL_TRIPLETS_H

#include "data/rows.h"
#include "eval/scores.h"
#include "search/vectors.h"

#include <stdint.h>

/* For each of n rows: anchor [n, dim], positive [n, dim], negative [n, n_negatives, dim], none of which need be
 * normalised; right [n] gets the fraction of the row's negatives that are less similar to the
 * anchor than the positive is: a tie is wrong, as in sentence-transformers 6.2's TripletEvaluator with margin 0.
 * Returns the mean, 0 for no rows. */
double tern_triplet_accuracy(tern_similarity similarity, const float *anchor, const float *positive,
                             const float *negative, int64_t n, int64_t n_negatives, int64_t dim, double *right);

/* The same over rows of texts, anchors embedded as queries, the others as documents, in chunks of rows. out gets the
 * one metric "triplet_accuracy" and a value a row, ids "1", "2", ...; untouched on failure. Fails when rows have no
 * positive or negative, when there are none, or as the callback does. */
int tern_triplets_evaluate(const tern_rows *rows, const tern_embedder *embedder, tern_scores *out, tern_error *error);

#endif
