/* LayerNorm of one row (Ba, Kiros, Hinton 2016), with the residual and dropout before it in the same pass. */
#include "autograd/kern_dropout.h"
#include "autograd/kern_table.h"

/* s = residual + dropout(x) */
static void sum_row(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key, tern_real *s)
{
    if (p > 0) {
        uint32_t threshold = tern_dropout_threshold(p);
        tern_real keep = (tern_real)(1 / (1 - p));
#pragma omp simd
        for (int64_t j = 0; j < c; j++)
            s[j] = x[j] * tern_dropout_factor(key, (uint32_t)j, threshold, keep);
    } else {
        memcpy(s, x, (size_t)c * sizeof *s);
    }
    if (residual) {
#pragma omp simd
        for (int64_t j = 0; j < c; j++)
            s[j] += residual[j];
    }
}

void TERN_KERNEL(layer_norm)(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key,
                             const tern_real *gamma, const tern_real *beta, tern_real eps, tern_real *s, tern_real *y,
                             tern_real *mean, tern_real *rstd)
{
    sum_row(c, x, residual, p, key, s);
    tern_real sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < c; j++)
        sum += s[j];
    tern_real m = sum / (tern_real)c;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < c; j++)
        squares += (s[j] - m) * (s[j] - m);
    tern_real r = 1 / (tern_real)sqrt((double)(squares / (tern_real)c + eps));
#pragma omp simd
    for (int64_t j = 0; j < c; j++)
        y[j] = (s[j] - m) * r * gamma[j] + beta[j];
    *mean = m;
    *rstd = r;
}

/* With xhat = (s - mean) * rstd and g = dy * gamma:
 * ds = rstd * (g - mean(g) - xhat * mean(g * xhat)); dgamma += dy * xhat; dbeta += dy. */
void TERN_KERNEL(layer_norm_backward)(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key,
                                      const tern_real *gamma, tern_real mean, tern_real rstd, const tern_real *dy,
                                      tern_real *s, tern_real *dx, tern_real *dresidual, tern_real *dgamma,
                                      tern_real *dbeta)
{
    sum_row(c, x, residual, p, key, s);
    tern_real sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
    for (int64_t j = 0; j < c; j++) {
        tern_real xhat = (s[j] - mean) * rstd, g = dy[j] * gamma[j];
        s[j] = xhat;
        sum_g += g;
        sum_gx += g * xhat;
        dgamma[j] += dy[j] * xhat;
        dbeta[j] += dy[j];
    }
    tern_real mean_g = sum_g / (tern_real)c, mean_gx = sum_gx / (tern_real)c;
#pragma omp simd
    for (int64_t j = 0; j < c; j++)
        s[j] = rstd * (dy[j] * gamma[j] - mean_g - s[j] * mean_gx);
    if (dresidual) {
#pragma omp simd
        for (int64_t j = 0; j < c; j++)
            dresidual[j] += s[j];
    }
    if (dx)
        TERN_KERNEL(dropout)(c, s, p, key, 1, dx);
}
