/* Vectors as wide as this instruction set's registers, the compiler's own, and how lines of a matrix become columns. */
#ifndef TERN_AUTOGRAD_KERN_VECTOR_H
#define TERN_AUTOGRAD_KERN_VECTOR_H

#include "autograd/tensor.h"

#if defined(__AVX512F__)
#define LANES         16
#define EACH_QUAD(of) of(0), of(4), of(8), of(12)
#elif defined(__AVX2__)
#define LANES         8
#define EACH_QUAD(of) of(0), of(4)
#else
#define LANES         4
#define EACH_QUAD(of) of(0)
#endif

typedef tern_real vector __attribute__((vector_size(LANES * sizeof(tern_real))));
typedef tern_real vector_anywhere
    __attribute__((vector_size(LANES * sizeof(tern_real)), aligned(sizeof(tern_real)), may_alias));
typedef tern_real quad_anywhere
    __attribute__((vector_size(4 * sizeof(tern_real)), aligned(sizeof(tern_real)), may_alias));

/* Number p to p + 3 of lines i, i + 4, i + 8, ...: a quad in each 128 bits. */
static inline __attribute__((always_inline)) void kern_quads(const tern_real *const *lines, int64_t p, vector *to)
{
#define QUAD(i) (*(const quad_anywhere *)(lines[i] + p))
#if LANES == 16
    *to = __builtin_shufflevector(__builtin_shufflevector(QUAD(0), QUAD(4), 0, 1, 2, 3, 4, 5, 6, 7),
                                  __builtin_shufflevector(QUAD(8), QUAD(12), 0, 1, 2, 3, 4, 5, 6, 7), 0, 1, 2, 3, 4, 5,
                                  6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif LANES == 8
    *to = __builtin_shufflevector(QUAD(0), QUAD(4), 0, 1, 2, 3, 4, 5, 6, 7);
#else
    *to = QUAD(0);
#endif
#undef QUAD
}

/* Numbers p to p + 3 of LANES lines become four vectors, to[0], to[stride], ...: number p of all lines, p + 1, ...
 * Loading places the quads; two rounds of interleaving inside them are all that is left to do. */
static inline __attribute__((always_inline)) void kern_turn(const tern_real *const *lines, int64_t p, tern_real *to,
                                                            int64_t stride)
{
#define LOW(at)  (at), LANES + (at), (at) + 1, LANES + (at) + 1
#define HIGH(at) (at) + 2, LANES + (at) + 2, (at) + 3, LANES + (at) + 3
    vector r[4];
    for (int i = 0; i < 4; i++)
        kern_quads(lines + i, p, &r[i]);
    vector low02 = __builtin_shufflevector(r[0], r[2], EACH_QUAD(LOW));
    vector low13 = __builtin_shufflevector(r[1], r[3], EACH_QUAD(LOW));
    vector high02 = __builtin_shufflevector(r[0], r[2], EACH_QUAD(HIGH));
    vector high13 = __builtin_shufflevector(r[1], r[3], EACH_QUAD(HIGH));
    *(vector_anywhere *)to = __builtin_shufflevector(low02, low13, EACH_QUAD(LOW));
    *(vector_anywhere *)(to + stride) = __builtin_shufflevector(low02, low13, EACH_QUAD(HIGH));
    *(vector_anywhere *)(to + 2 * stride) = __builtin_shufflevector(high02, high13, EACH_QUAD(LOW));
    *(vector_anywhere *)(to + 3 * stride) = __builtin_shufflevector(high02, high13, EACH_QUAD(HIGH));
#undef LOW
#undef HIGH
}

#endif
