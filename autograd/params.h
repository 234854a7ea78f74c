/* Parameters: one flat array of values and one of gradients, and a table of named tensors that are views into
 * them. The optimizer, the checkpoint and the gradient check walk the flat arrays; models use the views.
 *
 *     tern_params *params = tern_params_create();
 *     tern_tensor *w = tern_params_add(params, "encoder.layer.0.output.dense.weight", 384, 1536, 0);
 *     tern_params_allocate(params);                  // now w->data exists; gradients on demand
 *     tern_params_want_grads(params);                // now w->grad exists, all zero
 */
#ifndef TERN_AUTOGRAD_PARAMS_H
#define TERN_AUTOGRAD_PARAMS_H

#include "autograd/tensor.h"

enum {
    TERN_PARAM_NO_DECAY = 1,   /* biases and LayerNorm: no weight decay */
    TERN_PARAM_FROZEN = 2,     /* no gradient, never updated, but saved */
    TERN_PARAM_ROW_SPARSE = 4, /* a table of embeddings: a step touches few rows, see touched below */
    TERN_PARAM_VECTOR = 8,     /* rank 1 in files: [cols] rather than [1, cols] */
    TERN_PARAM_FOLLOWS = 16,   /* starts where the one before it ends, so that both can be used as one tensor */
};

typedef struct tern_param {
    char *name;
    tern_tensor *tensor;
    int64_t offset; /* of its first value in the flat arrays; a multiple of 16 but for FOLLOWS */
    int flags;
    int idle; /* 1: the loss of this step doesn't use it, so it has no gradient, not even zeros; set before a step */
    /* ROW_SPARSE only: the rows that have a gradient since the last zeroing, in order of first touch. */
    int32_t *touched;
    int64_t n_touched;
    uint8_t *is_touched; /* [rows] */
} tern_param;

typedef struct tern_params {
    tern_real *value; /* [size] */
    tern_real *grad;  /* [size] or NULL */
    int64_t size;     /* includes the padding between tensors, which stays zero */
    int64_t count;    /* without it */
    tern_param *table;
    size_t n, capacity;
} tern_params;

tern_params *tern_params_create(void);
void tern_params_free(tern_params *params);
/* Adds a tensor; its data exists after tern_params_allocate. The result lives as long as params. */
tern_tensor *tern_params_add(tern_params *params, const char *name, int64_t rows, int64_t cols, int flags);
/* Allocates the values, all zero; no tensor may be added after it. */
void tern_params_allocate(tern_params *params);
/* Allocates gradients and points the tensors that aren't frozen at them. */
void tern_params_want_grads(tern_params *params);
/* Sets all gradients to zero; of row-sparse tensors only the touched rows. */
void tern_params_zero_grads(tern_params *params);
/* NULL when there is none of that name. */
tern_param *tern_params_find(const tern_params *params, const char *name);
tern_param *tern_params_of(const tern_params *params, const tern_tensor *tensor);
/* Notes that rows of a ROW_SPARSE parameter receive a gradient. */
void tern_param_touch(tern_param *param, int64_t row);
/* Sets the gradients of its touched rows to zero; they count as untouched then. */
void tern_param_zero_touched(tern_param *param);

#endif
