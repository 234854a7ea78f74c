/* What the tests of losses against sentence-transformers share: the file of goldens, its inputs on a tape, and the
 * check of a value and of gradients. A case's numbers are float64 from float32 inputs. */
#ifndef TERN_TESTS_LOSS_GOLDENS_H
#define TERN_TESTS_LOSS_GOLDENS_H

#include "tests/support.h"

#include "losses/loss.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* A loss in float is within 2^7 units of 2^-24 of its golden. */
#define TOLERANCE 1e-5

/* The file, and the tape of the test that runs. */
static json_t *goldens;
static tern_tape *tape;

static inline void load_goldens(const char *path)
{
    goldens = json_load_file(path, 0, NULL);
    ck_assert_msg(goldens != NULL, "%s", path);
}

static inline void unload_goldens(void)
{
    json_decref(goldens);
}

static inline void make_tape(void)
{
    tape = tern_tape_create();
}

static inline void free_tape(void)
{
    tern_tape_free(tape);
}

/* A number or a truth value of an object. */
static inline double number_or(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return !value ? otherwise : json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

static inline double number(const json_t *object, const char *key)
{
    ck_assert_msg(json_object_get(object, key) != NULL, "%s", key);
    return number_or(object, key, 0);
}

/* "" when there is none. */
static inline const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

/* Case i, or NULL when there are no more. */
static inline const json_t *golden_case(int i)
{
    return json_array_get(json_object_get(goldens, "cases"), (size_t)i);
}

static inline void check_case_count(size_t least, size_t most)
{
    size_t n = json_array_size(json_object_get(goldens, "cases"));
    ck_assert_uint_ge(n, least);
    ck_assert_uint_le(n, most);
}

/* The first rows of the goldens' input of this name, in the tape's arena. */
static inline tern_tensor *input(const char *name, int64_t rows, int64_t cols, int needs_grad)
{
    const json_t *array = json_object_get(json_object_get(goldens, "inputs"), name);
    size_t n = (size_t)(rows * cols);
    ck_assert_msg(json_array_size(array) >= n, "%s", name);
    float *x = tern_arena_alloc(tern_tape_arena(tape), n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)json_number_value(json_array_get(array, i));
    return tern_tape_input(tape, x, rows, cols, needs_grad);
}

/* The first m columns of the goldens' mask, in the tape's arena. */
static inline uint8_t *mask_of(int64_t n, int64_t m)
{
    const json_t *all = json_object_get(goldens, "masked");
    int64_t cols = (int64_t)number(goldens, "masked_cols");
    uint8_t *masked = tern_arena_alloc(tern_tape_arena(tape), (size_t)(n * m));
    for (int64_t i = 0; i < n * m; i++)
        masked[i] = json_integer_value(json_array_get(all, (size_t)(i / m * cols + i % m))) != 0;
    return masked;
}

/* The case's Matryoshka sizes and its distance, where it has them. */
static inline void read_dims_and_distance(const json_t *c, tern_loss_options *o)
{
    const json_t *dims = json_object_get(c, "dims"), *weights = json_object_get(c, "dim_weights");
    const char *distance = string(c, "distance");
    for (; o->n_dims < (int)json_array_size(dims); o->n_dims++) {
        o->dims[o->n_dims] = json_integer_value(json_array_get(dims, (size_t)o->n_dims));
        o->dim_weights[o->n_dims] = json_number_value(json_array_get(weights, (size_t)o->n_dims));
    }
    if (*distance)
        o->distance = !strcmp(distance, "cosine")      ? TERN_COSINE
                      : !strcmp(distance, "euclidean") ? TERN_EUCLIDEAN
                                                       : TERN_MANHATTAN;
}

static inline void check_value(int index, const json_t *c, const tern_tensor *loss, double least)
{
    double value = number(c, "value"), got = (double)*loss->data;
    ck_assert_msg(fabs(got - value) <= TOLERANCE * fmax(fabs(value), least), "case %d, %s: %.9g, not %.9g", index,
                  string(c, "name"), got, value);
}

/* got [n] against the gradient of that name: the length of the difference over that of the golden, or over least where
 * that is larger. What the goldens have no gradient of must have none here: not a trace. */
static inline void check_gradient(int index, const json_t *c, const char *name, const float *got, size_t n,
                                  double least)
{
    const json_t *want = json_object_get(json_object_get(c, "gradients"), name);
    double difference = 0, length = 0;
    ck_assert_msg(!want || (got && json_array_size(want) >= n), "case %d: %s", index, name);
    for (size_t i = 0; got && i < n; i++) {
        double value = want ? json_number_value(json_array_get(want, i)) : 0;
        difference += ((double)got[i] - value) * ((double)got[i] - value);
        length += value * value;
    }
    double over = fmax(sqrt(length), least), off = sqrt(difference) / (over > 0 ? over : 1);
    ck_assert_msg(want ? off <= TOLERANCE : difference == 0, "case %d, %s: gradient of %s is off by %g", index,
                  string(c, "name"), name, off);
}

#endif
