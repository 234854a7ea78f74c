/* m_ij = x_i0 - x_i,j+1: how much the first column is ahead of each of the others. Nothing is saved.
 *     dx_i0 += sum over j of dm_ij      dx_i,j+1 -= dm_ij */
#include "autograd/ops.h"

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *x = record->in[0], *m = record->out;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    for (int64_t i = 0; i < m->rows; i++) {
        tern_real *dxi = dx + i * x->cols;
        for (int64_t j = 0; j < m->cols; j++) {
            dxi[0] += m->grad[i * m->cols + j];
            dxi[j + 1] -= m->grad[i * m->cols + j];
        }
    }
}

static const tern_op op = {"margins", backward};

tern_tensor *tern_margins(tern_tape *tape, tern_tensor *x)
{
    TERN_CHECK(x->cols > 1, "margins: of [%lld, %lld]", (long long)x->rows, (long long)x->cols);
    tern_tensor *m = tern_tape_tensor(tape, x->rows, x->cols - 1);
    for (int64_t i = 0; i < m->rows; i++)
        for (int64_t j = 0; j < m->cols; j++)
            m->data[i * m->cols + j] = x->data[i * x->cols] - x->data[i * x->cols + j + 1];
    tern_tape_record(tape, &op, m, TERN_INPUTS(x), NULL);
    return m;
}
