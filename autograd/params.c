#include "autograd/params.h"

#include "base/integer.h"
#include "base/memory.h"

#include <string.h>

enum { ALIGN = 16 }; /* reals: every tensor starts on a 64-byte line */

tern_params *tern_params_create(void)
{
    return tern_calloc(1, sizeof(tern_params));
}

void tern_params_free(tern_params *params)
{
    if (!params)
        return;
    for (size_t i = 0; i < params->n; i++) {
        free(params->table[i].name);
        free(params->table[i].tensor);
        free(params->table[i].touched);
        free(params->table[i].is_touched);
    }
    free(params->table);
    free(params->value);
    free(params->grad);
    free(params);
}

tern_tensor *tern_params_add(tern_params *params, const char *name, int64_t rows, int64_t cols, int flags)
{
    TERN_CHECK(!params->value, "%s is added after tern_params_allocate", name);
    TERN_GROW(params->table, params->n, params->capacity);
    tern_param *p = &params->table[params->n++];
    tern_tensor *t = tern_calloc(1, sizeof *t);
    *t = (tern_tensor){.rows = rows, .cols = cols};
    if (!(flags & TERN_PARAM_FOLLOWS))
        params->size = tern_round_up(params->size, ALIGN);
    *p = (tern_param){.name = tern_strdup(name), .tensor = t, .offset = params->size, .flags = flags};
    params->count += rows * cols;
    params->size += rows * cols;
    return t;
}

void tern_params_allocate(tern_params *params)
{
    params->value = tern_alloc_aligned((size_t)params->size, sizeof *params->value);
    memset(params->value, 0, (size_t)params->size * sizeof *params->value);
    for (size_t i = 0; i < params->n; i++)
        params->table[i].tensor->data = params->value + params->table[i].offset;
}

/* calloc, not memset: rows of the embedding table that are never touched cost no memory. */
void tern_params_want_grads(tern_params *params)
{
    if (!params->grad)
        params->grad = tern_calloc((size_t)params->size, sizeof *params->grad);
    for (size_t i = 0; i < params->n; i++) {
        tern_param *p = &params->table[i];
        int frozen = (p->flags & TERN_PARAM_FROZEN) != 0;
        p->tensor->needs_grad = !frozen;
        p->tensor->grad = frozen ? NULL : params->grad + p->offset;
        if ((p->flags & TERN_PARAM_ROW_SPARSE) && !p->touched) {
            p->touched = tern_alloc((size_t)p->tensor->rows, sizeof *p->touched);
            p->is_touched = tern_calloc((size_t)p->tensor->rows, 1);
        }
    }
}

void tern_param_zero_touched(tern_param *param)
{
    int64_t cols = param->tensor->cols;
    for (int64_t k = 0; k < param->n_touched; k++) {
        memset(param->tensor->grad + (int64_t)param->touched[k] * cols, 0, (size_t)cols * sizeof *param->tensor->grad);
        param->is_touched[param->touched[k]] = 0;
    }
    param->n_touched = 0;
}

void tern_params_zero_grads(tern_params *params)
{
    for (size_t i = 0; params->grad && i < params->n; i++) {
        tern_param *p = &params->table[i];
        if (!p->tensor->grad)
            continue;
        if (p->flags & TERN_PARAM_ROW_SPARSE)
            tern_param_zero_touched(p);
        else
            memset(p->tensor->grad, 0, tern_tensor_size(p->tensor) * sizeof *p->tensor->grad);
    }
}

tern_param *tern_params_find(const tern_params *params, const char *name)
{
    for (size_t i = 0; i < params->n; i++)
        if (strcmp(params->table[i].name, name) == 0)
            return &params->table[i];
    return NULL;
}

tern_param *tern_params_of(const tern_params *params, const tern_tensor *tensor)
{
    for (size_t i = 0; i < params->n; i++)
        if (params->table[i].tensor == tensor)
            return &params->table[i];
    return NULL;
}

void tern_param_touch(tern_param *param, int64_t row)
{
    if (!param->is_touched || param->is_touched[row])
        return;
    param->is_touched[row] = 1;
    param->touched[param->n_touched++] = (int32_t)row;
}
