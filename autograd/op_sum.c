/* y = the sum of all x_ij, added in double, first to last. Nothing is saved.
 *     dx_ij += dy */
#include "autograd/ops.h"

static void backward(tern_tape *tape, const tern_record *record)
{
    tern_real dy = *record->out->grad, *dx = tern_tape_grad(tape, record->in[0]);
    for (size_t i = 0; i < tern_tensor_size(record->in[0]); i++)
        dx[i] += dy;
}

static const tern_op op = {"sum", backward};

tern_tensor *tern_sum(tern_tape *tape, tern_tensor *x)
{
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    double total = 0;
    for (size_t i = 0; i < tern_tensor_size(x); i++)
        total += (double)x->data[i];
    *y->data = (tern_real)total;
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), NULL);
    return y;
}
