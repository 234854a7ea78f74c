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

/* The same question for a correlation, which is no mean over queries: two-sided p-value of the paired randomisation
 * test on r(b, gold) - r(a, gold), r being Pearson's. Each draw exchanges a[i] and b[i] with probability 1/2 and
 * computes both correlations again, and p = (hits + 1) / (draws + 1), hits being the draws whose difference is at least
 * as far from 0 as the observed one (within 1e-10, for rounding). Source: approximate randomisation, Noreen 1989,
 * "Computer-Intensive Methods for Testing Hypotheses", chapter 2, as Yeh, COLING 2000, applies it to figures of a whole
 * test set. a, b, gold [n]. For Spearman's correlation give ranks (eval/correlation.h), which stay what they are when
 * they are exchanged; for Pearson's, values of one scale (tern_standardise). draws, seed, threads and values that are
 * not finite as above. */
double tern_correlation_test(const double *a, const double *b, const double *gold, int64_t n, int64_t draws,
                             uint64_t seed);

#endif
