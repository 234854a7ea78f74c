/* y = x[from .. from + n): some rows of x, as a view of its data. Nothing is saved.
 *     dx[from + i] += dy[i] */
#include "autograd/ops.h"

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *x = record->in[0], *y = record->out;
    tern_real *dx = tern_tape_grad(tape, record->in[0]) + (y->data - x->data);
    for (size_t i = 0; i < tern_tensor_size(y); i++)
        dx[i] += y->grad[i];
}

static const tern_op op = {"rows_of", backward};

tern_tensor *tern_rows_of(tern_tape *tape, tern_tensor *x, int64_t from, int64_t n)
{
    TERN_CHECK(from >= 0 && n >= 0 && from + n <= x->rows, "rows_of: rows %lld to %lld of [%lld, %lld]",
               (long long)from, (long long)(from + n), (long long)x->rows, (long long)x->cols);
    tern_tensor *y = tern_tape_input(tape, x->data + from * x->cols, n, x->cols, 0);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), NULL);
    return y;
}
