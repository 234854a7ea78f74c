/* Sums, tanh, dropout and bfloat16 over flat arrays. */
#include "autograd/kern_dropout.h"
#include "autograd/kern_table.h"

double TERN_KERNEL(squares)(int64_t n, const tern_real *x)
{
    enum { SUMS = 32 }; /* enough for a multiply-add in every cycle, each waiting for the one before it in its sum */
    double sums[SUMS] = {0}, total = 0;
    int64_t whole = n / SUMS * SUMS;
    for (int64_t i = 0; i < whole; i += SUMS)
        for (int k = 0; k < SUMS; k++)
            sums[k] += (double)x[i + k] * (double)x[i + k];
    for (int64_t i = whole; i < n; i++)
        sums[i - whole] += (double)x[i] * (double)x[i];
    for (int k = 0; k < SUMS; k++)
        total += sums[k];
    return total;
}

void TERN_KERNEL(add)(size_t n, const tern_real *x, tern_real *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

void TERN_KERNEL(axpy)(size_t n, tern_real a, const tern_real *x, tern_real *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

void TERN_KERNEL(tanh)(size_t n, const tern_real *x, tern_real *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = kern_tanh(x[i]);
}

void TERN_KERNEL(to_bfloat16)(size_t n, const tern_real *x, uint16_t *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        float value = (float)x[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        uint32_t nearest = bits + 0x7FFF + (bits >> 16 & 1), quiet = bits | 0x400000;
        y[i] = (uint16_t)((value == value ? nearest : quiet) >> 16);
    }
}

void TERN_KERNEL(from_bfloat16)(size_t n, const uint16_t *x, tern_real *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        float value;
        memcpy(&value, &bits, sizeof value);
        y[i] = value;
    }
}

void TERN_KERNEL(dropout)(int64_t n, const tern_real *x, double p, uint32_t key, int add, tern_real *y)
{
    uint32_t threshold = tern_dropout_threshold(p);
    tern_real keep = (tern_real)(1 / (1 - p));
    if (p <= 0 && add) {
        TERN_KERNEL(add)((size_t)n, x, y);
        return;
    }
    if (!add) {
#pragma omp simd
        for (int64_t j = 0; j < n; j++)
            y[j] = x[j] * tern_dropout_factor(key, (uint32_t)j, threshold, keep);
        return;
    }
#pragma omp simd
    for (int64_t j = 0; j < n; j++)
        y[j] += x[j] * tern_dropout_factor(key, (uint32_t)j, threshold, keep);
}
