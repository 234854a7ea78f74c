/* y = x[:, from .. from + n): some columns of x, copied, since tensors are contiguous. Saved: from.
 *     dx[i, from + j] += dy[i, j] */
#include "autograd/ops.h"

#include <string.h>

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *x = record->in[0], *y = record->out;
    tern_real *dx = tern_tape_grad(tape, record->in[0]) + *(const int64_t *)record->saved;
    for (int64_t i = 0; i < y->rows; i++)
        for (int64_t j = 0; j < y->cols; j++)
            dx[i * x->cols + j] += y->grad[i * y->cols + j];
}

static const tern_op op = {"columns_of", backward};

tern_tensor *tern_columns_of(tern_tape *tape, tern_tensor *x, int64_t from, int64_t n)
{
    TERN_CHECK(from >= 0 && n >= 0 && from + n <= x->cols, "columns_of: columns %lld to %lld of [%lld, %lld]",
               (long long)from, (long long)(from + n), (long long)x->rows, (long long)x->cols);
    tern_tensor *y = tern_tape_tensor(tape, x->rows, n);
    for (int64_t i = 0; i < x->rows; i++)
        memcpy(y->data + i * n, x->data + i * x->cols + from, (size_t)n * sizeof *y->data);
    int64_t *saved = tern_arena_alloc(tern_tape_arena(tape), sizeof *saved);
    *saved = from;
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), saved);
    return y;
}
