/* AdamW with decoupled weight decay over all parameters of a model, and the global norm of their gradients.
 *
 *     tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.01});
 *     double norm = tern_optimizer_grad_norm(o);
 *     tern_optimizer_step(o, learning_rate, tern_clip_scale(norm, max_norm));      // gradients are zero now
 *
 * What the losses learn has an optimizer of its own; the two are clipped as one:
 *
 *     tern_optimizer *both[] = {of_model, of_heads};                  // of_heads may be NULL
 *     double scale = tern_clip_scale(tern_optimizers_grad_norm(both, 2), max_norm);
 *     for (int i = 0; i < 2; i++)
 *         tern_optimizer_step(both[i], learning_rate, scale);
 *
 * All walk the flat arrays in blocks of a fixed size, so results don't depend on the number of threads. */
#ifndef TERN_TRAIN_OPTIMIZER_H
#define TERN_TRAIN_OPTIMIZER_H

#include "autograd/params.h"

/* Zero means the default of torch.optim.AdamW, but for weight_decay: 0 is none. */
typedef struct tern_optimizer_options {
    double beta1;        /* 0.9 */
    double beta2;        /* 0.999 */
    double eps;          /* 1e-8 */
    double weight_decay; /* of parameters without TERN_PARAM_NO_DECAY */
    const double *rate;  /* [params->n] factors of the learning rate, copied; NULL: all 1. See train/groups.h */
} tern_optimizer_options;

typedef struct tern_optimizer {
    tern_real *m, *v; /* [params->size] moments, at the offsets of the weights; zero at first. Those of frozen
                         parameters are never touched, so they take no memory */
    int64_t steps;    /* taken so far */
    int64_t *missed;  /* [params->n] of those, how many found the parameter idle */
    /* Private. */
    tern_params *params;
    tern_optimizer_options options;
    struct tern_block *blocks;
    int64_t n_blocks;
    double *sums;                     /* [n_blocks] */
    struct tern_adamw_step *settings; /* [params->n] of the step that is being taken */
    uint8_t **seen; /* [params->n] of a row-sparse one [rows]: 1 when m or v of the row may differ from zero */
} tern_optimizer;

/* params must have gradients (tern_params_want_grads) and outlive the result. */
tern_optimizer *tern_optimizer_create(tern_params *params, const tern_optimizer_options *options);
/* Accepts NULL. */
void tern_optimizer_free(tern_optimizer *optimizer);
/* To be called after m, v, steps and missed were filled from a checkpoint. Memory that only zeros of a row-sparse
 * parameter's moments were read into is given back. */
void tern_optimizer_restored(tern_optimizer *optimizer);

/* Length of all gradients as one vector: squares added in double, block by block in order. */
double tern_optimizer_grad_norm(tern_optimizer *optimizer);
/* The same over the gradients of n optimizers together; NULL ones are passed over. */
double tern_optimizers_grad_norm(tern_optimizer *const *optimizers, int n);
/* The factor that torch.nn.utils.clip_grad_norm_ applies: min(1, max_norm / (norm + 1e-6)); max_norm 0: 1. */
double tern_clip_scale(double norm, double max_norm);

/* One step with gradients * grad_scale; each parameter's rate is learning_rate times its factor, which its weight decay
 * follows too, as in PyTorch's parameter groups. Frozen parameters stay. So do idle ones, with their moments and the
 * count of steps that their bias correction goes by, as torch.optim passes by a parameter whose grad is None. Rows of a
 * row-sparse parameter that have no gradient decay, and so do their moments: the result is that of a dense step, to the
 * bit. The gradients are zero afterwards. Accepts NULL. */
void tern_optimizer_step(tern_optimizer *optimizer, double learning_rate, double grad_scale);

#endif
