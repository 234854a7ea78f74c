/* y_tj = x_tj m_tj, m_tj = 0 with probability p, else 1 / (1 - p): inverted dropout (Srivastava et al. 2014). Which
 * elements are dropped is a function of counters (kern_dropout.h), so only the rows' keys are saved: backward draws
 * the same ones again.
 *     dx_tj += dy_tj m_tj */
#include "autograd/kern_dropout.h"
#include "autograd/kernels.h"

enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

typedef struct saved_dropout {
    double p;
    const uint32_t *keys; /* [T] */
} saved_dropout;

static void drop(const saved_dropout *d, const tern_tensor *shape, const tern_real *x, int add, tern_real *y)
{
    int64_t cols = shape->cols;
    const tern_kernel_table *kern = tern_kernels();
#pragma omp parallel for schedule(static) if (shape->rows >= ROWS_FOR_THREADS)
    for (int64_t t = 0; t < shape->rows; t++)
        kern->dropout(cols, x + t * cols, d->p, d->keys[t], add, y + t * cols);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    drop(record->saved, record->out, record->out->grad, 1, tern_tape_grad(tape, record->in[0]));
}

static const tern_op op = {"dropout", backward};

tern_tensor *tern_dropout(tern_tape *tape, tern_tensor *x, const tern_packed *batch, const tern_dropout_site *dropout)
{
    if (!dropout || dropout->p <= 0)
        return x;
    if (batch)
        TERN_CHECK_SHAPE("dropout", x, batch->n_tok, x->cols);
    tern_tensor *y = tern_tape_tensor(tape, x->rows, x->cols);
    saved_dropout *saved = tern_arena_alloc(tern_tape_arena(tape), sizeof *saved);
    *saved = (saved_dropout){dropout->p, tern_dropout_keys(tern_tape_arena(tape), batch, x->rows, dropout)};
    drop(saved, x, x->data, 0, y->data);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), saved);
    return y;
}
