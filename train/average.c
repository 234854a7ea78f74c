#include "train/average.h"

#include "base/memory.h"

#include <string.h>

/* Neighbouring parameters with the zeros between them. */
typedef struct tern_average_run {
    int64_t from, n;
} tern_average_run;

static void add_run(tern_average *a, const tern_param *p, int joins)
{
    int64_t end = p->offset + p->tensor->rows * p->tensor->cols;
    if (!joins) {
        TERN_GROW(a->runs, a->n_runs, a->runs_capacity);
        a->runs[a->n_runs++] = (tern_average_run){.from = p->offset};
    }
    tern_average_run *run = &a->runs[a->n_runs - 1];
    run->n = end - run->from;
}

tern_average *tern_average_create(tern_params *params, double decay)
{
    TERN_CHECK(decay > 0 && decay < 1, "a decay of %g", decay);
    tern_average *a = tern_calloc(1, sizeof *a);
    a->params = params;
    a->decay = decay;
    for (size_t i = 0; i < params->n; i++)
        if (!(params->table[i].flags & TERN_PARAM_FROZEN))
            add_run(a, &params->table[i], i > 0 && !(params->table[i - 1].flags & TERN_PARAM_FROZEN));
    a->shadow = tern_calloc((size_t)params->size, sizeof *a->shadow);
    for (size_t i = 0; i < a->n_runs; i++)
        memcpy(a->shadow + a->runs[i].from, params->value + a->runs[i].from, (size_t)a->runs[i].n * sizeof *a->shadow);
    return a;
}

void tern_average_free(tern_average *average)
{
    if (!average)
        return;
    free(average->runs);
    free(average->shadow);
    free(average);
}

double tern_average_decay(double decay, int64_t t)
{
    double early = (1 + (double)t) / (10 + (double)t);
    return decay < early ? decay : early;
}

/* Written so that a weight that stays where its average is leaves the average as it is, to the bit. */
static void blend(int64_t n, tern_real take, const tern_real *value, tern_real *shadow)
{
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; i++)
        shadow[i] += take * (value[i] - shadow[i]);
}

void tern_average_update(tern_average *average, int64_t t)
{
    if (!average)
        return;
    TERN_CHECK(!average->swapped && t > 0, "step %lld is averaged into itself", (long long)t);
    tern_real take = (tern_real)(1 - tern_average_decay(average->decay, t));
    for (size_t i = 0; i < average->n_runs; i++) {
        const tern_average_run *run = &average->runs[i];
        blend(run->n, take, average->params->value + run->from, average->shadow + run->from);
    }
}

static void exchange(int64_t n, tern_real *a, tern_real *b)
{
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; i++) {
        tern_real old = a[i];
        a[i] = b[i];
        b[i] = old;
    }
}

void tern_average_swap(tern_average *average)
{
    if (!average)
        return;
    for (size_t i = 0; i < average->n_runs; i++) {
        const tern_average_run *run = &average->runs[i];
        exchange(run->n, average->params->value + run->from, average->shadow + run->from);
    }
    average->swapped = !average->swapped;
}
