/* Kernels: pure functions over pointers and sizes. No tape, no allocation, no threads. Each kern_*.c is compiled once
 * for every instruction set (cmake/kernels.cmake) and tern_kernels() picks the best one that this machine has.
 *
 *     tern_kernels()->gelu(n, u, h);
 */
#ifndef TERN_AUTOGRAD_KERNELS_H
#define TERN_AUTOGRAD_KERNELS_H

#include "autograd/ops.h"

/* Numbers of AdamW for one step (Loshchilov & Hutter 2019; torch.optim.AdamW 2.13). */
typedef struct tern_adamw_step {
    double learning_rate, weight_decay; /* decay of this tensor: 0 for biases and LayerNorm */
    double beta1, beta2, eps;
    double correction1, correction2; /* 1 - beta1^t, 1 - beta2^t */
    double grad_scale;               /* of clipping, 1: none */
} tern_adamw_step;

/* Weights [n,k] in int8, w[j,k] ~ scale[j] v[j,k] with v in -127..127, as kern_int8.c draws them; made by
 * tern_int8_pack. */
enum { TERN_INT8_PANEL = 16, TERN_INT8_DEPTH = 64, TERN_INT8_ROWS = 48 };
typedef struct tern_int8_weights {
    int64_t n, k, padded; /* padded: k up to a multiple of TERN_INT8_DEPTH */
    int8_t *panels;     /* [n up to a multiple of 2 * TERN_INT8_PANEL, padded], 64-byte aligned; zero in the padding */
    float *scale, *sum; /* [n] scale[j] and scale[j] times the sum of v[j] */
} tern_int8_weights;

/* The most rows of a that one gemm takes, and the multiple of columns at which laying out may be divided. */
enum { TERN_GEMM_ROWS = 256, TERN_GEMM_COLS = 96 };
/* The most columns in a panel of small products, and in one vector. */
enum { TERN_GEMM_SMALL_COLS = 32, TERN_GEMM_LANES = 16 };

typedef struct tern_kernel_table {
    const char *isa; /* "plain", "avx2", "avx512", "avx512vnni", "amx" */

    /* y = exp(x), erf(x), tanh(x); n values. Error: at most 2 ulp, tests/test_kernels.c. exp is 0 below -87.3, where
     * the true value is about to become subnormal, and stays at exp(88.3) above 88.3. NaN gives NaN. */
    void (*exp)(size_t n, const tern_real *x, tern_real *y);
    void (*erf)(size_t n, const tern_real *x, tern_real *y);
    void (*tanh)(size_t n, const tern_real *x, tern_real *y);
    /* h = gelu(u). */
    void (*gelu)(size_t n, const tern_real *u, tern_real *h);
    /* du = dh * gelu'(u), and h = gelu(u) again (h NULL: not wanted). du may be u. */
    void (*gelu_backward)(size_t n, const tern_real *u, const tern_real *dh, tern_real *du, tern_real *h);

    /* One row of LayerNorm over s = residual + x * dropout: y = (s - mean) * rstd * gamma + beta. residual, d NULL:
     * none. key: tern_dropout_key of the row. s: scratch [c]. Writes *mean and *rstd. */
    void (*layer_norm)(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key,
                       const tern_real *gamma, const tern_real *beta, tern_real eps, tern_real *s, tern_real *y,
                       tern_real *mean, tern_real *rstd);
    /* Its gradient: adds into dx, dresidual (NULL: none), dgamma and dbeta. s: scratch [c]. */
    void (*layer_norm_backward)(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key,
                                const tern_real *gamma, tern_real mean, tern_real rstd, const tern_real *dy,
                                tern_real *s, tern_real *dx, tern_real *dresidual, tern_real *dgamma, tern_real *dbeta);

    /* In place, a row of n: exp(scale * x - max) / sum; returns the log of the sum of exp(scale * x). */
    tern_real (*softmax)(int64_t n, tern_real scale, tern_real *x);
    /* In place, a row of scores to probabilities when the log-sum is known: exp(scale * x - log_sum). */
    void (*softmax_again)(int64_t n, tern_real scale, tern_real log_sum, tern_real *x);

    /* One row of attention's gradient, with F the dropout factors of key and D the sum of p F dp: p becomes p F, and
     * dp becomes p (F dp - D) * scale. */
    void (*attention_backward)(int64_t n, tern_real scale, double drop, uint32_t key, tern_real *p, tern_real *dp);

    /* c [m,n] = op(a) [m,k] op(b) [k,n] + bias [n] (NULL: none), or c += the product when accumulate is 1; bias is NULL
     * then. m is at most TERN_GEMM_ROWS. right: op(b) as gemm_lay_right left it; scratch: gemm_scratch_size bytes, of
     * one thread. lda, ldb, ldc: the distance between rows as stored. The bits of an element of c depend on its row of
     * op(a), its column of op(b) and k alone.
     * gemm_lay_right lays out the columns from..to of op(b) (from a multiple of TERN_GEMM_COLS, to another one or n)
     * into gemm_right_size bytes, aligned to 64. */
    size_t (*gemm_right_size)(int64_t k, int64_t n);
    void (*gemm_lay_right)(int transpose_b, int64_t k, int64_t n, const tern_real *b, int64_t ldb, int64_t from,
                           int64_t to, void *right);
    size_t (*gemm_scratch_size)(void);
    void (*gemm)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda, const void *right,
                 const tern_real *bias, int accumulate, tern_real *c, int64_t ldc, void *scratch);

    /* The same for products as small as those of one sequence and head, without AMX's preparations. right: k times n up
     * to a multiple of TERN_GEMM_SMALL_COLS numbers, aligned to 64. When b was transposed, gemm_small may be told an n
     * up to the next multiple of TERN_GEMM_LANES: rows of whole vectors are stored faster, and what the columns beyond
     * hold is of no use. */
    void (*gemm_small_lay_right)(int transpose_b, int64_t k, int64_t n, const tern_real *b, int64_t ldb,
                                 tern_real *right);
    void (*gemm_small)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                       const tern_real *right, int accumulate, tern_real *c, int64_t ldc);

    /* The sum of squares, in double: element i into sum i mod 32, those added in order at the end. */
    double (*squares)(int64_t n, const tern_real *x);
    /* y += x; y += a * x. */
    void (*add)(size_t n, const tern_real *x, tern_real *y);
    void (*axpy)(size_t n, tern_real a, const tern_real *x, tern_real *y);
    /* y[i * stride] = the sum over j of a[i,j] x[j]; a [n,k]. The bits of one depend on its row and on x alone. */
    void (*dots)(int64_t n, int64_t k, const tern_real *a, const tern_real *x, tern_real *y, int64_t stride);
    /* which: the places where x[i] >= limit[i], ascending; returns their number. NaN is nowhere. */
    int64_t (*reaching)(int64_t n, const tern_real *x, const tern_real *limit, int32_t *which);
    /* y = x as bfloat16, to nearest even, and back. NaN stays NaN. */
    void (*to_bfloat16)(size_t n, const tern_real *x, uint16_t *y);
    void (*from_bfloat16)(size_t n, const uint16_t *x, tern_real *y);
    /* y = x * dropout factors of one row; y may be x. add 1: adds instead. */
    void (*dropout)(int64_t n, const tern_real *x, double p, uint32_t key, int add, tern_real *y);

    /* One step of AdamW on n values. grad NULL: all zero. */
    void (*adamw)(size_t n, const tern_adamw_step *step, tern_real *value, const tern_real *grad, tern_real *m,
                  tern_real *v);

    /* One row to 8 bits: x ~ low + step a, a in 0..255, off by at most half a step; zeros from k to padded. A NaN or an
     * infinity in x makes step NaN. */
    void (*int8_quantise)(int64_t k, int64_t padded, const tern_real *x, uint8_t *a, float *step, float *low);
    /* y[m,n] = x w^T + bias, gelu of it when with_gelu. a [m up to a multiple of TERN_INT8_ROWS, w->padded], 64-byte
     * aligned, step [m] and low [m] are the rows of x; what a holds from row m on doesn't matter. bias [n]. */
    void (*int8_affine)(int64_t m, const uint8_t *a, const float *step, const float *low, const tern_int8_weights *w,
                        const tern_real *bias, int with_gelu, tern_real *y);
} tern_kernel_table;

/* The table for this machine; TERN_ISA in the environment names another that it can run. */
const tern_kernel_table *tern_kernels(void);
/* One by name; NULL when it isn't built in or this machine can't run it. */
const tern_kernel_table *tern_kernels_named(const char *isa);
/* The i-th of all that there may be, the best first; NULL as above. */
enum { TERN_ISAS = 5 };
const tern_kernel_table *tern_kernels_at(int i);

#endif
