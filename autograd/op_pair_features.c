/* y_i = (u_i, v_i, |u_i - v_i|), each third filled up with zeros to the width of the whole vectors: what a classifier
 * of pairs sees (Reimers and Gurevych 2019, section 3). Nothing is saved. du += dy_1 + sign(u - v) dy_3      dv += dy_2
 * - sign(u - v) dy_3      sign(0) is 0 */
#include "autograd/ops.h"

#include <math.h>
#include <string.h>

static void backward(tern_tape *tape, const tern_record *record)
{
    const tern_tensor *u = record->in[0], *v = record->in[1], *y = record->out;
    int64_t d = u->cols, width = y->cols / 3;
    tern_real *du = tern_tape_grad(tape, record->in[0]), *dv = tern_tape_grad(tape, record->in[1]);
    for (int64_t i = 0; i < u->rows; i++) {
        const tern_real *dy = y->grad + i * y->cols;
        for (int64_t k = 0, at = i * d; k < d; k++, at++) {
            tern_real sign = (tern_real)((u->data[at] > v->data[at]) - (u->data[at] < v->data[at]));
            if (du)
                du[at] += dy[k] + sign * dy[2 * width + k];
            if (dv)
                dv[at] += dy[width + k] - sign * dy[2 * width + k];
        }
    }
}

static const tern_op op = {"pair_features", backward};

tern_tensor *tern_pair_features(tern_tape *tape, tern_tensor *u, tern_tensor *v, int64_t width)
{
    int64_t d = u->cols;
    TERN_CHECK_SHAPE("pair_features", v, u->rows, d);
    TERN_CHECK(width >= d, "pair_features: %lld columns in %lld", (long long)d, (long long)width);
    tern_tensor *y = tern_tape_tensor(tape, u->rows, 3 * width);
    memset(y->data, 0, tern_tensor_size(y) * sizeof *y->data);
    for (int64_t i = 0; i < u->rows; i++) {
        tern_real *yi = y->data + i * y->cols;
        memcpy(yi, u->data + i * d, (size_t)d * sizeof *yi);
        memcpy(yi + width, v->data + i * d, (size_t)d * sizeof *yi);
        for (int64_t k = 0; k < d; k++)
            yi[2 * width + k] = (tern_real)fabs((double)u->data[i * d + k] - (double)v->data[i * d + k]);
    }
    tern_tape_record(tape, &op, y, TERN_INPUTS(u, v), NULL);
    return y;
}
