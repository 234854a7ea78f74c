#include "selftest/check.h"

#include "base/pair_mask.h"
#include "base/hash.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { SEED = 20240229 };

const tern_check_kind *tern_check_kind_at(int i)
{
    const tern_check_kind *const tables[] = {tern_check_ops, tern_check_losses, tern_check_models};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const tern_check_kind *kind = tables[t]; kind->name; kind++)
            if (i-- == 0)
                return kind;
    return NULL;
}

/* Normally distributed (Box and Muller 1958) and rounded to float, so that both builds compute from the same. */
static double normal(uint64_t stream, uint64_t i)
{
    double u = 1 - tern_random_unit(SEED, stream, i, 0), v = tern_random_unit(SEED, stream, i, 1);
    return (double)(float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}

double tern_check_weight(size_t i)
{
    return normal(0, i);
}

/* Scales of LayerNorm are about 1, as in a model. */
static int is_gain(const char *name)
{
    return strcmp(name, "gamma") == 0 || strstr(name, "LayerNorm.weight") != NULL;
}

static void fill(tern_check *c)
{
    for (size_t p = 0; p < c->params->n; p++) {
        const tern_param *param = &c->params->table[p];
        uint64_t stream = tern_hash(param->name, strlen(param->name), p + 1);
        double middle = is_gain(param->name) ? 1 : 0, spread = middle > 0 ? 0.25 : c->spread;
        for (size_t i = 0; i < tern_tensor_size(param->tensor); i++)
            param->tensor->data[i] = (tern_real)(float)(middle + spread * normal(stream, i));
    }
}

tern_check *tern_check_open(const tern_check_kind *kind, int shape)
{
    tern_check *c = tern_calloc(1, sizeof *c);
    c->spread = 1;
    c->step = 5e-5;
    if (!kind->make(c, shape)) {
        tern_check_close(c);
        return NULL;
    }
    if (c->encoder)
        c->params = tern_encoder_params(c->encoder);
    tern_params_allocate(c->params);
    tern_params_want_grads(c->params);
    fill(c);
    return c;
}

void tern_check_close(tern_check *c)
{
    if (!c)
        return;
    if (c->encoder)
        tern_encoder_free(c->encoder);
    else
        tern_params_free(c->params);
    for (int i = 0; i < c->n_owned; i++)
        free(c->owned[i]);
    free(c);
}

const tern_real *tern_check_backward(const tern_check_kind *kind, tern_check *c, tern_tape *tape, size_t *n)
{
    tern_tensor *y = kind->build(c, tape);
    *n = tern_tensor_size(y);
    tern_real *weights = tern_arena_alloc(tern_tape_arena(tape), *n * sizeof *weights);
    for (size_t i = 0; i < *n; i++)
        weights[i] = (tern_real)tern_check_weight(i);
    tern_tape_seed(tape, y, weights);
    tern_tape_backward_seeded(tape);
    return y->data;
}

size_t tern_check_values(const tern_check_kind *kind, tern_check *c, double *values)
{
    size_t n;
    tern_tape *tape = tern_tape_create();
    const tern_real *y = tern_check_backward(kind, c, tape, &n);
    for (size_t i = 0; values && i < n; i++)
        values[i] = (double)y[i];
    for (size_t p = 0; p < c->params->n; p++) {
        const tern_tensor *t = c->params->table[p].tensor;
        for (size_t i = 0; values && i < tern_tensor_size(t); i++)
            values[n + i] = (double)t->grad[i];
        n += tern_tensor_size(t);
    }
    tern_tape_free(tape);
    return n;
}

const int64_t *tern_check_pick(tern_check *c, int shape, const int64_t (*table)[6], int rows)
{
    if (shape >= rows - 1)
        return NULL;
    memcpy(c->number, table[shape == TERN_SELFTEST_LARGE ? rows - 1 : shape], sizeof c->number);
    return c->number;
}

tern_tensor *tern_check_tensor(tern_check *c, const char *name, int64_t rows, int64_t cols)
{
    TERN_CHECK(c->n_in < TERN_CHECK_INPUTS, "%s is one input too many", name);
    if (!c->params)
        c->params = tern_params_create();
    size_t used = strlen(c->shape);
    snprintf(c->shape + used, sizeof c->shape - used, "%s%s [%lld,%lld]", used ? ", " : "", name, (long long)rows,
             (long long)cols);
    c->in[c->n_in] = tern_params_add(c->params, name, rows, cols, 0);
    return c->in[c->n_in++];
}

void *tern_check_alloc(tern_check *c, size_t n, size_t size)
{
    TERN_CHECK(c->n_owned < TERN_CHECK_OWNED, "%d blocks", c->n_owned);
    c->owned[c->n_owned] = tern_calloc(n, size);
    return c->owned[c->n_owned++];
}

/* Ends with 0. */
static const int64_t *lengths_of(tern_check *c, int64_t which)
{
    static const int64_t few[][5] = {{1}, {1, 1, 1}, {6}, {3, 1, 5, 2}};
    enum { MANY = 41 };
    if (which < 4)
        return few[which];
    int64_t *many = tern_check_alloc(c, MANY + 1, sizeof *many);
    for (int64_t s = 0; s < MANY; s++)
        many[s] = 1 + s * 29 % 67;
    return many;
}

void tern_check_batch(tern_check *c, int64_t which, int64_t vocab)
{
    const int64_t *lengths = lengths_of(c, which);
    tern_packed *b = &c->batch;
    for (; lengths[b->n_seq]; b->n_seq++) {
        b->n_tok += lengths[b->n_seq];
        b->max_len = b->max_len > lengths[b->n_seq] ? b->max_len : lengths[b->n_seq];
    }
    int32_t *ids = tern_check_alloc(c, (size_t)b->n_tok, sizeof *ids);
    int32_t *types = tern_check_alloc(c, (size_t)b->n_tok, sizeof *types);
    int64_t *offsets = tern_check_alloc(c, (size_t)b->n_seq + 1, sizeof *offsets);
    int64_t *places = tern_check_alloc(c, (size_t)b->n_seq, sizeof *places);
    for (int64_t i = 0; i < b->n_tok; i++) {
        ids[i] = (int32_t)tern_random_below((uint64_t)vocab, SEED, 1, (uint64_t)i, 0);
        types[i] = (int32_t)(i % 2);
    }
    for (int64_t s = 0; s < b->n_seq; s++) {
        offsets[s + 1] = offsets[s] + lengths[s];
        places[s] = (s * 5 + 3) % 7;
    }
    b->ids = ids;
    b->types = which >= 2 ? types : NULL;
    b->offsets = offsets;
    b->places = which == 3 ? places : NULL;
    snprintf(c->shape, sizeof c->shape, "%lld sequences, %lld tokens", (long long)b->n_seq, (long long)b->n_tok);
}

void tern_check_mask(tern_check *c, int64_t n, int64_t m)
{
    c->masked = tern_check_alloc(c, (size_t)(n * m), 1);
    for (int64_t i = 0; i < n * m; i++)
        if (i / m == n - 1)
            c->masked[i] = TERN_PAIR_NO_NEGATIVE;
        else if (tern_random_below(4, SEED, 2, (uint64_t)i, 0) == 0)
            c->masked[i] = (uint8_t)(1 << tern_random_below(3, SEED, 2, (uint64_t)i, 1));
}
