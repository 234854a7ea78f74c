/* Products with weights of 8 bits, for inference: four times less memory to read and, where the processor multiplies
 * bytes (VNNI, AMX), several times the speed of float32. Weights have one scale an output, activations a range of their
 * own in each row, found when they are met; sums are exact integers.
 *
 *     tern_int8_weights *w = tern_int8_pack(1152, 384, weight->data);
 *     tern_tensor *y = tern_int8_linear(tape, x, w, bias);              // as tern_linear; never recorded
 *     tern_int8_free(w);
 */
#ifndef TERN_AUTOGRAD_INT8_H
#define TERN_AUTOGRAD_INT8_H

#include "autograd/kernels.h"
#include "autograd/tape.h"

/* Columns of a product at most: 255 * 127 of this many still fit in an int32. */
enum { TERN_INT8_MOST_COLUMNS = 65536 };

/* w [n,k] to 8 bits: scale[j] = max |w[j]| / 127, to the nearest. Works on all threads. k must be at most
 * TERN_INT8_MOST_COLUMNS. Rows with a NaN or an infinity give NaN in every product. The caller frees it. */
tern_int8_weights *tern_int8_pack(int64_t n, int64_t k, const tern_real *w);
void tern_int8_free(tern_int8_weights *w);
/* Bytes that it holds. */
size_t tern_int8_size(const tern_int8_weights *w);

/* y [T,n] = x w^T + bias; x [T,k], bias [1,n]. On all threads, with the same bits for any number of them; the tape must
 * not record. */
tern_tensor *tern_int8_linear(tern_tape *tape, const tern_tensor *x, const tern_int8_weights *w,
                              const tern_tensor *bias);

/* What of a transformer's layer (BERT's) comes after attention. */
typedef struct tern_int8_block {
    const tern_int8_weights *attention, *up, *down; /* [C,C], [F,C], [C,F] */
    const tern_tensor *attention_bias, *up_bias, *down_bias;
    const tern_tensor *attention_gamma, *attention_beta, *output_gamma, *output_beta; /* [1,C] */
    double eps;
} tern_int8_block;

/* In place of x [T,C]: h = LayerNorm(x + context attention^T + bias), then
 * LayerNorm(h + gelu(h up^T + bias) down^T + bias). context [T,C]. A tile of rows goes through all of it while it is in
 * cache. On all threads, with the same bits for any number of them; the tape must not record. GELU is off by 1e-4 at
 * most, and by 2e-7 of u beyond |u| = 500. */
void tern_int8_block_forward(tern_tape *tape, const tern_int8_block *block, const tern_tensor *context, tern_tensor *x);

#endif
