/* Gradients against differences, in double.
 *
 *     double error = tern_gradcheck(kind, 0, worst, sizeof worst);         // below 1e-6 for a right gradient */
#ifndef TERN_SELFTEST_GRADCHECK_H
#define TERN_SELFTEST_GRADCHECK_H

#include "selftest/check.h"

/* Values that stand for one tensor: error = max |value - reference| / max(largest |value| of the tensor, floor). NaN
 * anywhere gives infinity. */
double tern_gradcheck_error(const double *value, const double *reference, size_t n, double floor);

/* The greatest error of all tensors of a case, the floor being 1e-3 of the case's largest gradient, as a key's bias
 * has a true gradient of zero. Also infinite when backward doesn't add to what the gradients held, or when the result
 * is another with recording off. -1: there is no such shape. worst [size]: the tensor, in words. */
double tern_gradcheck(const tern_check_kind *kind, int shape, char *worst, size_t size);

/* The same of the float build's values and gradients against these. */
double tern_floatcheck(int index, const tern_check_kind *kind, int shape, char *worst, size_t size);

#endif
