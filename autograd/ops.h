/* The operations. Each has a file op_<name>.c with its formula, what it saves and why, and its gradient, and a
 * line in op_list.h. T tokens, B sequences, C channels, H heads. Results belong to the tape. */
#ifndef TERN_AUTOGRAD_OPS_H
#define TERN_AUTOGRAD_OPS_H

#include "autograd/params.h"
#include "autograd/tape.h"
#include "base/pair_mask.h"
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
/* The numbers that it takes a thread while it computes, for heads of d columns. */
int64_t tern_attention_scratch(int64_t longest, int64_t d);
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
/* n tensors side by side. x[i] [T,C_i] -> [T, sum of C_i]. */
tern_tensor *tern_stack_columns(tern_tape *tape, tern_tensor *const *x, int n);
/* Each row divided by max(its length, 1e-12), as torch.nn.functional.normalize. */
tern_tensor *tern_normalize(tern_tape *tape, tern_tensor *x);
/* sum of weights[i] * x[i] over n scalars [1,1]. */
tern_tensor *tern_weighted_sum(tern_tape *tape, tern_tensor *const *x, const double *weights, int n);
/* All values of x added -> [1,1]. */
tern_tensor *tern_sum(tern_tape *tape, tern_tensor *x);

/* Which rows are held against which, a bit each; numbers as in losses/loss.h. */
enum { TERN_A_TO_C = 1, TERN_C_TO_A = 2, TERN_A_TO_A = 4, TERN_C_TO_C = 8 };
typedef struct tern_in_batch {
    double scale;
    tern_tensor *log_scale; /* [1,1]: exp of it, at most 100, is the scale; NULL: scale is fixed */
    unsigned directions;
    int joint;             /* 1: one softmax over all directions; 0: one each, averaged */
    int only_positives;    /* 1: c to c has the first n of c alone as keys */
    double hardness;       /* added to the scale for other rows' candidates, without gradient */
    double own_hardness;   /* likewise for the row's own negatives */
    const uint8_t *masked; /* [n, masked_cols] as in losses/loss.h; NULL: none */
    int64_t masked_cols;   /* 0: c's rows */
    /* Unit rows [n,G], [m,G]: pairs that they find nearer than the target, less a margin, are left out; NULL: none. */
    tern_tensor *guide_a, *guide_c;
    double guide_margin;
    int relative_margin; /* 1: the margin is a part of the target's |similarity| */
} tern_in_batch;
/* Mean over i of -log softmax_j(scale * a_i . c_j)[target i], candidates c = positives then each row's negatives: the
 * in-batch cross-entropy, fused. a [n,D], c [m,D], m >= n; the target of row i is candidate i. The other directions
 * likewise, with the rows c_i, i < n; a to a and c to c only when joint, with a to c. -> [1,1]. */
tern_tensor *tern_in_batch_softmax(tern_tape *tape, tern_tensor *a, tern_tensor *c, const tern_in_batch *o);
/* Similarities and distances of two rows; formulas in pair.c. */
typedef enum tern_pair_kind {
    TERN_PAIR_DOT,
    TERN_PAIR_COSINE,
    TERN_PAIR_ANGLE, /* AnglE's */
    TERN_PAIR_COSINE_DISTANCE,
    TERN_PAIR_EUCLIDEAN,
    TERN_PAIR_MANHATTAN,
} tern_pair_kind;
/* Mean over i, j of max(0, d(a_i,p_i) - d(a_i,n_ij) + margin) -> [1,1]. a, p [n,D]; negative [n k,D], row i's at i k.
 * text [n k]: below 0 for negatives that are none and make no triplet; NULL: all do. Without a triplet it is 0. */
tern_tensor *tern_triplet_margin(tern_tape *tape, tern_tensor *a, tern_tensor *p, tern_tensor *negative,
                                 tern_pair_kind distance, double margin, const int64_t *text);
/* Losses over the triplets inside a batch x [n,D] whose rows have labels [n], see op_batch_triplet.c -> [1,1]. margin
 * is not for HARD_SOFT. text [n]: rows of one text are no negatives of each other, whatever their labels; NULL: all
 * differ. label, text: kept by the caller until backward. */
typedef enum tern_triplet_kind {
    TERN_TRIPLETS_ALL,
    TERN_TRIPLETS_HARD,
    TERN_TRIPLETS_SEMI_HARD,
    TERN_TRIPLETS_HARD_SOFT,
} tern_triplet_kind;
tern_tensor *tern_batch_triplet(tern_tape *tape, tern_tensor *x, const int64_t *label, const int64_t *text,
                                tern_triplet_kind kind, tern_pair_kind distance, double margin);
/* Mean over i of max(0, positive_margin - s_ii) + max(0, greatest of s_ij - negative_margin), s_ij = a_i . c_j, of
 * those j that are neither i nor masked as no negative or repeated -> [1,1]. a [n,D], c [m,D], masked [n,m] or NULL. */
tern_tensor *tern_hardest_margin(tern_tape *tape, tern_tensor *a, tern_tensor *c, double positive_margin,
                                 double negative_margin, const uint8_t *masked);
/* Each row of x [n,D] with the k rows of y [n k,D] that belong to it, row i's at i k -> [n,k]. */
tern_tensor *tern_pair_rows(tern_tape *tape, tern_tensor *x, tern_tensor *y, tern_pair_kind kind);
/* x[:, 0] - x[:, 1 + j]. x [n,1+k] -> [n,k]. */
tern_tensor *tern_margins(tern_tape *tape, tern_tensor *x);
/* Mean of (x - target)^2 over x [n,C] -> [1,1]. target [n, C or more]: a constant; columns from C on are left out. */
tern_tensor *tern_mean_square(tern_tape *tape, tern_tensor *x, tern_tensor *target);
/* Sum of pull d^2 + push max(0, margin - d)^2 over all values of d -> [1,1]. pull, push: one of each a value, copied.
 */
tern_tensor *tern_pull_push(tern_tape *tape, tern_tensor *d, const double *pull, const double *push, double margin);
/* log(1 + sum over pairs of values with score_i > score_j of exp(scale (s_j - s_i))) -> [1,1]. score: one a value of s,
 * no NaN. */
tern_tensor *tern_cosent(tern_tape *tape, tern_tensor *s, const double *score, double scale);
/* Mean over rows of KL(softmax(t / tt) || softmax(x / tx)) -> [1,1]. x, t [n,C]; t is a constant, kept by the caller
 * until backward. */
tern_tensor *tern_softmax_kl(tern_tape *tape, tern_tensor *x, tern_tensor *t, double tx, double tt);
/* (u, v, |u - v|), each third filled up with zeros to width. u, v [n,C], width >= C -> [n,3 width]. */
tern_tensor *tern_pair_features(tern_tape *tape, tern_tensor *u, tern_tensor *v, int64_t width);
/* Mean over rows of -log softmax(x)[label] -> [1,1]. x [n,L], label [n] in 0 .. L-1, kept by the caller until backward.
 */
tern_tensor *tern_cross_entropy(tern_tape *tape, tern_tensor *x, const int64_t *label);
/* Sum over the columns c of texts (rows i each + c of x [n each,D], of unit length) of
 * mean_weight m^2 + second_moment_weight max(0, q - 1/D), m and q the means of the similarities of different texts and
 * of their squares -> [1,1]. text [n each]: equal numbers for rows of one text, below 0 for rows that hold none
 * and don't count, kept by the caller until backward; NULL: all differ. */
tern_tensor *tern_orthogonality(tern_tape *tape, tern_tensor *x, int64_t each, double mean_weight,
                                double second_moment_weight, const int64_t *text);

#endif
