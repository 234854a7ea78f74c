/* y_i = x_i / r_i, r_i = max(|x_i|, 1e-12), as torch.nn.functional.normalize 2.13. Saved: 1 / r_i [rows], since y
 * alone has forgotten the length; negative where the floor was taken, because r is a constant there.
 *     dx_i += (dy_i - y_i (y_i . dy_i)) / r_i      dx_i += dy_i / r_i below the floor */
#include "autograd/ops.h"

#include <math.h>

static const double FLOOR = 1e-12;
enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

static double dot(const tern_real *x, const tern_real *y, int64_t n)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += (double)x[j] * (double)y[j];
    return sum;
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *y = record->out;
    const double *inverse = record->saved;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
#pragma omp parallel for schedule(static) if (y->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < y->rows; i++) {
        const tern_real *yi = y->data + i * y->cols, *dyi = y->grad + i * y->cols;
        double along = inverse[i] > 0 ? dot(yi, dyi, y->cols) : 0, scale = fabs(inverse[i]);
        for (int64_t j = 0; j < y->cols; j++)
            dx[i * y->cols + j] += (tern_real)(((double)dyi[j] - (double)yi[j] * along) * scale);
    }
}

static const tern_op op = {"normalize", backward};

tern_tensor *tern_normalize(tern_tape *tape, tern_tensor *x)
{
    tern_tensor *y = tern_tape_tensor(tape, x->rows, x->cols);
    double *inverse = tern_arena_alloc(tern_tape_arena(tape), (size_t)x->rows * sizeof *inverse);
#pragma omp parallel for schedule(static) if (x->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++) {
        const tern_real *xi = x->data + i * x->cols;
        double length = sqrt(dot(xi, xi, x->cols));
        double scale = 1 / (length < FLOOR ? FLOOR : length);
        for (int64_t j = 0; j < x->cols; j++)
            y->data[i * x->cols + j] = (tern_real)((double)xi[j] * scale);
        inverse[i] = length < FLOOR ? -scale : scale;
    }
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), inverse);
    return y;
}
