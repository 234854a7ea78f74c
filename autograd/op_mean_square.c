/* y = mean over i, j of (x_ij - t_ij)^2, added in double; t is a constant and may be wider than x. Saved: t.
 *     dx_ij += 2 (x_ij - t_ij) / (rows cols) dy */
#include "autograd/ops.h"

enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *x = record->in[0], *t = record->saved;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    double g = 2 * (double)*record->out->grad / (double)tern_tensor_size(x);
#pragma omp parallel for schedule(static) if (x->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++)
        for (int64_t j = 0; j < x->cols; j++)
            dx[i * x->cols + j] +=
                (tern_real)(g * ((double)x->data[i * x->cols + j] - (double)t->data[i * t->cols + j]));
}

static const tern_op op = {"mean_square", backward};

tern_tensor *tern_mean_square(tern_tape *tape, tern_tensor *x, tern_tensor *target)
{
    TERN_CHECK_SHAPE("mean_square", target, x->rows, target->cols);
    TERN_CHECK(x->rows > 0 && x->cols > 0 && x->cols <= target->cols,
               "mean_square: x is [%lld, %lld], target %lld wide", (long long)x->rows, (long long)x->cols,
               (long long)target->cols);
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    double total = 0, *sum = tern_arena_alloc(arena, (size_t)x->rows * sizeof *sum);
#pragma omp parallel for schedule(static) if (x->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++) {
        sum[i] = 0;
        for (int64_t j = 0; j < x->cols; j++) {
            double apart = (double)x->data[i * x->cols + j] - (double)target->data[i * target->cols + j];
            sum[i] += apart * apart;
        }
    }
    for (int64_t i = 0; i < x->rows; i++)
        total += sum[i];
    *y->data = (tern_real)(total / (double)tern_tensor_size(x));
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), target);
    return y;
}
