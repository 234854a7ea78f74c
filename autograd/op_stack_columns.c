/* y_i = (x_1i, x_2i, ...): tensors of as many rows side by side. Nothing is saved.
 *     dx_ki += the columns of dy_i where x_k stands */
#include "autograd/ops.h"

#include <string.h>

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *y = record->out;
    int64_t from = 0;
    for (int k = 0; k < TERN_MAX_INPUTS && record->in[k]; k++) {
        int64_t cols = record->in[k]->cols;
        tern_real *dx = tern_tape_grad(tape, record->in[k]);
        for (int64_t i = 0; dx && i < y->rows; i++)
            for (int64_t j = 0; j < cols; j++)
                dx[i * cols + j] += y->grad[i * y->cols + from + j];
        from += cols;
    }
}

static const tern_op op = {"stack_columns", backward};

/* At most as many tensors as a record has inputs. */
static tern_tensor *few(tern_tape *tape, tern_tensor *const *x, int n)
{
    tern_tensor *in[TERN_MAX_INPUTS + 1] = {NULL};
    int64_t cols = 0, from = 0;
    for (int k = 0; k < n; k++) {
        TERN_CHECK_SHAPE("stack_columns", x[k], x[0]->rows, x[k]->cols);
        cols += x[k]->cols;
        in[k] = x[k];
    }
    tern_tensor *y = tern_tape_tensor(tape, x[0]->rows, cols);
    for (int k = 0; k < n; k++) {
        for (int64_t i = 0; i < y->rows; i++)
            memcpy(y->data + i * cols + from, x[k]->data + i * x[k]->cols, (size_t)x[k]->cols * sizeof *y->data);
        from += x[k]->cols;
    }
    tern_tape_record(tape, &op, y, in, NULL);
    return y;
}

tern_tensor *tern_stack_columns(tern_tape *tape, tern_tensor *const *x, int n)
{
    TERN_CHECK(n > 0, "stack_columns: %d tensors", n);
    int done = n < TERN_MAX_INPUTS ? n : TERN_MAX_INPUTS;
    tern_tensor *y = few(tape, x, done);
    while (done < n) {
        tern_tensor *terms[TERN_MAX_INPUTS] = {y};
        int used = 1;
        while (used < TERN_MAX_INPUTS && done < n)
            terms[used++] = x[done++];
        y = few(tape, terms, used);
    }
    return y;
}
