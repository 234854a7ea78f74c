/* The operations. Each has a file op_<name>.c with its formula, what it saves and why, and its gradient, and a
 * line in op_list.h. T tokens, B sequences, C channels, H heads. Results belong to the tape. */
#ifndef TERN_AUTOGRAD_OPS_H
#define TERN_AUTOGRAD_OPS_H

#include "autograd/params.h"
#include "autograd/tape.h"
#include "data/packed.h"

/* Dropout of one site. p 0: none. The random numbers are a function of seed, step, site, the sequence's place in
 * the logical batch, the token and the column, of nothing else. */
typedef struct tern_dropout_site {
    double p;
    uint64_t seed, step;
    uint32_t site;
} tern_dropout_site;

/* y = x w^T + b. x [T,C], w [D,C], b [1,D] or NULL -> [T,D]. */
tern_tensor *tern_linear(tern_tape *tape, tern_tensor *x, tern_tensor *w, tern_tensor *b);
/* y = gelu(x w1^T + b1) w2^T + b2, erf GELU. x [T,C], w1 [F,C], w2 [C,F] -> [T,C]. */
tern_tensor *tern_feed_forward(tern_tape *tape, tern_tensor *x, tern_tensor *w1, tern_tensor *b1, tern_tensor *w2,
                               tern_tensor *b2);
/* x * (1 + erf(x / sqrt 2)) / 2. */
tern_tensor *tern_gelu(tern_tape *tape, tern_tensor *x);
tern_tensor *tern_tanh(tern_tape *tape, tern_tensor *x);
/* word[ids] + position[0, 1, ...] + type[types]. word [V,C], position [P,C], type [N,C] -> [T,C]. word_param: the
 * table's entry, told which rows are touched; NULL: none. */
tern_tensor *tern_embedding(tern_tape *tape, const tern_packed *batch, tern_tensor *word, tern_tensor *position,
                            tern_tensor *type, tern_param *word_param);
/* LayerNorm(residual + dropout(x)) * gamma + beta over each row. residual NULL: none. x, residual [T,C]. */
tern_tensor *tern_layer_norm(tern_tape *tape, tern_tensor *x, tern_tensor *residual, tern_tensor *gamma,
                             tern_tensor *beta, double eps, const tern_packed *batch, const tern_dropout_site *dropout);
/* Inverted dropout of x [T,C]. */
tern_tensor *tern_dropout(tern_tape *tape, tern_tensor *x, const tern_packed *batch, const tern_dropout_site *dropout);
/* Multi-head self-attention inside each sequence, without the projections. qkv [T,3C]: queries, keys, values side
 * by side -> [T,C]. */
tern_tensor *tern_attention(tern_tape *tape, tern_tensor *qkv, const tern_packed *batch, int64_t heads,
                            const tern_dropout_site *dropout);
/* Pooling of token rows x [T,C] to [B,C]. weights_kind: see pool.h of encoders; one op for each way. */
typedef enum tern_pool_kind {
    TERN_POOL_KIND_MEAN,
    TERN_POOL_KIND_CLS,
    TERN_POOL_KIND_MAX,
    TERN_POOL_KIND_LAST,
    TERN_POOL_KIND_MEAN_SQRT,
} tern_pool_kind;
tern_tensor *tern_pool(tern_tape *tape, tern_tensor *x, const tern_packed *batch, tern_pool_kind kind);

/* Rows x[from .. from + n) as a tensor of their own; columns likewise. */
tern_tensor *tern_rows_of(tern_tape *tape, tern_tensor *x, int64_t from, int64_t n);
tern_tensor *tern_columns_of(tern_tape *tape, tern_tensor *x, int64_t from, int64_t n);
/* The rows of x, then the rows of y. x [T,C], y [U,C] -> [T+U,C]. */
tern_tensor *tern_stack_rows(tern_tape *tape, tern_tensor *x, tern_tensor *y);
/* Each row divided by max(its length, 1e-12), as torch.nn.functional.normalize. */
tern_tensor *tern_normalize(tern_tape *tape, tern_tensor *x);
/* sum of weights[i] * x[i] over n scalars [1,1]. */
tern_tensor *tern_weighted_sum(tern_tape *tape, tern_tensor *const *x, const double *weights, int n);
/* All values of x added -> [1,1]. */
tern_tensor *tern_sum(tern_tape *tape, tern_tensor *x);

/* Mean over i of -log softmax_j(scale * a_i . c_j)[target i], candidates c = positives then negatives, masked ones
 * left out: the in-batch cross-entropy, fused. a [n,D], c [m,D], m >= n; the target of row i is candidate i.
 * transposed 1: each candidate i < n against all anchors instead (document to query), c must be [n,D] then.
 * masked [n,m] as in losses/loss.h, or NULL. */
tern_tensor *tern_in_batch_softmax(tern_tape *tape, tern_tensor *a, tern_tensor *c, double scale, const uint8_t *masked,
                                   int64_t masked_cols, int transposed);
/* Mean over i, j of max(0, d(a_i,p_i) - d(a_i,n_ij) + margin). a, p [n,D]; negative [n k,D], row i's at i k.
 * distance: 0 cosine, 1 Euclidean, 2 Manhattan. */
tern_tensor *tern_triplet_margin(tern_tape *tape, tern_tensor *a, tern_tensor *p, tern_tensor *negative, int distance,
                                 double margin);

#endif
