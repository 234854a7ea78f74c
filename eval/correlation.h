/* How alike two lists of numbers go.
 *
 *     double rho = tern_spearman(cosines, scores, n);
 *
 * All are deterministic: plain sums in the order of the lists. Values are finite. */
#ifndef TERN_EVAL_CORRELATION_H
#define TERN_EVAL_CORRELATION_H

#include <stdint.h>

/* ranks [n]: the place of each x in ascending order, from 1; equal ones share the mean of their places (as
 * scipy.stats.rankdata, method "average"). */
void tern_ranks(const double *x, int64_t n, double *ranks);

/* Pearson's correlation of x and y [n], in [-1, 1]. It is not defined when all of x or all of y are equal: then 0
 * (scipy gives NaN). */
double tern_pearson(const double *x, const double *y, int64_t n);
/* Spearman's: Pearson's of the ranks above (scipy.stats.spearmanr). */
double tern_spearman(const double *x, const double *y, int64_t n);

/* out [n]: x less its mean, over its standard deviation; all 0 when all are equal. */
void tern_standardise(const double *x, int64_t n, double *out);

#endif
