/* AdamW, clipping and the gradient norm against PyTorch (goldens/adamw.json), and against themselves: a row-sparse
 * table equals a dense one to the bit, and so do one and two threads. */
#include "tests/support.h"

#include "autograd/gemm.h"
#include "base/hash.h"
#include "base/memory.h"
#include "train/optimizer.h"

#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <string.h>

static const char *const names[] = {"matrix", "bias", "table"};
static const int name_flags[] = {0, TERN_PARAM_NO_DECAY | TERN_PARAM_VECTOR, TERN_PARAM_ROW_SPARSE};

static int64_t int_at(const json_t *list, size_t i)
{
    return (int64_t)json_integer_value(json_array_get(list, i));
}

static void fill(float *out, const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        out[i] = (float)json_number_value(json_array_get(values, i));
}

static tern_params *make_params(const json_t *golden)
{
    tern_params *params = tern_params_create();
    for (int i = 0; i < 3; i++) {
        const json_t *shape = json_object_get(json_object_get(golden, "shapes"), names[i]);
        tern_params_add(params, names[i], int_at(shape, 0), int_at(shape, 1), name_flags[i]);
    }
    tern_params_allocate(params);
    tern_params_want_grads(params);
    for (int i = 0; i < 3; i++)
        fill(params->table[i].tensor->data, json_object_get(json_object_get(golden, "start"), names[i]));
    return params;
}

static void set_grads(tern_params *params, const json_t *step)
{
    const json_t *rows = json_object_get(step, "rows");
    for (int i = 0; i < 3; i++)
        fill(params->table[i].tensor->grad, json_object_get(json_object_get(step, "grads"), names[i]));
    for (size_t i = 0; i < json_array_size(rows); i++)
        tern_param_touch(&params->table[2], int_at(rows, i));
}

static void check_weights(const tern_params *params, const json_t *step, size_t t)
{
    for (int i = 0; i < 3; i++) {
        const json_t *want = json_object_get(json_object_get(step, "weights"), names[i]);
        for (size_t k = 0; k < json_array_size(want); k++) {
            double a = params->table[i].tensor->data[k], b = json_number_value(json_array_get(want, k));
            ck_assert_msg(fabs(a - b) < 8 * 1.2e-7 * (1 + fabs(b)), "step %zu, %s[%zu]: %.9g, not %.9g", t, names[i], k,
                          a, b);
        }
    }
}

START_TEST(six_clipped_steps_follow_pytorch)
{
    json_error_t where;
    json_t *golden = json_load_file("tests/goldens/adamw.json", 0, &where);
    ck_assert_msg(golden != NULL, "adamw.json: %s", where.text);
    tern_params *params = make_params(golden);
    double decay = json_number_value(json_object_get(golden, "weight_decay"));
    double max_norm = json_number_value(json_object_get(golden, "max_norm"));
    tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = decay});
    size_t t;
    json_t *step;
    json_array_foreach(json_object_get(golden, "steps"), t, step)
    {
        set_grads(params, step);
        double norm = tern_optimizer_grad_norm(o), want = json_number_value(json_object_get(step, "norm"));
        ck_assert_msg(fabs(norm - want) < 1e-12 * want, "norm %.17g, not %.17g", norm, want);
        tern_optimizer_step(o, json_number_value(json_object_get(step, "learning_rate")),
                            tern_clip_scale(norm, max_norm));
        tern_params_zero_grads(params);
        check_weights(params, step, t);
    }
    ck_assert_int_eq(o->steps, 6);
    tern_optimizer_free(o);
    tern_params_free(params);
    json_decref(golden);
}
END_TEST

START_TEST(clipping_scales_only_what_is_too_long)
{
    ck_assert_double_eq(tern_clip_scale(0.5, 1), 1);
    ck_assert_double_eq(tern_clip_scale(4, 1), 1 / (4 + 1e-6));
    ck_assert_double_eq(tern_clip_scale(4, 0), 1);
    ck_assert_double_eq(tern_clip_scale(0, 1), 1);
}
END_TEST

enum { ROWS = 700, COLS = 48, STEPS = 5 };

/* A table of ROWS words and a matrix beside it, some steps over rows drawn by the step; the weights afterwards. */
static float *train_table(int flags, int threads, int restore_at, size_t *n)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "table", ROWS, COLS, flags);
    tern_params_add(params, "matrix", 200, 130, 0);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    for (int64_t i = 0; i < params->size; i++)
        params->value[i] = (float)(tern_random_unit(1, (uint64_t)i, 0, 0) - 0.5);
    tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.1});
    omp_set_num_threads(threads);
    for (uint64_t t = 0; t < STEPS; t++) {
        for (uint64_t k = 0; k < 40; k++) {
            int64_t row = (int64_t)tern_random_below(ROWS, 2, t, k, 0);
            tern_param_touch(&params->table[0], row);
            for (int64_t c = 0; c < COLS; c++)
                params->grad[row * COLS + c] = (float)(tern_random_unit(3, t, (uint64_t)row, (uint64_t)c) - 0.5);
        }
        for (int64_t i = 0; i < 200 * 130; i++)
            params->table[1].tensor->grad[i] = (float)(tern_random_unit(4, t, (uint64_t)i, 0) - 0.5);
        if ((int)t == restore_at)
            tern_optimizer_restored(o);
        tern_optimizer_step(o, 0.01, tern_clip_scale(tern_optimizer_grad_norm(o), 1));
        tern_params_zero_grads(params);
    }
    float *copy = tern_alloc((size_t)params->size, sizeof *copy);
    *n = (size_t)params->size * sizeof *copy;
    memcpy(copy, params->value, *n);
    tern_optimizer_free(o);
    tern_params_free(params);
    return copy;
}

static void check_same(float *a, float *b, size_t n)
{
    ck_assert(memcmp(a, b, n) == 0);
    free(a);
    free(b);
}

START_TEST(a_sparse_table_equals_a_dense_one_to_a_rounding)
{
    size_t n;
    float *sparse = train_table(TERN_PARAM_ROW_SPARSE, 2, -1, &n), *dense = train_table(0, 2, -1, &n);
    for (size_t i = 0; i < n / sizeof *sparse; i++)
        ck_assert_msg(fabsf(sparse[i] - dense[i]) <= 1.2e-7F, "%zu: %.9g, %.9g", i, (double)sparse[i],
                      (double)dense[i]);
    free(sparse);
    free(dense);
}
END_TEST

START_TEST(one_and_two_threads_give_the_same_bits)
{
    size_t n;
    float *one = train_table(TERN_PARAM_ROW_SPARSE, 1, -1, &n);
    check_same(one, train_table(TERN_PARAM_ROW_SPARSE, 2, -1, &n), n);
}
END_TEST

START_TEST(restored_moments_give_the_same_bits)
{
    size_t n;
    float *whole = train_table(TERN_PARAM_ROW_SPARSE, 2, -1, &n);
    check_same(whole, train_table(TERN_PARAM_ROW_SPARSE, 2, 3, &n), n);
}
END_TEST

START_TEST(frozen_parameters_stay)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "frozen", 3, 3, TERN_PARAM_FROZEN);
    tern_params_add(params, "free", 3, 3, 0);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    for (int i = 0; i < 9; i++)
        params->table[0].tensor->data[i] = params->table[1].tensor->data[i] = 1;
    tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.5});
    tern_optimizer_step(o, 0.1, 1);
    ck_assert_float_eq(params->table[0].tensor->data[4], 1);
    ck_assert_float_eq(params->table[1].tensor->data[4], 0.95F);
    tern_optimizer_free(o);
    tern_params_free(params);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("adamw");
    TCase *tcase = tcase_create("adamw");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, six_clipped_steps_follow_pytorch);
    tcase_add_test(tcase, clipping_scales_only_what_is_too_long);
    tcase_add_test(tcase, a_sparse_table_equals_a_dense_one_to_a_rounding);
    tcase_add_test(tcase, one_and_two_threads_give_the_same_bits);
    tcase_add_test(tcase, restored_moments_give_the_same_bits);
    tcase_add_test(tcase, frozen_parameters_stay);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
