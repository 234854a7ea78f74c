/* What the kern_*.c files define, under names that end in the instruction set. */
#ifndef TERN_AUTOGRAD_KERN_TABLE_H
#define TERN_AUTOGRAD_KERN_TABLE_H

#include "autograd/kern_math.h"
#include "autograd/kernels.h"

void TERN_KERNEL(exp)(size_t n, const tern_real *x, tern_real *y);
void TERN_KERNEL(erf)(size_t n, const tern_real *x, tern_real *y);
void TERN_KERNEL(tanh)(size_t n, const tern_real *x, tern_real *y);
void TERN_KERNEL(gelu)(size_t n, const tern_real *u, tern_real *h);
void TERN_KERNEL(gelu_backward)(size_t n, const tern_real *u, const tern_real *dh, tern_real *du, tern_real *h);
void TERN_KERNEL(layer_norm)(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key,
                             const tern_real *gamma, const tern_real *beta, tern_real eps, tern_real *s, tern_real *y,
                             tern_real *mean, tern_real *rstd);
void TERN_KERNEL(layer_norm_backward)(int64_t c, const tern_real *x, const tern_real *residual, double p, uint32_t key,
                                      const tern_real *gamma, tern_real mean, tern_real rstd, const tern_real *dy,
                                      tern_real *s, tern_real *dx, tern_real *dresidual, tern_real *dgamma,
                                      tern_real *dbeta);
tern_real TERN_KERNEL(softmax)(int64_t n, tern_real scale, tern_real *x);
void TERN_KERNEL(softmax_again)(int64_t n, tern_real scale, tern_real log_sum, tern_real *x);
void TERN_KERNEL(attention_backward)(int64_t n, tern_real scale, double drop, uint32_t key, tern_real *p,
                                     tern_real *dp);
double TERN_KERNEL(squares)(int64_t n, const tern_real *x);
void TERN_KERNEL(add)(size_t n, const tern_real *x, tern_real *y);
void TERN_KERNEL(axpy)(size_t n, tern_real a, const tern_real *x, tern_real *y);
void TERN_KERNEL(dots)(int64_t n, int64_t k, const tern_real *a, const tern_real *x, tern_real *y, int64_t stride);
int64_t TERN_KERNEL(reaching)(int64_t n, const tern_real *x, const tern_real *limit, int32_t *which);
void TERN_KERNEL(to_bfloat16)(size_t n, const tern_real *x, uint16_t *y);
void TERN_KERNEL(from_bfloat16)(size_t n, const uint16_t *x, tern_real *y);
void TERN_KERNEL(dropout)(int64_t n, const tern_real *x, double p, uint32_t key, int add, tern_real *y);
void TERN_KERNEL(adamw)(size_t n, const tern_adamw_step *s, tern_real *value, const tern_real *grad, tern_real *m,
                        tern_real *v);
void TERN_KERNEL(int8_quantise)(int64_t k, int64_t padded, const tern_real *x, uint8_t *a, float *step, float *low);
void TERN_KERNEL(int8_affine)(int64_t m, const uint8_t *a, const float *step, const float *low,
                              const tern_int8_weights *w, const tern_real *bias, int with_gelu, tern_real *y);
size_t TERN_KERNEL(gemm_right_size)(int64_t k, int64_t n);
void TERN_KERNEL(gemm_lay_right)(int transpose_b, int64_t k, int64_t n, const tern_real *b, int64_t ldb, int64_t from,
                                 int64_t to, void *right);
size_t TERN_KERNEL(gemm_scratch_size)(void);
void TERN_KERNEL(gemm)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                       const void *right, const tern_real *bias, int accumulate, tern_real *c, int64_t ldc,
                       void *scratch);
void TERN_KERNEL(gemm_small_lay_right)(int transpose_b, int64_t k, int64_t n, const tern_real *b, int64_t ldb,
                                       tern_real *right);
void TERN_KERNEL(gemm_small)(int transpose_a, int64_t m, int64_t n, int64_t k, const tern_real *a, int64_t lda,
                             const tern_real *right, int accumulate, tern_real *c, int64_t ldc);

extern const tern_kernel_table TERN_KERNEL(table);

#endif
