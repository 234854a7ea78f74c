/* AdamW with decoupled weight decay over all parameters of a model, and the global norm of their gradients.
 *
 *     tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.01});
 *     double norm = tern_optimizer_grad_norm(o);
 *     tern_optimizer_step(o, learning_rate, tern_clip_scale(norm, max_norm));
 *     tern_params_zero_grads(params);
 *
 * Both walk the flat arrays in blocks of a fixed size, so results don't depend on the number of threads. */
#ifndef TERN_TRAIN_OPTIMIZER_H
#define TERN_TRAIN_OPTIMIZER_H

#include "autograd/params.h"

/* Zero means the default of torch.optim.AdamW, but for weight_decay: 0 is none. */
typedef struct tern_optimizer_options {
    double beta1;        /* 0.9 */
    double beta2;        /* 0.999 */
    double eps;          /* 1e-8 */
    double weight_decay; /* of parameters without TERN_PARAM_NO_DECAY */
} tern_optimizer_options;

typedef struct tern_optimizer {
    tern_real *m, *v; /* [params->size] moments, at the offsets of the weights; zero at first */
    int64_t steps;    /* taken so far */
    /* Private. */
    tern_params *params;
    tern_optimizer_options options;
    struct tern_block *blocks;
    int64_t n_blocks;
    double *sums;   /* [n_blocks] */
    uint8_t **seen; /* [params->n] of a row-sparse one [rows]: 1 when m or v of the row may differ from zero */
} tern_optimizer;

/* params must have gradients (tern_params_want_grads) and outlive the result. */
tern_optimizer *tern_optimizer_create(tern_params *params, const tern_optimizer_options *options);
void tern_optimizer_free(tern_optimizer *optimizer);
/* To be called after m, v and steps were filled from a checkpoint. */
void tern_optimizer_restored(tern_optimizer *optimizer);

/* Length of all gradients as one vector: squares added in double, block by block in order. */
double tern_optimizer_grad_norm(tern_optimizer *optimizer);
/* The factor that torch.nn.utils.clip_grad_norm_ applies: min(1, max_norm / (norm + 1e-6)); max_norm 0: 1. */
double tern_clip_scale(double norm, double max_norm);

/* One step with gradients * grad_scale. Frozen parameters stay. Rows of a row-sparse parameter that have no
 * gradient decay, and so do their moments: the result is that of a dense step, to the bit. */
void tern_optimizer_step(tern_optimizer *optimizer, double learning_rate, double grad_scale);

#endif
