#include "autograd/kern_table.h"

#define STRING2(x) #x
#define STRING(x)  STRING2(x)

const tern_kernel_table TERN_KERNEL(table) = {
    .isa = STRING(TERN_ISA),
    .exp = TERN_KERNEL(exp),
    .erf = TERN_KERNEL(erf),
    .tanh = TERN_KERNEL(tanh),
    .gelu = TERN_KERNEL(gelu),
    .gelu_backward = TERN_KERNEL(gelu_backward),
    .layer_norm = TERN_KERNEL(layer_norm),
    .layer_norm_backward = TERN_KERNEL(layer_norm_backward),
    .softmax = TERN_KERNEL(softmax),
    .softmax_again = TERN_KERNEL(softmax_again),
    .attention_backward = TERN_KERNEL(attention_backward),
    .gemm_right_size = TERN_KERNEL(gemm_right_size),
    .gemm_lay_right = TERN_KERNEL(gemm_lay_right),
    .gemm_scratch_size = TERN_KERNEL(gemm_scratch_size),
    .gemm = TERN_KERNEL(gemm),
    .gemm_small_lay_right = TERN_KERNEL(gemm_small_lay_right),
    .gemm_small = TERN_KERNEL(gemm_small),
    .squares = TERN_KERNEL(squares),
    .add = TERN_KERNEL(add),
    .axpy = TERN_KERNEL(axpy),
    .dots = TERN_KERNEL(dots),
    .reaching = TERN_KERNEL(reaching),
    .to_bfloat16 = TERN_KERNEL(to_bfloat16),
    .from_bfloat16 = TERN_KERNEL(from_bfloat16),
    .dropout = TERN_KERNEL(dropout),
    .adamw = TERN_KERNEL(adamw),
    .int8_quantise = TERN_KERNEL(int8_quantise),
    .int8_affine = TERN_KERNEL(int8_affine),
};
