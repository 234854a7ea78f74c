/* Similarities and distances of two vectors, and their gradients, in double: what the operations over pairs share. */
#ifndef TERN_AUTOGRAD_PAIR_H
#define TERN_AUTOGRAD_PAIR_H

#include "autograd/ops.h"

/* f(x, y) of two vectors of d values. */
double tern_pair_value(tern_pair_kind kind, int64_t d, const tern_real *x, const tern_real *y);
/* dx += g times the gradient of f(x, y) in x; nothing when dx is NULL. */
void tern_pair_add_first(tern_pair_kind kind, int64_t d, double g, const tern_real *x, const tern_real *y,
                         tern_real *dx);
/* dy += g times the gradient of f(x, y) in y; nothing when dy is NULL. */
void tern_pair_add_second(tern_pair_kind kind, int64_t d, double g, const tern_real *x, const tern_real *y,
                          tern_real *dy);

#endif
