/* s_ij = f(x_i, y_ik+j), j = 0 .. k-1: a similarity or distance of each row of x to the rows of y that belong to it.
 * f and its gradient: pair.c. Saved: which f. Row i alone writes dx_i and the rows of dy that belong to it. */
#include "autograd/pair.h"

enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *x = record->in[0], *y = record->in[1], *s = record->out;
    tern_pair_kind kind = *(const tern_pair_kind *)record->saved;
    tern_real *dx = tern_tape_grad(tape, record->in[0]), *dy = tern_tape_grad(tape, record->in[1]);
    int64_t d = x->cols, each = s->cols;
#pragma omp parallel for schedule(static) if (x->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++)
        for (int64_t j = i * each; j < (i + 1) * each; j++) {
            const tern_real *xi = x->data + i * d, *yj = y->data + j * d;
            tern_pair_add_first(kind, d, (double)s->grad[j], xi, yj, dx ? dx + i * d : NULL);
            tern_pair_add_second(kind, d, (double)s->grad[j], xi, yj, dy ? dy + j * d : NULL);
        }
}

static const tern_op op = {"pair_rows", backward};

tern_tensor *tern_pair_rows(tern_tape *tape, tern_tensor *x, tern_tensor *y, tern_pair_kind kind)
{
    int64_t n = x->rows, d = x->cols, each = n > 0 ? y->rows / n : 0;
    TERN_CHECK_SHAPE("pair_rows", y, n * each, d);
    tern_tensor *s = tern_tape_tensor(tape, n, each);
    tern_pair_kind *saved = tern_arena_alloc(tern_tape_arena(tape), sizeof *saved);
    *saved = kind;
#pragma omp parallel for schedule(static) if (n >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i * each; j < (i + 1) * each; j++)
            s->data[j] = (tern_real)tern_pair_value(kind, d, x->data + i * d, y->data + j * d);
    tern_tape_record(tape, &op, s, TERN_INPUTS(x, y), saved);
    return s;
}
