/* AdamW (Loshchilov & Hutter 2019, algorithm 2), in the order of operations of torch.optim.AdamW:
 * value *= 1 - lr * decay; m += (1 - beta1) (g - m); v = beta2 v + (1 - beta2) g^2;
 * value -= lr / correction1 * m / (sqrt(v) / sqrt(correction2) + eps).
 *
 * Moments of rows that are seldom used shrink by a factor a step, and would after some hundred steps become subnormal
 * numbers, on which processors are a hundred times slower: below 1e-30 (m) and 1e-36 (v) they are set to zero. Against
 * eps = 1e-8 neither moves a weight: the step lost is under 1e-22 of the learning rate. */
#include "autograd/kern_table.h"

#ifdef TERN_DOUBLE
#define KERN_SQRT sqrt
#else
#define KERN_SQRT sqrtf
#endif

static const tern_real TINY_M = (tern_real)1e-30, TINY_V = (tern_real)1e-36;

static inline tern_real flush(tern_real x, tern_real tiny)
{
    return x < tiny && x > -tiny ? 0 : x;
}

void TERN_KERNEL(adamw)(size_t n, const tern_adamw_step *s, tern_real *restrict value, const tern_real *restrict grad,
                        tern_real *restrict m, tern_real *restrict v)
{
    tern_real one_minus_beta1 = (tern_real)(1 - s->beta1), beta2 = (tern_real)s->beta2;
    tern_real one_minus_beta2 = (tern_real)(1 - s->beta2), scale = (tern_real)s->grad_scale;
    tern_real decay = (tern_real)(1 - s->learning_rate * s->weight_decay), eps = (tern_real)s->eps;
    tern_real rate = (tern_real)(s->learning_rate / s->correction1);
    tern_real inverse_root = (tern_real)(1 / sqrt(s->correction2));
    if (!grad) {
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            m[i] = flush(m[i] - one_minus_beta1 * m[i], TINY_M);
            v[i] = flush(v[i] * beta2, TINY_V);
            value[i] = value[i] * decay - rate * m[i] / (KERN_SQRT(v[i]) * inverse_root + eps);
        }
        return;
    }
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        tern_real g = grad[i] * scale;
        m[i] = flush(m[i] + one_minus_beta1 * (g - m[i]), TINY_M);
        v[i] = flush(beta2 * v[i] + one_minus_beta2 * g * g, TINY_V);
        value[i] = value[i] * decay - rate * m[i] / (KERN_SQRT(v[i]) * inverse_root + eps);
    }
}
