/* Losses against sentence-transformers (tests/goldens/losses.json, make_loss_goldens.py), and what their options mean.
 */
#include "base/memory.h"
#include "losses/loss.h"
#include "tests/support.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* Goldens are float64 from float32 inputs; a loss in float is within 2^7 units of 2^-24 of them. */
#define TOLERANCE 1e-5

static json_t *goldens;
static const char *const ROLES[] = {"anchor", "positive", "negative"};

static void load(void)
{
    goldens = json_load_file("tests/goldens/losses.json", 0, NULL);
    ck_assert_ptr_nonnull(goldens);
}

static void unload(void)
{
    json_decref(goldens);
}

static float *floats_of(const json_t *array, size_t n)
{
    float *x = tern_alloc(n, sizeof *x);
    ck_assert_uint_ge(json_array_size(array), n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)json_number_value(json_array_get(array, i));
    return x;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value) || json_is_boolean(value), "%s", key);
    return json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

static tern_distance distance_of(const char *name)
{
    return !strcmp(name, "cosine") ? TERN_COSINE : !strcmp(name, "euclidean") ? TERN_EUCLIDEAN : TERN_MANHATTAN;
}

static tern_loss_options options_of(const json_t *c)
{
    tern_loss_options o = {.name = json_string_value(json_object_get(c, "name")),
                           .scale = number(c, "scale"),
                           .symmetric = (int)number(c, "symmetric"),
                           .margin = number(c, "margin"),
                           .distance = distance_of(json_string_value(json_object_get(c, "distance")))};
    const json_t *dims = json_object_get(c, "dims"), *weights = json_object_get(c, "dim_weights");
    for (; o.n_dims < (int)json_array_size(dims); o.n_dims++) {
        o.dims[o.n_dims] = json_integer_value(json_array_get(dims, (size_t)o.n_dims));
        o.dim_weights[o.n_dims] = json_number_value(json_array_get(weights, (size_t)o.n_dims));
    }
    return o;
}

/* The first m columns of the goldens' mask. */
static uint8_t *mask_of(int64_t n, int64_t m)
{
    const json_t *all = json_object_get(goldens, "masked");
    int64_t cols = (int64_t)number(goldens, "masked_cols");
    uint8_t *masked = tern_alloc((size_t)(n * m), 1);
    for (int64_t i = 0; i < n * m; i++)
        masked[i] = json_integer_value(json_array_get(all, (size_t)(i / m * cols + i % m))) != 0;
    return masked;
}

/* Difference of two vectors over the length of the second. */
static double apart(const float *x, const float *want, size_t n)
{
    double difference = 0, length = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)x[i] - (double)want[i]) * ((double)x[i] - (double)want[i]);
        length += (double)want[i] * (double)want[i];
    }
    return sqrt(difference) / (length > 0 ? sqrt(length) : 1);
}

static void compare(int index, const json_t *c, tern_tape *tape, tern_tensor *const *in, const tern_tensor *loss)
{
    double value = number(c, "value");
    ck_assert_msg(fabs((double)*loss->data - value) <= TOLERANCE * fabs(value), "case %d: %.9g, not %.9g", index,
                  (double)*loss->data, value);
    for (int r = 0; r < 3 && in[r]; r++) {
        size_t n = tern_tensor_size(in[r]);
        float *want = floats_of(json_object_get(json_object_get(c, "gradients"), ROLES[r]), n);
        double error = apart(tern_tape_grad(tape, in[r]), want, n);
        ck_assert_msg(error <= TOLERANCE, "case %d: gradient of %s is off by %g", index, ROLES[r], error);
        free(want);
    }
}

START_TEST(values_and_gradients_are_those_of_sentence_transformers)
{
    const json_t *c = json_array_get(json_object_get(goldens, "cases"), (size_t)_i);
    if (!c)
        return;
    int64_t n = (int64_t)number(goldens, "n"), dim = (int64_t)number(goldens, "dim");
    int64_t k = (int64_t)number(c, "negatives"), rows[] = {n, n, n * k};
    tern_loss_options options = options_of(c);
    tern_tape *tape = tern_tape_create();
    tern_tensor *in[3] = {NULL};
    float *data[3] = {NULL};
    for (int r = 0; r < (k > 0 ? 3 : 2); r++) {
        data[r] = floats_of(json_object_get(json_object_get(goldens, "inputs"), ROLES[r]), (size_t)(rows[r] * dim));
        in[r] = tern_tape_input(tape, data[r], rows[r], dim, 1);
    }
    uint8_t *masked = number(c, "masked") > 0 ? mask_of(n, n * (1 + k)) : NULL;
    tern_loss_batch batch = {
        .n = n, .anchor = in[0], .positive = in[1], .negative = in[2], .n_negatives = (int)k, .masked = masked};
    tern_tensor *loss = tern_loss_value(&options, tape, &batch);
    tern_tape_backward(tape, loss);
    compare(_i, c, tape, in, loss);
    tern_tape_free(tape);
    for (int r = 0; r < 3; r++)
        free(data[r]);
    free(masked);
}
END_TEST

START_TEST(all_goldens_are_looked_at)
{
    size_t n = json_array_size(json_object_get(goldens, "cases"));
    ck_assert_uint_ge(n, 10);
    ck_assert_uint_le(n, 32);
}
END_TEST

/* Two rows of two components, orthogonal to each other; one explicit negative a row. */
static double value_of(const tern_loss_options *options, const uint8_t *masked, int with_negative)
{
    static float a[] = {1, 0, 0, 1}, p[] = {2, 0, 0, 3}, q[] = {0.6f, 0.8f, 1, 0};
    tern_tape *tape = tern_tape_create();
    tern_loss_batch batch = {.n = 2,
                             .anchor = tern_tape_input(tape, a, 2, 2, 0),
                             .positive = tern_tape_input(tape, p, 2, 2, 0),
                             .negative = with_negative ? tern_tape_input(tape, q, 2, 2, 0) : NULL,
                             .n_negatives = with_negative,
                             .masked = masked};
    double value = (double)*tern_loss_value(options, tape, &batch)->data;
    tern_tape_free(tape);
    return value;
}

START_TEST(a_scale_of_zero_means_twenty)
{
    tern_loss_options unsaid = {.name = "multiple_negatives_ranking"}, said = {.name = "infonce", .scale = 20};
    ck_assert_double_eq(value_of(&unsaid, NULL, 1), value_of(&said, NULL, 1));
}
END_TEST

START_TEST(in_batch_value_worked_by_hand)
{
    tern_loss_options o = {.name = "infonce", .scale = 2};
    /* Cosines of row 0: 1, 0, 0.6, 1; of row 1: 0, 1, 0.8, 0. */
    double first = log(exp(2) + exp(0) + exp(1.2) + exp(2)) - 2, second = log(exp(0) + exp(2) + exp(1.6) + exp(0)) - 2;
    ck_assert_double_eq_tol(value_of(&o, NULL, 1), (first + second) / 2, 1e-6);
    ck_assert_double_eq_tol(value_of(&o, NULL, 0), log(exp(2) + 1) - 2, 1e-6);
}
END_TEST

START_TEST(masked_candidates_leave_the_sum_and_the_target_never_does)
{
    tern_loss_options o = {.name = "infonce", .scale = 2};
    const uint8_t all[8] = {1, 1, 1, 1, 1, 1, 1, 1}, some[8] = {0, 1, 0, 1, 0, 0, 0, 0};
    ck_assert_double_eq(value_of(&o, all, 1), 0);
    double first = log(exp(2) + exp(1.2)) - 2, second = log(exp(0) + exp(2) + exp(1.6) + exp(0)) - 2;
    ck_assert_double_eq_tol(value_of(&o, some, 1), (first + second) / 2, 1e-6);
}
END_TEST

START_TEST(symmetric_applies_the_mask_transposed)
{
    tern_loss_options o = {.name = "infonce", .scale = 2, .symmetric = 1};
    const uint8_t masked[4] = {0, 1, 0, 0}; /* candidate 1 isn't a negative of anchor 0, nor anchor 0 of candidate 1 */
    double full = log(exp(2) + 1) - 2;
    ck_assert_double_eq_tol(value_of(&o, masked, 0), ((0 + full) / 2 + (full + 0) / 2) / 2, 1e-6);
}
END_TEST

START_TEST(triplet_defaults_and_hinge)
{
    tern_loss_options o = {.name = "triplet", .distance = TERN_COSINE, .margin = NAN};
    ck_assert_double_eq_tol(value_of(&o, NULL, 1), (0.1 + 0) / 2, 1e-6); /* row 1 is beyond the margin of 0.5 */
    o.margin = 5;
    ck_assert_double_eq_tol(value_of(&o, NULL, 1), ((0 - 0.4 + 5) + (0 - 1 + 5)) / 2, 1e-6);
    tern_loss_options unsaid = tern_loss_defaults("triplet"), said = unsaid;
    ck_assert_int_eq(unsaid.distance, TERN_EUCLIDEAN);
    said.margin = 5;
    ck_assert_double_eq(value_of(&unsaid, NULL, 1), value_of(&said, NULL, 1));
}
END_TEST

START_TEST(a_weight_of_zero_means_one_in_matryoshka)
{
    tern_loss_options one = {.name = "infonce", .dims = {2, 1}, .dim_weights = {1, 1}, .n_dims = 2}, unsaid = one;
    unsaid.dim_weights[0] = unsaid.dim_weights[1] = 0;
    ck_assert_double_eq(value_of(&one, NULL, 1), value_of(&unsaid, NULL, 1));
}
END_TEST

START_TEST(names_are_found_and_unknown_ones_are_not)
{
    ck_assert_ptr_nonnull(tern_loss_find("infonce"));
    ck_assert_int_eq(tern_loss_find("multiple_negatives_ranking")->in_batch, 1);
    ck_assert_int_eq(tern_loss_find("triplet")->needs, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE);
    ck_assert_ptr_null(tern_loss_find("triple"));
    ck_assert_ptr_null(tern_loss_find(""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("losses");
    TCase *tc = tcase_create("losses");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, load, unload);
    tcase_add_loop_test(tc, values_and_gradients_are_those_of_sentence_transformers, 0, 32);
    tcase_add_test(tc, all_goldens_are_looked_at);
    tcase_add_test(tc, a_scale_of_zero_means_twenty);
    tcase_add_test(tc, in_batch_value_worked_by_hand);
    tcase_add_test(tc, masked_candidates_leave_the_sum_and_the_target_never_does);
    tcase_add_test(tc, symmetric_applies_the_mask_transposed);
    tcase_add_test(tc, triplet_defaults_and_hinge);
    tcase_add_test(tc, a_weight_of_zero_means_one_in_matryoshka);
    tcase_add_test(tc, names_are_found_and_unknown_ones_are_not);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
