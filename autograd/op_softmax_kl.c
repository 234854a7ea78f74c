/* y = mean over i of sum over j of q_ij (log q_ij - log p_ij), p_i = softmax(x_i / tx), q_i = softmax(t_i / tt): how
 * far the distributions p are from the constant ones q (Hinton, Vinyals, Dean 2015; KLDivLoss of PyTorch 2.13 with
 * "batchmean"). Saved: t and the temperatures; the softmaxes are computed again in backward.
 *     dx_ij += (p_ij - q_ij) / (tx n) dy */
#include "autograd/ops.h"

#include <math.h>

enum { ROWS_FOR_THREADS = 64 }; /* fewer rows than this are not worth waking threads for */

typedef struct saved_kl {
    const tern_tensor *t;
    double tx, tt;
} saved_kl;

/* Log of the sum of exp(x_j / temperature). */
static double log_sum(int64_t n, const tern_real *x, double temperature)
{
    double greatest = (double)x[0], sum = 0;
    for (int64_t j = 1; j < n; j++)
        greatest = fmax(greatest, (double)x[j]);
    for (int64_t j = 0; j < n; j++)
        sum += exp(((double)x[j] - greatest) / temperature);
    return greatest / temperature + log(sum);
}

static double row_value(const saved_kl *kl, int64_t n, const tern_real *x, const tern_real *t)
{
    double of_x = log_sum(n, x, kl->tx), of_t = log_sum(n, t, kl->tt), sum = 0;
    for (int64_t j = 0; j < n; j++) {
        double log_q = (double)t[j] / kl->tt - of_t;
        sum += exp(log_q) * (log_q - ((double)x[j] / kl->tx - of_x));
    }
    return sum;
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const saved_kl *kl = record->saved;
    const tern_tensor *x = record->in[0];
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    double g = (double)*record->out->grad / (kl->tx * (double)x->rows);
#pragma omp parallel for schedule(static) if (x->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++) {
        const tern_real *xi = x->data + i * x->cols, *ti = kl->t->data + i * x->cols;
        double of_x = log_sum(x->cols, xi, kl->tx), of_t = log_sum(x->cols, ti, kl->tt);
        for (int64_t j = 0; j < x->cols; j++)
            dx[i * x->cols + j] +=
                (tern_real)(g * (exp((double)xi[j] / kl->tx - of_x) - exp((double)ti[j] / kl->tt - of_t)));
    }
}

static const tern_op op = {"softmax_kl", backward};

tern_tensor *tern_softmax_kl(tern_tape *tape, tern_tensor *x, tern_tensor *t, double tx, double tt)
{
    TERN_CHECK_SHAPE("softmax_kl", t, x->rows, x->cols);
    TERN_CHECK(x->rows > 0 && x->cols > 0 && tx > 0 && tt > 0, "softmax_kl: [%lld, %lld], temperatures %g and %g",
               (long long)x->rows, (long long)x->cols, tx, tt);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    saved_kl *saved = tern_arena_alloc(arena, sizeof *saved);
    *saved = (saved_kl){t, tx, tt};
    tern_arena_mark mark = tern_arena_here(arena);
    double total = 0, *sum = tern_arena_alloc(arena, (size_t)x->rows * sizeof *sum);
#pragma omp parallel for schedule(static) if (x->rows >= ROWS_FOR_THREADS)
    for (int64_t i = 0; i < x->rows; i++)
        sum[i] = row_value(saved, x->cols, x->data + i * x->cols, t->data + i * x->cols);
    for (int64_t i = 0; i < x->rows; i++)
        total += sum[i];
    *y->data = (tern_real)(total / (double)x->rows);
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), saved);
    return y;
}
