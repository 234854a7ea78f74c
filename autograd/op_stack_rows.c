/* z = the rows of x, then the rows of y. Nothing is saved.
 *     dx += dz[0 .. rows of x), dy += the rest */
#include "autograd/ops.h"

#include <string.h>

static void add_part(tern_tape *tape, tern_tensor *part, const tern_real *dz)
{
    tern_real *grad = tern_tape_grad(tape, part);
    for (size_t i = 0; grad && i < tern_tensor_size(part); i++)
        grad[i] += dz[i];
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_real *dz = record->out->grad;
    add_part(tape, record->in[0], dz);
    add_part(tape, record->in[1], dz + tern_tensor_size(record->in[0]));
}

static const tern_op op = {"stack_rows", backward};

tern_tensor *tern_stack_rows(tern_tape *tape, tern_tensor *x, tern_tensor *y)
{
    TERN_CHECK_SHAPE("stack_rows", y, y->rows, x->cols);
    tern_tensor *z = tern_tape_tensor(tape, x->rows + y->rows, x->cols);
    memcpy(z->data, x->data, tern_tensor_size(x) * sizeof *z->data);
    memcpy(z->data + tern_tensor_size(x), y->data, tern_tensor_size(y) * sizeof *z->data);
    tern_tape_record(tape, &op, z, TERN_INPUTS(x, y), NULL);
    return z;
}
