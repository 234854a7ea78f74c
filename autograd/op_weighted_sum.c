/* y = sum_i w_i x_i over scalars. Saved: the weights of this record.
 *     dx_i += w_i dy */
#include "autograd/ops.h"

#include <string.h>

static void backward(tern_tape *tape, const tern_record *record)
{
    const double *weights = record->saved;
    for (int i = 0; i < TERN_MAX_INPUTS && record->in[i]; i++) {
        tern_real *dx = tern_tape_grad(tape, record->in[i]);
        if (dx)
            *dx += (tern_real)(weights[i] * (double)*record->out->grad);
    }
}

static const tern_op op = {"weighted_sum", backward};

/* At most as many terms as a record has inputs. */
static tern_tensor *few(tern_tape *tape, tern_tensor *const *x, const double *weights, int n)
{
    tern_tensor *y = tern_tape_tensor(tape, 1, 1), *in[TERN_MAX_INPUTS + 1] = {NULL};
    double sum = 0, *saved = tern_arena_alloc(tern_tape_arena(tape), TERN_MAX_INPUTS * sizeof *saved);
    for (int i = 0; i < n; i++) {
        TERN_CHECK_SHAPE("weighted_sum", x[i], 1, 1);
        sum += weights[i] * (double)*x[i]->data;
        saved[i] = weights[i];
        in[i] = x[i];
    }
    *y->data = (tern_real)sum;
    tern_tape_record(tape, &op, y, in, saved);
    return y;
}

tern_tensor *tern_weighted_sum(tern_tape *tape, tern_tensor *const *x, const double *weights, int n)
{
    TERN_CHECK(n > 0, "weighted_sum: %d terms", n);
    tern_tensor *terms[TERN_MAX_INPUTS];
    double factors[TERN_MAX_INPUTS];
    tern_tensor *sum = NULL;
    for (int done = 0; done < n;) {
        int used = 0;
        if (sum) {
            terms[used] = sum;
            factors[used++] = 1;
        }
        while (used < TERN_MAX_INPUTS && done < n) {
            terms[used] = x[done];
            factors[used++] = weights[done++];
        }
        sum = few(tape, terms, factors, used);
    }
    return sum;
}
