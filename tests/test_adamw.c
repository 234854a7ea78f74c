/* AdamW, clipping and the gradient norm against PyTorch (goldens/adamw.json, and adamw_idle.json where parameters have
 * no gradient in some steps), and against themselves: a row-sparse
 * table equals a dense one to the bit, and so do one and two threads. */
#include "tests/support.h"

#include "base/hash.h"
#include "base/memory.h"
#include "train/optimizer.h"

#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* A name without gradients is idle in this step. */
static void set_grads(tern_params *params, const json_t *step)
{
    const json_t *rows = json_object_get(step, "rows");
    for (int i = 0; i < 3; i++) {
        const json_t *grads = json_object_get(json_object_get(step, "grads"), names[i]);
        params->table[i].idle = grads == NULL;
        fill(params->table[i].tensor->grad, grads);
    }
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

/* A step leaves none. */
static void check_no_gradients(const tern_params *params)
{
    for (int64_t i = 0; i < params->size; i++)
        ck_assert(params->grad[i] == 0);
    for (size_t i = 0; i < params->n; i++)
        ck_assert_int_eq(params->table[i].n_touched, 0);
}

static void follow(const char *path, const int64_t missed[3])
{
    json_error_t where;
    json_t *golden = json_load_file(path, 0, &where);
    ck_assert_msg(golden != NULL, "%s: %s", path, where.text);
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
        ck_assert_msg(fabs(norm - want) <= 1e-12 * want, "norm %.17g, not %.17g", norm, want);
        tern_optimizer_step(o, json_number_value(json_object_get(step, "learning_rate")),
                            tern_clip_scale(norm, max_norm));
        check_no_gradients(params);
        check_weights(params, step, t);
    }
    ck_assert_int_eq(o->steps, 6);
    ck_assert_mem_eq(o->missed, missed, 3 * sizeof *missed);
    tern_optimizer_free(o);
    tern_params_free(params);
    json_decref(golden);
}

START_TEST(six_clipped_steps_follow_pytorch)
{
    follow("tests/goldens/adamw.json", (int64_t[]){0, 0, 0});
}
END_TEST

START_TEST(parameters_without_a_gradient_are_passed_by_as_in_pytorch)
{
    follow("tests/goldens/adamw_idle.json", (int64_t[]){2, 3, 2});
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

/* Random weights, and gradients. */
static void start(tern_params *params)
{
    tern_params_allocate(params);
    tern_params_want_grads(params);
    for (int64_t i = 0; i < params->size; i++)
        params->value[i] = (float)(tern_random_unit(1, (uint64_t)i, 0, 0) - 0.5);
}

/* A copy of the weights, *n bytes; frees what they are of. */
static float *weights_of(tern_params *params, tern_optimizer *o, size_t *n)
{
    float *copy = tern_alloc((size_t)params->size, sizeof *copy);
    *n = (size_t)params->size * sizeof *copy;
    memcpy(copy, params->value, *n);
    tern_optimizer_free(o);
    tern_params_free(params);
    return copy;
}

/* A table of ROWS words and a matrix beside it, some steps over rows drawn by the step; the weights afterwards. */
static float *train_table(int flags, int threads, int restore_at, size_t *n)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "table", ROWS, COLS, flags);
    tern_params_add(params, "matrix", 200, 130, 0);
    start(params);
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
        check_no_gradients(params);
    }
    return weights_of(params, o, n);
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

/* Two tensors, one of them a row-sparse table with two used rows; some steps at the rates given; the weights. */
static float *train_two(double learning_rate, const double *rate, size_t *n)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "table", 20, 24, TERN_PARAM_ROW_SPARSE);
    tern_params_add(params, "matrix", 150, 130, 0);
    start(params);
    tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.1, .rate = rate});
    for (uint64_t t = 0; t < STEPS; t++) {
        tern_param_touch(&params->table[0], 3);
        tern_param_touch(&params->table[0], 11);
        for (int64_t i = 0; i < params->size; i++) {
            int used = i >= 20 * 24 || i / 24 == 3 || i / 24 == 11;
            params->grad[i] = used ? (float)(tern_random_unit(4, t, (uint64_t)i, 0) - 0.5) : 0;
        }
        tern_optimizer_step(o, learning_rate, 1);
        check_no_gradients(params);
    }
    return weights_of(params, o, n);
}

START_TEST(factors_of_one_change_no_bit)
{
    size_t n;
    float *plain = train_two(0.01, NULL, &n);
    check_same(plain, train_two(0.01, (const double[]){1, 1}, &n), n);
}
END_TEST

START_TEST(a_factor_scales_the_rate_and_the_decay_of_its_parameter)
{
    size_t n, table = 20 * 24 * sizeof(float);
    float *both = train_two(0.01, (const double[]){0.5, 2}, &n);
    float *half = train_two(0.005, NULL, &n), *twice = train_two(0.02, NULL, &n);
    ck_assert_mem_eq(both, half, table);
    ck_assert_mem_eq(both + 20 * 24, twice + 20 * 24, n - table);
    free(both);
    free(half);
    free(twice);
}
END_TEST

static tern_params *small_params(float grad)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "w", 2, 3, 0);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    for (int i = 0; i < 6; i++)
        params->table[0].tensor->grad[i] = grad;
    return params;
}

START_TEST(two_optimizers_have_one_norm)
{
    tern_params *a = small_params(3), *b = small_params(4), *none = tern_params_create();
    tern_params_allocate(none);
    tern_params_want_grads(none);
    tern_optimizer *of_a = tern_optimizer_create(a, &(tern_optimizer_options){0});
    tern_optimizer *of_b = tern_optimizer_create(b, &(tern_optimizer_options){0});
    tern_optimizer *of_none = tern_optimizer_create(none, &(tern_optimizer_options){0});
    tern_optimizer *all[] = {of_a, NULL, of_none, of_b};
    ck_assert_double_eq(tern_optimizers_grad_norm(all, 4), sqrt(6 * 25.0));
    ck_assert_double_eq(tern_optimizers_grad_norm(all, 3), tern_optimizer_grad_norm(of_a));
    tern_optimizer_step(NULL, 1, 1);
    tern_optimizer_step(of_none, 1, 1);
    for (int i = 0; i < 4; i++)
        tern_optimizer_free(all[i]);
    tern_params_free(a);
    tern_params_free(b);
    tern_params_free(none);
}
END_TEST

static size_t resident_pages(float *x, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
    uintptr_t from = ((uintptr_t)x + page - 1) / page * page, to = (uintptr_t)(x + n) / page * page;
    size_t pages = (to - from) / page;
    unsigned char *in = tern_alloc(pages, 1);
    ck_assert(mincore((void *)from, to - from, in) == 0);
    for (size_t i = 0; i < pages; i++)
        count += in[i] & 1;
    free(in);
    return count;
}

START_TEST(rows_never_used_take_no_memory_after_a_restore)
{
    enum { MANY = 4096, WIDE = 256 };
    tern_params *params = tern_params_create();
    tern_params_add(params, "table", MANY, WIDE, TERN_PARAM_ROW_SPARSE);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){0});
    memset(o->m, 0, (size_t)params->size * sizeof *o->m);
    memset(o->v, 0, (size_t)params->size * sizeof *o->v);
    for (int64_t c = 0; c < WIDE; c++)
        o->m[1000 * WIDE + c] = o->v[3000 * WIDE + c] = 1;
    tern_optimizer_restored(o);
    ck_assert_uint_lt(resident_pages(o->m, MANY * WIDE), 8);
    ck_assert_uint_lt(resident_pages(o->v, MANY * WIDE), 8);
    for (int64_t i = 0; i < MANY * WIDE; i++) {
        ck_assert(o->m[i] == (i / WIDE == 1000));
        ck_assert(o->v[i] == (i / WIDE == 3000));
    }
    ck_assert(o->seen[0][1000] && o->seen[0][3000] && !o->seen[0][2000]);
    tern_optimizer_free(o);
    tern_params_free(params);
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
    ck_assert_double_eq(tern_optimizer_grad_norm(o), 0);
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
    tcase_add_test(tcase, parameters_without_a_gradient_are_passed_by_as_in_pytorch);
    tcase_add_test(tcase, clipping_scales_only_what_is_too_long);
    tcase_add_test(tcase, a_sparse_table_equals_a_dense_one_to_a_rounding);
    tcase_add_test(tcase, one_and_two_threads_give_the_same_bits);
    tcase_add_test(tcase, restored_moments_give_the_same_bits);
    tcase_add_test(tcase, factors_of_one_change_no_bit);
    tcase_add_test(tcase, a_factor_scales_the_rate_and_the_decay_of_its_parameter);
    tcase_add_test(tcase, two_optimizers_have_one_norm);
    tcase_add_test(tcase, rows_never_used_take_no_memory_after_a_restore);
    tcase_add_test(tcase, frozen_parameters_stay);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
