/* Two operations whose gradients are wrong on purpose, x^2 with a factor forgotten and x^2 that overwrites instead of
 * adding: the gradient check must find them, or its other lines mean nothing. */
#include "selftest/wrong.h"

static void forgets_factor(tern_tape *tape, const tern_record *record)
{
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    for (size_t i = 0; i < tern_tensor_size(record->out); i++)
        dx[i] += record->out->grad[i] * record->in[0]->data[i];
}

static void overwrites(tern_tape *tape, const tern_record *record)
{
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    for (size_t i = 0; i < tern_tensor_size(record->out); i++)
        dx[i] = 2 * record->out->grad[i] * record->in[0]->data[i];
}

static int make(tern_check *c, int shape)
{
    c->number[0] = shape;
    if (shape >= 0 && shape < 2)
        tern_check_tensor(c, "x", 3, 5);
    return shape >= 0 && shape < 2;
}

static tern_tensor *build(tern_check *c, tern_tape *tape)
{
    static const tern_op ops[] = {{"forgets_factor", forgets_factor}, {"overwrites", overwrites}};
    tern_tensor *x = c->in[0], *y = tern_tape_tensor(tape, x->rows, x->cols);
    for (size_t i = 0; i < tern_tensor_size(x); i++)
        y->data[i] = x->data[i] * x->data[i];
    tern_tape_record(tape, &ops[c->number[0]], y, TERN_INPUTS(x), NULL);
    return y;
}

const tern_check_kind tern_check_wrong = {"check", "wrong_gradients", make, build};
