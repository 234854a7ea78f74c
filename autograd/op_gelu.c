/* y = x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2 (Hendrycks & Gimpel 2016, eq. 1). Nothing is saved: x is kept by
 * whoever made it. Formula and gradient are those of kern_gelu.c.
 *     dx += dy (Phi(x) + x phi(x)), phi the normal density */
#include "autograd/kernels.h"

/* Values a tile: its scratch stays in the first-level cache. */
enum { TILE = 2048 };

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_real *x = record->in[0]->data, *dy = record->out->grad;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    int64_t n = (int64_t)tern_tensor_size(record->out);
#pragma omp parallel for schedule(static) if (n > 4 * TILE)
    for (int64_t from = 0; from < n; from += TILE) {
        size_t count = (size_t)(n - from < TILE ? n - from : TILE);
        tern_real du[TILE];
        tern_kernels()->gelu_backward(count, x + from, dy + from, du, NULL);
        tern_kernels()->add(count, du, dx + from);
    }
}

static const tern_op op = {"gelu", backward};

tern_tensor *tern_gelu(tern_tape *tape, tern_tensor *x)
{
    tern_tensor *y = tern_tape_tensor(tape, x->rows, x->cols);
    int64_t n = (int64_t)tern_tensor_size(x);
#pragma omp parallel for schedule(static) if (n > 4 * TILE)
    for (int64_t from = 0; from < n; from += TILE)
        tern_kernels()->gelu((size_t)(n - from < TILE ? n - from : TILE), x->data + from, y->data + from);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), NULL);
    return y;
}
