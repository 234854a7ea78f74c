/* In-batch and triplet losses against sentence-transformers (tests/goldens/losses_in_batch.json,
 * make_in_batch_goldens.py), what is masked, and what they do at their edges. */
#include "base/hash.h"
#include "tests/loss_goldens.h"

#include <omp.h>

enum { MOST_CASES = 80 };

static void load(void)
{
    load_goldens("tests/goldens/losses_in_batch.json");
}

static tern_loss_options options_of(const json_t *c)
{
    tern_loss_options o = tern_loss_defaults(string(c, "name"));
    o.scale = number_or(c, "scale", 0);
    o.directions = (unsigned)number_or(c, "directions", 0);
    o.partition = number_or(c, "joint", 0) > 0 ? TERN_JOINT : TERN_PER_DIRECTION;
    o.hardness = (tern_hardness)number_or(c, "hardness", 0);
    o.hardness_strength = number_or(c, "hardness_strength", 0);
    o.guide_margin = number_or(c, "relative", 0) > 0 ? TERN_MARGIN_RELATIVE : TERN_MARGIN_ABSOLUTE;
    o.without_anchors = (int)number_or(c, "without_anchors", 0);
    o.without_positives = (int)number_or(c, "without_positives", 0);
    o.margin = number_or(c, "margin", NAN);
    o.negative_margin = number_or(c, "negative_margin", NAN);
    read_dims_and_distance(c, &o);
    if (number_or(c, "learned_scale", 0) > 0)
        o.weights.log_scale = input("log_scale", 1, 1, 1);
    return o;
}

static tern_loss_batch pairs_of(const json_t *c)
{
    int64_t n = (int64_t)number(goldens, "n"), dim = (int64_t)number(goldens, "dim");
    int64_t guide = (int64_t)number(goldens, "guide_dim"), k = (int64_t)number_or(c, "negatives", 0);
    tern_loss_batch batch = {.n = n, .n_negatives = (int)k};
    batch.anchor = input("anchor", n, dim, 1);
    batch.positive = input("positive", n, dim, 1);
    batch.other.anchor = input("guide_anchor", n, guide, 0);
    batch.other.positive = input("guide_positive", n, guide, 0);
    if (k > 0) {
        batch.negative = input("negative", n * k, dim, 1);
        batch.other.negative = input("guide_negative", n * k, guide, 0);
    }
    if (number_or(c, "masked", 0) > 0)
        batch.masked = mask_of(n, n * (1 + k));
    return batch;
}

static tern_loss_batch texts_of(const char *inputs)
{
    const json_t *labels = json_object_get(json_object_get(goldens, "labels"), inputs);
    size_t n = json_array_size(labels);
    int64_t *label = tern_arena_alloc(tern_tape_arena(tape), n * sizeof *label);
    for (size_t i = 0; i < n; i++)
        label[i] = json_integer_value(json_array_get(labels, i));
    return (tern_loss_batch){
        .n = (int64_t)n, .anchor = input(inputs, (int64_t)n, (int64_t)number(goldens, "dim"), 1), .label = label};
}

static void compare(int index, const json_t *c, const tern_loss_options *o, const tern_loss_batch *batch,
                    const tern_tensor *loss)
{
    const char *const names[] = {"anchor", "positive", "negative", "log_scale"};
    tern_tensor *const in[] = {batch->anchor, batch->positive, batch->negative, o->weights.log_scale};
    check_value(index, c, loss, 1e-3);
    for (int r = 0; r < 4; r++) {
        ck_assert_int_eq(json_object_get(json_object_get(c, "gradients"), names[r]) != NULL, in[r] != NULL);
        if (in[r])
            check_gradient(index, c, names[r], tern_tape_grad(tape, in[r]), tern_tensor_size(in[r]), 1e-3);
    }
}

START_TEST(values_and_gradients_are_those_of_sentence_transformers)
{
    const json_t *c = golden_case(_i);
    if (!c)
        return;
    const char *inputs = string(c, "inputs");
    tern_loss_options o = options_of(c);
    tern_loss_batch batch = strcmp(inputs, "own") == 0 ? pairs_of(c) : texts_of(inputs);
    tern_tensor *loss = tern_loss_value(&o, tape, &batch);
    tern_tape_backward(tape, loss);
    compare(_i, c, &o, &batch, loss);
}
END_TEST

START_TEST(all_goldens_are_looked_at)
{
    check_case_count(60, MOST_CASES);
}
END_TEST

/* Values in (-1, 1), another stream for each call's name. */
static tern_tensor *leaf(uint64_t stream, int64_t rows, int64_t cols)
{
    float *x = tern_arena_alloc(tern_tape_arena(tape), (size_t)(rows * cols) * sizeof *x);
    for (int64_t i = 0; i < rows * cols; i++)
        x[i] = (float)(2 * tern_random_unit(1, stream, (uint64_t)i, 0) - 1);
    return tern_tape_input(tape, x, rows, cols, 1);
}

static tern_loss_batch random_batch(int64_t n, int negatives, int64_t dim)
{
    return (tern_loss_batch){
        .n = n,
        .anchor = leaf(1, n, dim),
        .positive = leaf(2, n, dim),
        .negative = negatives ? leaf(3, n * negatives, dim) : NULL,
        .n_negatives = negatives,
        .other = {leaf(4, n, dim), leaf(5, n, dim), negatives ? leaf(6, n * negatives, dim) : NULL}};
}

static double value_of(const tern_loss_options *o, const tern_loss_batch *batch)
{
    return (double)*tern_loss_value(o, tape, batch)->data;
}

static const unsigned ALL = TERN_QUERY_TO_DOC | TERN_DOC_TO_QUERY | TERN_QUERY_TO_QUERY | TERN_DOC_TO_DOC;

START_TEST(no_matrix_of_similarities_is_held)
{
    enum { N = 2048, DIM = 4 };
    int threads = omp_get_max_threads();
    const char *const names[] = {"multiple_negatives_ranking", "guided", "mega_batch_margin"};
    omp_set_num_threads(2);
    for (int i = 0; i < 3; i++) {
        tern_loss_options o = tern_loss_defaults(names[i]);
        o.directions = ALL;
        o.partition = TERN_JOINT;
        tern_loss_batch batch = random_batch(N, 1, DIM);
        tern_tape_backward(tape, tern_loss_value(&o, tape, &batch));
        size_t held = tern_tape_capacity(tape), matrix = (size_t)N * 2 * N * sizeof(float);
        ck_assert_msg(held < matrix / 4, "%s: %zu bytes", names[i], held);
        tern_tape_reset(tape);
    }
    omp_set_num_threads(threads);
}
END_TEST

START_TEST(symmetric_is_short_for_two_directions)
{
    tern_loss_options shorthand = tern_loss_defaults("infonce"), said = shorthand;
    tern_loss_batch batch = random_batch(9, 2, 5);
    shorthand.symmetric = 1;
    said.directions = TERN_QUERY_TO_DOC | TERN_DOC_TO_QUERY;
    ck_assert_double_eq(value_of(&shorthand, &batch), value_of(&said, &batch));
    ck_assert_double_ne(value_of(&shorthand, &batch), value_of(&(tern_loss_options){.name = "infonce"}, &batch));
}
END_TEST

START_TEST(a_learned_scale_stops_at_100_and_can_leave_it)
{
    float beyond[] = {5}, a[] = {1, 0, 0, 1}, far[] = {0, 1, 1, 0};
    tern_loss_options o = tern_loss_defaults("infonce"), fixed = o;
    tern_loss_batch right = {.n = 2, .anchor = tern_tape_input(tape, a, 2, 2, 1)}, wrong = right;
    right.positive = tern_tape_input(tape, a, 2, 2, 1);
    wrong.positive = tern_tape_input(tape, far, 2, 2, 1);
    fixed.scale = 100;
    o.weights.log_scale = tern_tape_input(tape, beyond, 1, 1, 1);
    tern_tensor *loss = tern_loss_value(&o, tape, &wrong);
    ck_assert_double_eq((double)*loss->data, value_of(&fixed, &wrong));
    tern_tape_backward(tape, loss); /* a smaller scale is a smaller loss */
    ck_assert_double_eq_tol((double)*tern_tape_grad(tape, o.weights.log_scale), 100, 1e-4);
    tern_tape_reset(tape);
    float slightly[] = {0.1f, 1, 1, 0};
    o.weights.log_scale = tern_tape_input(tape, beyond, 1, 1, 1);
    right.anchor = tern_tape_input(tape, slightly, 2, 2, 1);
    right.positive = tern_tape_input(tape, far, 2, 2, 1);
    tern_tape_backward(tape, tern_loss_value(&o, tape, &right)); /* a larger one would be */
    ck_assert_double_eq((double)*tern_tape_grad(tape, o.weights.log_scale), 0);
}
END_TEST

/* A guide for whom a pair is one point has no threshold below a text's similarity with itself. */
START_TEST(guided_never_holds_a_text_against_itself)
{
    tern_loss_options o = tern_loss_defaults("guided");
    tern_loss_batch batch = random_batch(1, 0, 3);
    o.margin = -1;
    batch.other.positive = batch.other.anchor;
    ck_assert_double_eq(value_of(&o, &batch), 0);
}
END_TEST

/* One text under two labels, and a row of each: to the text its other row is no negative. */
START_TEST(a_text_under_two_labels_is_no_negative_for_itself)
{
    float x[] = {1, 0, 1, 0, 0.8F, 0.6F, 0, 1};
    const int64_t label[] = {0, 1, 0, 1}, text[] = {7, 7, 8, 9};
    tern_loss_options o = tern_loss_defaults("batch_hard_triplet");
    tern_loss_batch batch = {.n = 4, .anchor = tern_tape_input(tape, x, 4, 2, 0), .label = label};
    o.distance = TERN_COSINE;
    o.margin = 1;
    /* Cosine distances: 0 to 2: 0.2, 0 to 3: 1, 1 likewise, 2 to 3: 0.4. Hardest negative with the text: 0 and 0. */
    ck_assert_double_eq_tol(value_of(&o, &batch), (1.2 + 2.0 + 1.0 + 1.6) / 4, 1e-6);
    batch.text = text;
    ck_assert_double_eq_tol(value_of(&o, &batch), (0.2 + 1.8 + 1.0 + 1.6) / 4, 1e-6);
}
END_TEST

START_TEST(masked_candidates_are_never_the_hardest)
{
    float a[] = {1, 0, 0, 1}, n[] = {1, 0, 0, 1};
    const uint8_t own[] = {0, 0, 1, 0, 0, 0, 0, 1}, every[] = {1, 1, 1, 1, 1, 1, 1, 1};
    tern_loss_options o = tern_loss_defaults("mega_batch_margin");
    tern_loss_batch batch = {.n = 2, .anchor = tern_tape_input(tape, a, 2, 2, 0), .n_negatives = 1};
    batch.positive = batch.anchor;
    batch.negative = tern_tape_input(tape, n, 2, 2, 0);
    ck_assert_double_eq_tol(value_of(&o, &batch), 1 - 0.3, 1e-6);
    batch.masked = own;
    o.negative_margin = -0.5;
    ck_assert_double_eq_tol(value_of(&o, &batch), 0.5, 1e-6);
    batch.masked = every;
    ck_assert_double_eq(value_of(&o, &batch), 0);
    const uint8_t repeated[] = {0, 0, 4, 0, 0, 0, 0, 4}, same[] = {2, 2, 2, 2, 2, 2, 2, 2};
    batch.masked = repeated;
    ck_assert_double_eq_tol(value_of(&o, &batch), 0.5, 1e-6);
    batch.masked = same; /* says nothing of candidates */
    ck_assert_double_eq_tol(value_of(&o, &batch), 1.5, 1e-6);
}
END_TEST

START_TEST(what_is_not_a_number_shows)
{
    const char *const names[] = {"multiple_negatives_ranking", "guided",
                                 "mega_batch_margin",          "triplet",
                                 "batch_all_triplet",          "batch_hard_triplet",
                                 "batch_semi_hard_triplet",    "batch_hard_soft_margin_triplet"};
    const int64_t label[] = {0, 1, 0, 1, 2};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tern_loss_options o = tern_loss_defaults(names[i]);
        tern_loss_batch batch = random_batch(5, 1, 3);
        batch.label = label;
        ck_assert_msg(isfinite(value_of(&o, &batch)), "%s", names[i]);
        tern_tensor *bad = i < 4 ? batch.negative : batch.anchor;
        bad->data[7] = NAN;
        ck_assert_msg(isnan(value_of(&o, &batch)), "%s", names[i]);
        tern_tape_reset(tape);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("losses_in_batch");
    TCase *tc = tcase_create("losses_in_batch");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, load, unload_goldens);
    tcase_add_checked_fixture(tc, make_tape, free_tape);
    tcase_add_loop_test(tc, values_and_gradients_are_those_of_sentence_transformers, 0, MOST_CASES);
    tcase_add_test(tc, all_goldens_are_looked_at);
    tcase_add_test(tc, no_matrix_of_similarities_is_held);
    tcase_add_test(tc, symmetric_is_short_for_two_directions);
    tcase_add_test(tc, a_learned_scale_stops_at_100_and_can_leave_it);
    tcase_add_test(tc, guided_never_holds_a_text_against_itself);
    tcase_add_test(tc, a_text_under_two_labels_is_no_negative_for_itself);
    tcase_add_test(tc, masked_candidates_are_never_the_hardest);
    tcase_add_test(tc, what_is_not_a_number_shows);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
