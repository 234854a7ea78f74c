/* Tensors: rank 2, row-major, contiguous. Data and gradient are plain arrays; there are no strides, no
 * broadcasting and no reference counts. What an operation makes belongs to the tape and dies at its reset;
 * parameters belong to a tern_params. */
#ifndef TERN_AUTOGRAD_TENSOR_H
#define TERN_AUTOGRAD_TENSOR_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* float in the product; double when the sources are built a second time for gradient checks. */
#ifdef TERN_DOUBLE
typedef double tern_real;
#else
typedef float tern_real;
#endif

typedef struct tern_tensor {
    tern_real *data; /* [rows, cols] */
    tern_real *grad; /* [rows, cols]; NULL until backward reaches it, and always when needs_grad is 0 */
    int64_t rows, cols;
    int needs_grad;
} tern_tensor;

/* A shape mismatch is our fault, never the user's: it aborts with the operation's name and both shapes. */
#define TERN_CHECK_SHAPE(op, tensor, want_rows, want_cols)                                                             \
    TERN_CHECK((tensor)->rows == (int64_t)(want_rows) && (tensor)->cols == (int64_t)(want_cols),                       \
               "%s: " #tensor " is [%lld, %lld], not [%lld, %lld]", op, (long long)(tensor)->rows,                     \
               (long long)(tensor)->cols, (long long)(want_rows), (long long)(want_cols))

static inline size_t tern_tensor_size(const tern_tensor *t)
{
    return (size_t)t->rows * (size_t)t->cols;
}

#endif
