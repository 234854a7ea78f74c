/* Losses against sentence-transformers (tests/goldens/losses.json, make_loss_goldens.py), and what their options mean.
 */
#include "tests/loss_goldens.h"

static const char *const ROLES[] = {"anchor", "positive", "negative"};

static void load(void)
{
    load_goldens("tests/goldens/losses.json");
}

static tern_loss_options options_of(const json_t *c)
{
    tern_loss_options o = {.name = string(c, "name"),
                           .scale = number(c, "scale"),
                           .symmetric = (int)number(c, "symmetric"),
                           .margin = number(c, "margin")};
    ck_assert(*string(c, "distance"));
    read_dims_and_distance(c, &o);
    return o;
}

START_TEST(values_and_gradients_are_those_of_sentence_transformers)
{
    const json_t *c = golden_case(_i);
    if (!c)
        return;
    int64_t n = (int64_t)number(goldens, "n"), dim = (int64_t)number(goldens, "dim");
    int64_t k = (int64_t)number(c, "negatives"), rows[] = {n, n, n * k};
    tern_loss_options options = options_of(c);
    tern_tensor *in[3] = {NULL};
    for (int r = 0; r < (k > 0 ? 3 : 2); r++)
        in[r] = input(ROLES[r], rows[r], dim, 1);
    tern_loss_batch batch = {.n = n, .anchor = in[0], .positive = in[1], .negative = in[2], .n_negatives = (int)k};
    if (number(c, "masked") > 0)
        batch.masked = mask_of(n, n * (1 + k));
    tern_tensor *loss = tern_loss_value(&options, tape, &batch);
    tern_tape_backward(tape, loss);
    check_value(_i, c, loss, 0);
    for (int r = 0; r < 3 && in[r]; r++)
        check_gradient(_i, c, ROLES[r], tern_tape_grad(tape, in[r]), tern_tensor_size(in[r]), 0);
}
END_TEST

START_TEST(all_goldens_are_looked_at)
{
    check_case_count(10, 32);
}
END_TEST

/* Two rows of two components, orthogonal to each other; one explicit negative a row. */
static double value_of(const tern_loss_options *options, const uint8_t *masked, int with_negative)
{
    static float a[] = {1, 0, 0, 1}, p[] = {2, 0, 0, 3}, q[] = {0.6f, 0.8f, 1, 0};
    tern_loss_batch batch = {.n = 2,
                             .anchor = tern_tape_input(tape, a, 2, 2, 0),
                             .positive = tern_tape_input(tape, p, 2, 2, 0),
                             .negative = with_negative ? tern_tape_input(tape, q, 2, 2, 0) : NULL,
                             .n_negatives = with_negative,
                             .masked = masked};
    return (double)*tern_loss_value(options, tape, &batch)->data;
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
    tcase_add_unchecked_fixture(tc, load, unload_goldens);
    tcase_add_checked_fixture(tc, make_tape, free_tape);
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
