/* exp, erf and tanh as branch-free inline functions that compilers vectorise, and the naming of kernels by instruction
 * set. In float the coefficients are minimax fits of our own, with their error given; in double libm is called. */
#ifndef TERN_AUTOGRAD_KERN_MATH_H
#define TERN_AUTOGRAD_KERN_MATH_H

#include "autograd/tensor.h"

#include <math.h>
#include <string.h>

#ifndef TERN_ISA
#define TERN_ISA plain
#endif
#define TERN_JOIN2(a, b)  a##_##b
#define TERN_JOIN(a, b)   TERN_JOIN2(a, b)
#define TERN_KERNEL(name) TERN_JOIN(tern_kern_##name, TERN_ISA)

#ifdef TERN_DOUBLE

static inline tern_real kern_exp(tern_real x)
{
    return exp(x);
}

static inline tern_real kern_erf(tern_real x)
{
    return erf(x);
}

static inline tern_real kern_tanh(tern_real x)
{
    return tanh(x);
}

#else

/* exp(x) = 2^n exp(r), r = x - n ln 2 in [-0.347, 0.347], exp(r) = 1 + r + r^2 p(r) with an error of 3e-9.
 * n comes out of the low bits of x / ln 2 + 1.5 * 2^23. Arguments are cut to [-87.3, 88.3]: the result is never
 * subnormal and never infinite; below the cut it is 0. */
static inline float kern_exp(float x)
{
    float cut = x < -87.3f ? -87.3f : x;
    cut = cut > 88.3f ? 88.3f : cut;
    float shifted = cut * 1.44269504f + 12582912.0f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    float n = shifted - 12582912.0f;
    float r = (cut - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 0.0013814605f;
    p = p * r + 0.008368715f;
    p = p * r + 0.04166839f;
    p = p * r + 0.16666521f;
    p = p * r + 0.49999994f;
    p = p * (r * r) + r + 1.0f;
    uint32_t exponent = ((uint32_t)bits + 127) << 23;
    float scale;
    memcpy(&scale, &exponent, sizeof scale);
    return x < -87.3f ? 0.0f : p * scale;
}

/* |x| <= 0.875: x times a polynomial in x^2, error 2.3e-10. Above: 1 - exp(q(|x|)), q a fit of log erfc on [0.84, 4]
 * that is off by 7e-10 in the result; from 4 on erf is 1 in float. */
static inline float kern_erf(float x)
{
    float a = fabsf(x), s = x * x;
    float p = 8.622464e-05f;
    p = p * s - 0.00081997586f;
    p = p * s + 0.0052058413f;
    p = p * s - 0.026861254f;
    p = p * s + 0.11283728f;
    p = p * s - 0.37612635f;
    p = p * s + 0.12837917f;
    float small = p * x + x;
    float t = a > 4.0f ? 4.0f : a;
    float q = -1.887333e-05f;
    q = q * t + 0.0004068805f;
    q = q * t - 0.0040303078f;
    q = q * t + 0.024735764f;
    q = q * t - 0.10767536f;
    q = q * t - 0.63389945f;
    q = q * t - 1.1292434f;
    q = q * t + 0.00011914554f;
    float large = copysignf(1.0f - kern_exp(q), x);
    return a <= 0.875f ? small : large;
}

/* |x| <= 0.625: x times a polynomial in x^2, error 4.4e-9. Above: 1 - 2 / (exp(2 |x|) + 1). */
static inline float kern_tanh(float x)
{
    float a = fabsf(x), s = x * x;
    float p = -0.00570498733f;
    p = p * s + 0.020639088f;
    p = p * s - 0.0537397154f;
    p = p * s + 0.133314416f;
    p = p * s - 0.333332807f;
    float small = p * s * x + x;
    float large = copysignf(1.0f - 2.0f / (kern_exp(2.0f * a) + 1.0f), x);
    return a <= 0.625f ? small : large;
}

#endif

#endif
