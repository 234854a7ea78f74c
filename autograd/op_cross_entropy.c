/* y = mean over i of -log softmax(x_i)[label_i], sums in double. Saved: the labels, borrowed; the softmax is computed
 * again in backward.
 *     dx_ij += (softmax(x_i)_j - [j = label_i]) / n dy */
#include "autograd/ops.h"

#include <math.h>

static double log_sum(int64_t n, const tern_real *x)
{
    double greatest = (double)x[0], sum = 0;
    for (int64_t j = 1; j < n; j++)
        greatest = fmax(greatest, (double)x[j]);
    for (int64_t j = 0; j < n; j++)
        sum += exp((double)x[j] - greatest);
    return greatest + log(sum);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const int64_t *label = record->saved;
    const tern_tensor *x = record->in[0];
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    double g = (double)*record->out->grad / (double)x->rows;
    for (int64_t i = 0; i < x->rows; i++) {
        const tern_real *xi = x->data + i * x->cols;
        double total = log_sum(x->cols, xi);
        for (int64_t j = 0; j < x->cols; j++)
            dx[i * x->cols + j] += (tern_real)(g * (exp((double)xi[j] - total) - (j == label[i])));
    }
}

static const tern_op op = {"cross_entropy", backward};

tern_tensor *tern_cross_entropy(tern_tape *tape, tern_tensor *x, const int64_t *label)
{
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    double sum = 0;
    for (int64_t i = 0; i < x->rows; i++) {
        TERN_CHECK(label[i] >= 0 && label[i] < x->cols, "cross_entropy: label %lld of row %lld, %lld classes",
                   (long long)label[i], (long long)i, (long long)x->cols);
        sum += log_sum(x->cols, x->data + i * x->cols) - (double)x->data[i * x->cols + label[i]];
    }
    *y->data = (tern_real)(sum / (double)x->rows);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), (void *)(uintptr_t)label);
    return y;
}
