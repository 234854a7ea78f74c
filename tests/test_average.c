/* The moving average of weights, against its formula worked by hand. */
#include "tests/support.h"

#include "base/hash.h"
#include "base/memory.h"
#include "train/average.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* a [2,3], frozen [1,5], b [1,7], c [40,50] */
static tern_params *make_params(void)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "a", 2, 3, 0);
    tern_params_add(params, "frozen", 1, 5, TERN_PARAM_FROZEN);
    tern_params_add(params, "b", 1, 7, TERN_PARAM_VECTOR);
    tern_params_add(params, "c", 40, 50, 0);
    tern_params_allocate(params);
    for (size_t i = 0; i < params->n; i++)
        for (size_t k = 0; k < tern_tensor_size(params->table[i].tensor); k++)
            params->table[i].tensor->data[k] = (float)(tern_random_unit(1, i, k, 0) - 0.5);
    return params;
}

static void move(tern_params *params, uint64_t step)
{
    for (size_t i = 0; i < params->n; i++)
        for (size_t k = 0; k < tern_tensor_size(params->table[i].tensor); k++)
            params->table[i].tensor->data[k] += (float)(0.1 * tern_random_unit(2 + step, i, k, 0));
}

START_TEST(early_steps_weigh_more)
{
    ck_assert_double_eq(tern_average_decay(0.999, 1), 2.0 / 11);
    ck_assert_double_eq(tern_average_decay(0.999, 90), 0.91);
    ck_assert_double_eq(tern_average_decay(0.9, 90), 0.9);
    ck_assert_double_eq(tern_average_decay(0.9, 1LL << 40), 0.9);
}
END_TEST

START_TEST(the_average_follows_its_formula)
{
    tern_params *params = make_params();
    tern_average *a = tern_average_create(params, 0.6);
    const tern_param *b = &params->table[2];
    double want = b->tensor->data[4];
    for (int64_t t = 1; t <= 20; t++) {
        move(params, (uint64_t)t);
        tern_average_update(a, t);
        double d = fmin(0.6, (1 + (double)t) / (10 + (double)t));
        want = d * want + (1 - d) * b->tensor->data[4];
        ck_assert_double_eq_tol(a->shadow[b->offset + 4], want, 20 * 1.2e-7);
    }
    tern_average_free(a);
    tern_params_free(params);
}
END_TEST

START_TEST(weights_that_stay_are_their_own_average)
{
    tern_params *params = make_params();
    tern_average *a = tern_average_create(params, 0.9);
    for (int64_t t = 1; t <= 5; t++)
        tern_average_update(a, t);
    for (size_t i = 0; i < params->n; i++)
        if (!(params->table[i].flags & TERN_PARAM_FROZEN))
            ck_assert_mem_eq(a->shadow + params->table[i].offset, params->table[i].tensor->data,
                             tern_tensor_size(params->table[i].tensor) * sizeof(float));
    tern_average_free(a);
    tern_params_free(params);
}
END_TEST

START_TEST(swapping_twice_changes_nothing_and_frozen_weights_stay)
{
    tern_params *params = make_params();
    tern_average *a = tern_average_create(params, 0.9);
    size_t bytes = (size_t)params->size * sizeof(float);
    float *trained = tern_alloc(bytes, 1), *average = tern_alloc(bytes, 1);
    move(params, 1);
    tern_average_update(a, 1);
    memcpy(trained, params->value, bytes);
    memcpy(average, a->shadow, bytes);
    tern_average_swap(a);
    ck_assert_int_eq(a->swapped, 1);
    const tern_param *frozen = &params->table[1], *c = &params->table[3];
    ck_assert_mem_eq(frozen->tensor->data, trained + frozen->offset, 5 * sizeof(float));
    ck_assert_mem_eq(c->tensor->data, average + c->offset, 2000 * sizeof(float));
    for (int i = 0; i < 5; i++)
        ck_assert(a->shadow[frozen->offset + i] == 0);
    tern_average_swap(a);
    ck_assert_int_eq(a->swapped, 0);
    ck_assert_mem_eq(params->value, trained, bytes);
    ck_assert_mem_eq(a->shadow, average, bytes);
    free(trained);
    free(average);
    tern_average_free(a);
    tern_params_free(params);
}
END_TEST

static float *averaged(int threads, size_t *bytes)
{
    tern_params *params = make_params();
    tern_average *a = tern_average_create(params, 0.99);
    omp_set_num_threads(threads);
    for (int64_t t = 1; t <= 7; t++) {
        move(params, (uint64_t)t);
        tern_average_update(a, t);
    }
    tern_average_swap(a);
    *bytes = (size_t)params->size * sizeof(float);
    float *copy = tern_alloc(*bytes, 1);
    memcpy(copy, params->value, *bytes);
    tern_average_free(a);
    tern_params_free(params);
    return copy;
}

START_TEST(one_and_two_threads_give_the_same_bits)
{
    size_t bytes;
    float *one = averaged(1, &bytes), *two = averaged(2, &bytes);
    ck_assert_mem_eq(one, two, bytes);
    free(one);
    free(two);
}
END_TEST

START_TEST(no_average_is_no_work)
{
    tern_average_update(NULL, 1);
    tern_average_swap(NULL);
    tern_average_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("average");
    TCase *tcase = tcase_create("average");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, early_steps_weigh_more);
    tcase_add_test(tcase, the_average_follows_its_formula);
    tcase_add_test(tcase, weights_that_stay_are_their_own_average);
    tcase_add_test(tcase, swapping_twice_changes_nothing_and_frozen_weights_stay);
    tcase_add_test(tcase, one_and_two_threads_give_the_same_bits);
    tcase_add_test(tcase, no_average_is_no_work);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
