#include "selftest/gradcheck.h"

#include "base/memory.h"

#include <math.h>

/* Backward must add: the gradients hold this before it runs. */
static const double HELD = 0.5;
static const double SMALL_TENSOR = 1e-3;

double tern_gradcheck_error(const double *value, const double *reference, size_t n, double floor)
{
    double difference = 0, largest = floor;
    for (size_t i = 0; i < n; i++) {
        double apart = fabs(value[i] - reference[i]);
        if (!isfinite(apart))
            return INFINITY;
        difference = fmax(difference, apart);
        largest = fmax(largest, fmax(fabs(value[i]), fabs(reference[i])));
    }
    return difference > 0 ? difference / largest : 0;
}

static double largest_of(const double *x, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* The values whose gradients are compared: all parameters in turn, or every so many-th. */
typedef struct places {
    size_t *param, *index; /* [n] */
    size_t n, capacity;
} places;

static void add_place(places *p, size_t param, size_t index)
{
    if (p->n == p->capacity) {
        p->capacity = p->capacity ? 2 * p->capacity : 256;
        p->param = tern_realloc(p->param, p->capacity, sizeof *p->param);
        p->index = tern_realloc(p->index, p->capacity, sizeof *p->index);
    }
    p->param[p->n] = param;
    p->index[p->n++] = index;
}

static places places_of(const tern_check *c)
{
    places p = {0};
    for (size_t k = 0; k < c->params->n; k++) {
        size_t size = tern_tensor_size(c->params->table[k].tensor);
        size_t stride = c->sampled > 0 && size > (size_t)c->sampled ? size / (size_t)c->sampled : 1;
        for (size_t i = 0; i < size; i += stride)
            add_place(&p, k, i);
    }
    return p;
}

static void free_places(places *p)
{
    free(p->param);
    free(p->index);
}

static double weighted(const tern_real *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += tern_check_weight(i) * (double)y[i];
    return sum;
}

/* The case as one number, nothing recorded. */
static double number(const tern_check_kind *kind, tern_check *c, tern_tape *tape)
{
    tern_tape_set_recording(tape, 0);
    tern_tensor *y = kind->build(c, tape);
    double sum = weighted(y->data, tern_tensor_size(y));
    tern_tape_reset(tape);
    return sum;
}

/* The five-point formula: (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h, off by h^4 f'''''/30. */
static double difference(const tern_check_kind *kind, tern_check *c, tern_tape *tape, tern_real *x)
{
    static const double steps[] = {1, -1, 2, -2}, weights[] = {8, -8, -1, 1};
    tern_real before = *x;
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *x = (tern_real)((double)before + steps[i] * c->step);
        sum += weights[i] * number(kind, c, tape);
    }
    *x = before;
    return sum / (12 * c->step);
}

static void differences(const tern_check_kind *kind, tern_check *c, const places *p, double *numeric)
{
    tern_tape *tape = tern_tape_create();
    for (size_t i = 0; i < p->n; i++)
        numeric[i] = difference(kind, c, tape, &c->params->table[p->param[i]].tensor->data[p->index[i]]);
    tern_tape_free(tape);
}

/* Gradients by backward. Returns 0 when the result isn't that without recording. */
static int analytic(const tern_check_kind *kind, tern_check *c, const places *p, double *gradient)
{
    size_t n;
    tern_tape *tape = tern_tape_create();
    double unrecorded = number(kind, c, tape);
    for (int64_t i = 0; i < c->params->size; i++)
        c->params->grad[i] = (tern_real)HELD;
    tern_tape_set_recording(tape, 1);
    const tern_real *y = tern_check_backward(kind, c, tape, &n);
    int same = weighted(y, n) == unrecorded;
    for (size_t i = 0; i < p->n; i++)
        gradient[i] = (double)c->params->table[p->param[i]].tensor->grad[p->index[i]] - HELD;
    tern_tape_free(tape);
    return same;
}

static double worst_tensor(const tern_check *c, const places *p, const double *gradient, const double *numeric,
                           char *worst, size_t size)
{
    double floor = SMALL_TENSOR * fmax(largest_of(gradient, p->n), largest_of(numeric, p->n)), most = -1;
    for (size_t from = 0, to; from < p->n; from = to) {
        for (to = from; to < p->n && p->param[to] == p->param[from]; to++)
            ;
        double error = tern_gradcheck_error(gradient + from, numeric + from, to - from, floor);
        if (error <= most)
            continue;
        most = error;
        snprintf(worst, size, "gradient of %s of %s", c->params->table[p->param[from]].name, c->shape);
    }
    return most;
}

double tern_gradcheck(const tern_check_kind *kind, int shape, char *worst, size_t size)
{
    tern_check *c = tern_check_open(kind, shape);
    if (!c)
        return -1;
    places p = places_of(c);
    double *gradient = tern_calloc(p.n, sizeof *gradient), *numeric = tern_calloc(p.n, sizeof *numeric);
    int same = analytic(kind, c, &p, gradient);
    differences(kind, c, &p, numeric);
    double error = worst_tensor(c, &p, gradient, numeric, worst, size);
    if (!same) {
        error = INFINITY;
        snprintf(worst, size, "the result with and without recording, of %s", c->shape);
    }
    free(gradient);
    free(numeric);
    free_places(&p);
    tern_check_close(c);
    return error;
}

/* Values first, then the gradients tensor by tensor. */
static double worst_segment(const tern_check *c, size_t n_out, const double *single, const double *full, size_t n,
                            char *worst, size_t size)
{
    double most = tern_gradcheck_error(single, full, n_out, 0);
    double floor = SMALL_TENSOR * largest_of(full + n_out, n - n_out);
    snprintf(worst, size, "float result of %s", c->shape);
    for (size_t k = 0, from = n_out; k < c->params->n; k++) {
        size_t count = tern_tensor_size(c->params->table[k].tensor);
        double error = tern_gradcheck_error(single + from, full + from, count, floor);
        from += count;
        if (error <= most)
            continue;
        most = error;
        snprintf(worst, size, "float gradient of %s of %s", c->params->table[k].name, c->shape);
    }
    return most;
}

double tern_floatcheck(int index, const tern_check_kind *kind, int shape, char *worst, size_t size)
{
    tern_check *c = tern_check_open(kind, shape);
    if (!c)
        return -1;
    size_t n_grads = 0, n = tern_selftest_float_count(index, shape, NULL);
    for (size_t k = 0; k < c->params->n; k++)
        n_grads += tern_tensor_size(c->params->table[k].tensor);
    double *full = tern_calloc(n, sizeof *full), *single = tern_calloc(n, sizeof *single);
    tern_selftest_float_values(index, shape, single, n);
    size_t written = tern_check_values(kind, c, full);
    TERN_CHECK(written == n, "%s: %zu values, %zu in float", kind->name, written, n);
    double error = worst_segment(c, n - n_grads, single, full, n, worst, size);
    free(full);
    free(single);
    tern_check_close(c);
    return error;
}
