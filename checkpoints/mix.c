#include "checkpoints/mix.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int fail_differ(const tern_model *model, const tern_model *base, const char *in, tern_error *error)
{
    return tern_fail(error, "%s and %s can't be mixed: they differ in %s; give the model that the other was tuned from",
                     model->name, base->name, in);
}

/* BERT's pooler makes no vectors, and some programs leave it out of their files. */
static int is_unused(const tern_param *p)
{
    return strncmp(p->name, "pooler.", 7) == 0;
}

static int check_tensors(const tern_model *model, const tern_model *base, tern_error *error)
{
    const tern_params *a = tern_encoder_params(model->encoder), *b = tern_encoder_params(base->encoder);
    for (size_t i = 0; i < a->n; i++) {
        const tern_param *p = &a->table[i], *q = tern_params_find(b, p->name);
        if (!q && is_unused(p))
            continue;
        if (!q)
            return tern_fail(error, "%s and %s can't be mixed: only the first has %s", model->name, base->name,
                             p->name);
        if (p->tensor->rows != q->tensor->rows || p->tensor->cols != q->tensor->cols)
            return tern_fail(error,
                             "%s and %s can't be mixed: %s is [%lld, %lld] in the first, [%lld, %lld] in the "
                             "second",
                             model->name, base->name, p->name, (long long)p->tensor->rows, (long long)p->tensor->cols,
                             (long long)q->tensor->rows, (long long)q->tensor->cols);
    }
    for (size_t i = 0; i < b->n; i++)
        if (!is_unused(&b->table[i]) && !tern_params_find(a, b->table[i].name))
            return tern_fail(error, "%s and %s can't be mixed: only the second has %s", model->name, base->name,
                             b->table[i].name);
    return 0;
}

/* Weights of different words, heads or pooling have nothing in common, though their shapes may agree. */
static int check_vocabulary(const tern_model *model, const tern_model *base, tern_error *error)
{
    int32_t n = tern_tokenizer_size(model->tokenizer);
    int same = n == tern_tokenizer_size(base->tokenizer);
    for (int32_t id = 0; same && id < n; id++) {
        const char *a = tern_tokenizer_token(model->tokenizer, id), *b = tern_tokenizer_token(base->tokenizer, id);
        same = a == b || (a && b && strcmp(a, b) == 0);
    }
    return same ? 0 : fail_differ(model, base, "their vocabularies", error);
}

static int same_module(const tern_module *a, const tern_module *b)
{
    return a->kind == b->kind && (a->kind != TERN_MODULE_POOLING || a->pooling == b->pooling) &&
           (a->kind != TERN_MODULE_DENSE || a->activation == b->activation);
}

/* Weights between two that were trained for different comparisons are for neither. */
static int check_similarity(const tern_model *model, const tern_model *base, tern_error *error)
{
    const char *a = tern_similarity_name(model->similarity), *b = tern_similarity_name(base->similarity);
    if (model->similarity == base->similarity)
        return 0;
    char *how = tern_format("their similarity (%s and %s)", a, b);
    fail_differ(model, base, how, error);
    free(how);
    return -1;
}

static int check_config(const tern_model *model, const tern_model *base, tern_error *error)
{
    const tern_encoder_config *a = tern_encoder_get_config(model->encoder), *b = tern_encoder_get_config(base->encoder);
    int same = a->n_modules == b->n_modules;
    if (a->bert.heads != b->bert.heads)
        return fail_differ(model, base, "their number of attention heads", error);
    for (int i = 0; same && i < a->n_modules; i++)
        same = same_module(&a->modules[i], &b->modules[i]);
    return same ? 0 : fail_differ(model, base, "what comes after the transformer (modules.json)", error);
}

static void mix(tern_tensor *into, const tern_param *other, double share)
{
    size_t n = other ? tern_tensor_size(into) : 0;
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < n; i++)
        into->data[i] = (tern_real)(share * (double)into->data[i] + (1 - share) * (double)other->tensor->data[i]);
}

int tern_model_mix(tern_model *model, const tern_model *base, double share, tern_error *error)
{
    const tern_params *a = tern_encoder_params(model->encoder), *b = tern_encoder_params(base->encoder);
    TERN_CHECK(share >= 0 && share <= 1, "a share of %g", share);
    if (check_tensors(model, base, error) < 0 || check_vocabulary(model, base, error) < 0 ||
        check_config(model, base, error) < 0 || check_similarity(model, base, error) < 0)
        return -1;
    for (size_t i = 0; i < a->n; i++)
        mix(a->table[i].tensor, tern_params_find(b, a->table[i].name), share);
    return 0;
}
