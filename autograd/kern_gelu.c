/* GELU with erf, as BERT's "gelu": gelu(u) = u * Phi(u), Phi(u) = (1 + erf(u / sqrt 2)) / 2 (Hendrycks & Gimpel 2016,
 * eq. 1); gelu'(u) = Phi(u) + u * phi(u), phi the normal density. */
#include "autograd/kern_table.h"

static const tern_real SQRT_HALF = (tern_real)0.70710678118654752440;
static const tern_real INV_SQRT_2PI = (tern_real)0.39894228040143267794;

void TERN_KERNEL(exp)(size_t n, const tern_real *x, tern_real *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = kern_exp(x[i]);
}

void TERN_KERNEL(erf)(size_t n, const tern_real *x, tern_real *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = kern_erf(x[i]);
}

void TERN_KERNEL(gelu)(size_t n, const tern_real *u, tern_real *h)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        h[i] = u[i] * ((tern_real)0.5 + (tern_real)0.5 * kern_erf(u[i] * SQRT_HALF));
}

void TERN_KERNEL(gelu_backward)(size_t n, const tern_real *u, const tern_real *dh, tern_real *du, tern_real *h)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        tern_real x = u[i];
        tern_real cdf = (tern_real)0.5 + (tern_real)0.5 * kern_erf(x * SQRT_HALF);
        tern_real density = INV_SQRT_2PI * kern_exp((tern_real)-0.5 * x * x);
        if (h)
            h[i] = x * cdf;
        du[i] = dh[i] * (cdf + x * density);
    }
}
