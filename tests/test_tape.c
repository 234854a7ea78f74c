/* The tape's rules: adding gradients, recording off, seeding, buffers that are handed out again, resets. */
#include "autograd/ops.h"
#include "tests/support.h"

#include <math.h>
#include <string.h>

static tern_tape *tape;

static void set_up(void)
{
    tape = tern_tape_create();
}

static void tear_down(void)
{
    tern_tape_free(tape);
}

START_TEST(a_tensor_used_twice_gets_both_gradients)
{
    float data[] = {1, 2, 3};
    tern_tensor *x = tern_tape_input(tape, data, 1, 3, 1);
    tern_tensor *sums[] = {tern_sum(tape, x), tern_sum(tape, x)};
    tern_tape_backward(tape, tern_weighted_sum(tape, sums, (const double[]){2, 5}, 2));
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(tern_tape_grad(tape, x)[i], 7);
}
END_TEST

START_TEST(backward_adds_to_what_a_parameter_holds)
{
    tern_params *params = tern_params_create();
    tern_tensor *w = tern_params_add(params, "w", 2, 2, 0);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    tern_tape_backward(tape, tern_sum(tape, w));
    tern_tape_reset(tape);
    tern_tape_backward(tape, tern_sum(tape, w));
    ck_assert_float_eq(w->grad[3], 2);
    tern_params_zero_grads(params);
    ck_assert_float_eq(w->grad[3], 0);
    tern_params_free(params);
}
END_TEST

START_TEST(with_recording_off_nothing_needs_a_gradient)
{
    float data[] = {1, 2};
    tern_tape_set_recording(tape, 0);
    tern_tensor *x = tern_tape_input(tape, data, 1, 2, 1);
    tern_tensor *y = tern_tanh(tape, x);
    ck_assert_int_eq(y->needs_grad, 0);
    ck_assert_ptr_null(tern_tape_grad(tape, y));
    ck_assert(!tern_tape_wants(tape, TERN_INPUTS(x)));
    tern_tape_set_recording(tape, 1);
    ck_assert_int_eq(tern_tanh(tape, x)->needs_grad, 1);
}
END_TEST

START_TEST(a_tensor_without_a_gradient_gets_none)
{
    float fixed[] = {1, 2}, learnt[] = {3, 4};
    tern_tensor *x = tern_tape_input(tape, fixed, 1, 2, 0), *w = tern_tape_input(tape, learnt, 1, 2, 1);
    tern_tape_backward(tape, tern_sum(tape, tern_stack_rows(tape, x, w)));
    ck_assert_ptr_null(x->grad);
    ck_assert_float_eq(tern_tape_grad(tape, w)[1], 1);
}
END_TEST

/* The gradient cache: a loss on the vectors alone, then the vectors made again and seeded, gives the same gradient. */
START_TEST(seeding_the_vectors_gives_the_gradient_of_the_whole)
{
    float data[] = {0.3f, -0.2f, 0.9f, 0.4f, 0.1f, -0.7f}, direct[6], seed[6];
    tern_tensor *x = tern_tape_input(tape, data, 2, 3, 1);
    tern_tape_backward(tape, tern_sum(tape, tern_tanh(tape, tern_normalize(tape, x))));
    memcpy(direct, tern_tape_grad(tape, x), sizeof direct);
    tern_tape_reset(tape);

    x = tern_tape_input(tape, data, 2, 3, 1);
    tern_tensor *vectors = tern_normalize(tape, x);
    tern_tape *loss_tape = tern_tape_create();
    tern_tensor *leaf = tern_tape_input(loss_tape, vectors->data, 2, 3, 1);
    tern_tape_backward(loss_tape, tern_sum(loss_tape, tern_tanh(loss_tape, leaf)));
    memcpy(seed, tern_tape_grad(loss_tape, leaf), sizeof seed);
    tern_tape_free(loss_tape);
    tern_tape_seed(tape, vectors, seed);
    tern_tape_backward_seeded(tape);
    ck_assert_mem_eq(tern_tape_grad(tape, x), direct, sizeof direct);
}
END_TEST

START_TEST(a_chain_holds_few_gradient_buffers)
{
    enum { N = 1 << 16, LINKS = 40 };
    float *data = calloc(N, sizeof *data);
    tern_tensor *y = tern_tape_input(tape, data, 1, N, 1);
    for (int i = 0; i < LINKS; i++)
        y = tern_gelu(tape, y);
    size_t before = tern_tape_capacity(tape);
    tern_tape_backward(tape, tern_sum(tape, y));
    ck_assert_uint_le(tern_tape_capacity(tape) - before, 4 * N * sizeof *data);
    free(data);
}
END_TEST

START_TEST(a_round_like_the_last_takes_no_new_memory)
{
    float data[300] = {0.5f};
    size_t capacity = 0;
    for (int round = 0; round < 6; round++) {
        tern_tensor *x = tern_tape_input(tape, data, 30, 10, 1);
        tern_tape_backward(tape, tern_sum(tape, tern_tanh(tape, tern_gelu(tape, x))));
        tern_tape_reset(tape);
        if (round == 2)
            capacity = tern_tape_capacity(tape);
    }
    ck_assert_uint_eq(tern_tape_capacity(tape), capacity);
}
END_TEST

START_TEST(what_nothing_uses_is_passed_over)
{
    float data[] = {1, 2};
    tern_tensor *x = tern_tape_input(tape, data, 1, 2, 1);
    tern_tanh(tape, x);
    tern_tape_backward(tape, tern_sum(tape, x));
    ck_assert_float_eq(tern_tape_grad(tape, x)[0], 1);
}
END_TEST

START_TEST(touched_rows_are_noted_once_and_zeroed)
{
    tern_params *params = tern_params_create();
    tern_params_add(params, "word", 10, 3, TERN_PARAM_ROW_SPARSE);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    tern_param *word = tern_params_find(params, "word");
    const int rows[] = {7, 2, 7};
    for (int i = 0; i < 3; i++) {
        tern_param_touch(word, rows[i]);
        word->tensor->grad[rows[i] * 3] = 1;
    }
    ck_assert_int_eq(word->n_touched, 2);
    ck_assert_int_eq(word->touched[0], 7);
    tern_params_zero_grads(params);
    ck_assert_int_eq(word->n_touched, 0);
    ck_assert_float_eq(word->tensor->grad[21], 0);
    ck_assert_ptr_null(tern_params_find(params, "words"));
    tern_params_free(params);
}
END_TEST

START_TEST(frozen_parameters_get_no_gradient)
{
    tern_params *params = tern_params_create();
    tern_tensor *w = tern_params_add(params, "w", 1, 3, TERN_PARAM_FROZEN);
    tern_params_allocate(params);
    tern_params_want_grads(params);
    ck_assert_ptr_null(w->grad);
    ck_assert_int_eq(tern_sum(tape, w)->needs_grad, 0);
    tern_params_free(params);
}
END_TEST

START_TEST(the_first_output_that_is_not_finite_is_found_with_its_place)
{
    float data[] = {1, 2, 3, 4, -2e38f, 6};
    tern_bad_value bad;
    tern_tensor *x = tern_tape_input(tape, data, 3, 2, 1);
    tern_tape_within(tape, "below");
    tern_tensor *y = tern_tanh(tape, x);
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 0);
    tern_tape_within(tape, "above");
    tern_tensor *in[] = {tern_sum(tape, x), tern_sum(tape, y)};
    tern_tensor *z = tern_weighted_sum(tape, in, (const double[]){1e5, 1}, 2);
    tern_sum(tape, z);
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 1);
    ck_assert_str_eq(bad.op, "weighted_sum");
    ck_assert_str_eq(bad.place, "above");
    ck_assert_ptr_eq(bad.tensor, z);
    ck_assert(isinf(bad.value) && bad.value < 0 && !bad.is_gradient);
    y->data[3] = NAN;
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 1);
    ck_assert_str_eq(bad.op, "tanh");
    ck_assert_str_eq(bad.place, "below");
    ck_assert_int_eq(bad.row, 1);
    ck_assert_int_eq(bad.col, 1);
    ck_assert(isnan(bad.value));
    tern_tape_reset(tape);
    tern_tape_backward(tape, tern_sum(tape, tern_tape_input(tape, data, 3, 2, 1)));
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 0);
}
END_TEST

START_TEST(a_reset_forgets_the_place)
{
    float data[] = {1, NAN};
    tern_bad_value bad;
    tern_tape_within(tape, "somewhere");
    tern_tape_reset(tape);
    tern_sum(tape, tern_tape_input(tape, data, 1, 2, 1));
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 1);
    ck_assert_ptr_null(bad.place);
}
END_TEST

/* 1e20 * 1e20 is more than a float holds. */
START_TEST(a_watched_backward_stops_at_the_first_gradient_that_is_not_finite)
{
    float data[] = {1, 2};
    tern_bad_value bad;
    tern_tensor *x = tern_tape_input(tape, data, 1, 2, 1);
    tern_tape_within(tape, "below");
    tern_tensor *y = tern_tanh(tape, x), *sum = tern_sum(tape, y);
    tern_tape_within(tape, "middle");
    tern_tensor *z = tern_weighted_sum(tape, &sum, (const double[]){1e20}, 1);
    tern_tape_within(tape, "above");
    tern_tape_seed(tape, tern_weighted_sum(tape, &z, (const double[]){1e20}, 1), &(float){1});
    ck_assert_int_eq(tern_tape_backward_watched(tape, &bad), 1);
    ck_assert_str_eq(bad.op, "weighted_sum");
    ck_assert_str_eq(bad.place, "middle");
    ck_assert_ptr_eq(bad.tensor, sum);
    ck_assert(isinf(bad.value) && bad.is_gradient);
    ck_assert_ptr_null(x->grad);
    tern_tape_reset(tape);
    x = tern_tape_input(tape, data, 1, 2, 1);
    tern_tape_seed(tape, tern_tanh(tape, x), (const float[]){1, NAN});
    ck_assert_int_eq(tern_tape_backward_watched(tape, &bad), 1);
    ck_assert_str_eq(bad.op, "seed");
    ck_assert_int_eq(bad.col, 1);
}
END_TEST

START_TEST(a_watched_backward_gives_the_bits_of_an_unwatched_one)
{
    float data[] = {0.3f, -0.2f, 0.9f}, wanted[3];
    tern_bad_value bad;
    for (int watched = 0; watched < 2; watched++) {
        tern_tensor *x = tern_tape_input(tape, data, 1, 3, 1);
        tern_tape_seed(tape, tern_sum(tape, tern_gelu(tape, tern_normalize(tape, x))), &(float){1});
        if (watched) {
            ck_assert_int_eq(tern_tape_backward_watched(tape, &bad), 0);
            ck_assert_mem_eq(x->grad, wanted, sizeof wanted);
        } else {
            tern_tape_backward_seeded(tape);
            memcpy(wanted, x->grad, sizeof wanted);
        }
        tern_tape_reset(tape);
    }
}
END_TEST

/* Two segments of tanh: backward sees each one's own values, rounded, and the outputs as they were. */
START_TEST(a_segment_brings_back_its_values_as_bfloat16)
{
    enum { N = 40000 };
    float *data = calloc(N, sizeof *data), seen[2], exact[2];
    tern_tensor *inner[2], *y = tern_tape_input(tape, data, 1, N, 1);
    for (int i = 0; i < N; i++)
        data[i] = 0.3f + 1e-5f * (float)i;
    for (int i = 0; i < 2; i++) {
        tern_tape_segment_open(tape);
        inner[i] = tern_tanh(tape, y);
        exact[i] = inner[i]->data[N - 1];
        y = tern_tanh(tape, inner[i]);
        float before = y->data[N - 1];
        tern_tape_segment_close(tape, y);
        ck_assert(y->data[N - 1] == before);
    }
    tern_bad_value bad;
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 0);
    seen[1] = inner[1]->data[N - 1];
    tern_tape_backward(tape, tern_sum(tape, y));
    seen[0] = inner[0]->data[N - 1];
    for (int i = 0; i < 2; i++) {
        ck_assert(seen[i] != exact[i]);
        ck_assert_double_le(fabs((double)seen[i] - (double)exact[i]), (double)exact[i] / 256);
    }
    free(data);
}
END_TEST

START_TEST(a_segment_in_which_nothing_learns_keeps_nothing)
{
    enum { N = 1 << 20, SEGMENTS = 8 };
    float *data = calloc(N, sizeof *data);
    for (int round = 0; round < 3; round++) {
        tern_tensor *x = tern_tape_input(tape, data, 1, N, 0);
        for (int i = 0; i < SEGMENTS; i++) {
            tern_tape_segment_open(tape);
            x = tern_tanh(tape, tern_tanh(tape, x));
            tern_tape_segment_close(tape, x);
        }
        tern_tape_reset(tape);
    }
    ck_assert_uint_le(tern_tape_capacity(tape), (SEGMENTS + 2) * N * sizeof *data + 10000);
    free(data);
}
END_TEST

START_TEST(what_is_not_finite_is_found_inside_a_segment)
{
    float data[] = {1, 2, 3, 4};
    tern_tensor *x = tern_tape_input(tape, data, 2, 2, 1), *bad_one = NULL;
    for (int i = 0; i < 3; i++) {
        tern_tape_within(tape, i == 1 ? "second" : "other");
        tern_tape_segment_open(tape);
        tern_tensor *y = tern_gelu(tape, x);
        if (i == 1) {
            bad_one = y;
            y->data[3] = NAN;
        }
        x = tern_tanh(tape, y);
        tern_tape_segment_close(tape, x);
    }
    tern_bad_value bad;
    ck_assert_int_eq(tern_tape_find_bad(tape, &bad), 1);
    ck_assert_str_eq(bad.op, "gelu");
    ck_assert_str_eq(bad.place, "second");
    ck_assert_ptr_eq(bad.tensor, bad_one);
    ck_assert(bad.row == 1 && bad.col == 1 && isnan(bad.value));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tape");
    TCase *tc = tcase_create("tape");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_tensor_used_twice_gets_both_gradients);
    tcase_add_test(tc, backward_adds_to_what_a_parameter_holds);
    tcase_add_test(tc, with_recording_off_nothing_needs_a_gradient);
    tcase_add_test(tc, a_tensor_without_a_gradient_gets_none);
    tcase_add_test(tc, seeding_the_vectors_gives_the_gradient_of_the_whole);
    tcase_add_test(tc, a_chain_holds_few_gradient_buffers);
    tcase_add_test(tc, a_round_like_the_last_takes_no_new_memory);
    tcase_add_test(tc, what_nothing_uses_is_passed_over);
    tcase_add_test(tc, touched_rows_are_noted_once_and_zeroed);
    tcase_add_test(tc, frozen_parameters_get_no_gradient);
    tcase_add_test(tc, the_first_output_that_is_not_finite_is_found_with_its_place);
    tcase_add_test(tc, a_reset_forgets_the_place);
    tcase_add_test(tc, a_watched_backward_stops_at_the_first_gradient_that_is_not_finite);
    tcase_add_test(tc, a_watched_backward_gives_the_bits_of_an_unwatched_one);
    tcase_add_test(tc, a_segment_brings_back_its_values_as_bfloat16);
    tcase_add_test(tc, a_segment_in_which_nothing_learns_keeps_nothing);
    tcase_add_test(tc, what_is_not_finite_is_found_inside_a_segment);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
