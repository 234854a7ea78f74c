/* y = tanh x. Nothing is saved: the gradient needs y alone.
 *     dx += dy (1 - y^2) */
#include "autograd/kernels.h"

enum { FOR_THREADS = 1 << 14 }; /* fewer values than this are not worth waking threads for */

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_real *y = record->out->data, *dy = record->out->grad;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    int64_t n = (int64_t)tern_tensor_size(record->out);
#pragma omp parallel for schedule(static) if (n >= FOR_THREADS)
    for (int64_t i = 0; i < n; i++)
        dx[i] += dy[i] * (1 - y[i] * y[i]);
}

static const tern_op op = {"tanh", backward};

tern_tensor *tern_tanh(tern_tape *tape, tern_tensor *x)
{
    tern_tensor *y = tern_tape_tensor(tape, x->rows, x->cols);
#pragma omp parallel for schedule(static) if (tern_tensor_size(x) >= FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++)
        tern_kernels()->tanh((size_t)x->cols, x->data + i * x->cols, y->data + i * x->cols);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), NULL);
    return y;
}
