/* Is the difference of two models more than chance? */
#ifndef TERN_EVAL_SIGNIFICANCE_H
#define TERN_EVAL_SIGNIFICANCE_H

#include <stdint.h>

enum { TERN_DRAWS_DEFAULT = 100000, TERN_DRAWS_LEAST = 10000, TERN_DRAWS_SEED = 42 };

/* Two-sided p-value of the paired randomisation (sign-flip) test on the mean of b[i] - a[i]: each draw flips each
 * difference's sign with probability 1/2, and p = (hits + 1) / (draws + 1), hits being the draws whose sum is at
 * least as far from 0 as the observed one (within 1e-12 of the sum of magnitudes, for rounding). Source: Smucker,
 * Allan, Carterette, CIKM 2007, section 3.2; the +1 from Phipson and Smyth 2010.
 * a, b [n]: values of the same queries in the same order, e.g. averages over seeds. draws 0: TERN_DRAWS_DEFAULT;
 * fewer than TERN_DRAWS_LEAST are raised to it. The same (seed, draws, a, b) gives the same p on any number of
 * threads. Equal values change nothing, so n 0 or all equal gives 1; so does a value that is not finite. */
double tern_paired_test(const double *a, const double *b, int64_t n, int64_t draws, uint64_t seed);

#endif
