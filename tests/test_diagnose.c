/* A step that isn't finite: the first cause is named, with the row it came from, kept whole or in chunks. */
#include "autograd/ops.h"
#include "tests/encoders.h"
#include "train/diagnose.h"

#include <math.h>

enum { ROWS = 3, TEXTS = 4 * ROWS, RARE = 10, WIDTH = 12 };

static const int64_t offsets[TEXTS + 1] = {0, 3, 4, 9, 11, 17, 18, 20, 23, 25, 26, 30, 31};
static const int32_t ids[31] = {1, 5, 2, 3, 9, 8, 8, 1, 0, 4,    6, 7, 7, 2, 1, 0,
                                3, 1, 2, 3, 4, 5, 6, 7, 8, RARE, 1, 2, 3, 4, 5};
static const tern_packed packed = {.n_seq = TEXTS, .n_tok = 31, .max_len = 6, .ids = ids, .offsets = offsets};
static const int64_t rows[ROWS] = {16, 3, 90};

static tern_encoder *encoder;
static tern_params *params, *heads;
static tern_tape *tape;
static tern_batch batch;
static double factor; /* of the loss */

/* factor * the first head value * the sum of the vectors' first components: small numbers, whatever the factor. */
static tern_tensor *loss_of(void *context, tern_tape *on, tern_tensor *x)
{
    (void)context;
    tern_tensor *y = tern_linear(on, tern_columns_of(on, x, 0, 1), heads->table[0].tensor, NULL);
    tern_tensor *sum = tern_sum(on, y);
    return tern_weighted_sum(on, &sum, &factor, 1);
}

static void set_up(void)
{
    tern_encoder_config config = {
        .bert = tiny_bert(2), .n_modules = 1, .modules = {{.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN}}};
    encoder = learning_encoder(&config, 1);
    params = tern_encoder_params(encoder);
    heads = tern_params_create();
    tern_tensor *w = tern_params_add(heads, "data.train.classifier", 1, 1, 0);
    tern_params_allocate(heads);
    tern_params_want_grads(heads);
    *w->data = 1;
    batch = (tern_batch){.packed = packed, .n = ROWS, .n_texts = TEXTS, .has_positive = 1, .n_negatives = 2};
    factor = 1;
    tape = tern_tape_create();
}

static void tear_down(void)
{
    tern_tape_free(tape);
    tern_params_free(heads);
    tern_encoder_free(encoder);
}

static void expect_zero(const tern_params *all)
{
    for (int64_t i = 0; i < all->size; i++)
        ck_assert(all->grad[i] == 0);
}

/* The cause, as a whole and in chunks. */
static void expect_cause(const char *wanted)
{
    tern_pass pass = {.batch = &packed, .dropout = 0.1, .seed = 4, .step = 2};
    tern_backprop job = {.encoder = encoder, .pass = &pass, .loss = loss_of};
    tern_diagnosis d = {.job = &job, .batch = &batch, .rows = rows, .heads = heads};
    const int64_t chunks[] = {0, 1, 7, 12};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        job.chunk_tokens = chunks[i];
        char *cause = tern_diagnose(tape, &d);
        ck_assert_str_eq(cause, wanted);
        free(cause);
        expect_zero(params);
        expect_zero(heads);
        ck_assert(tern_tape_recording(tape));
    }
}

static tern_tensor *param(const char *name)
{
    tern_param *p = tern_params_find(params, name);
    ck_assert_ptr_nonnull(p);
    return p->tensor;
}

START_TEST(a_parameter_is_named_with_the_place_in_it)
{
    tern_tensor *bias = param("encoder.layer.1.output.dense.bias");
    bias->data[5] = NAN;
    bias->data[7] = INFINITY;
    expect_cause(
        "the parameter encoder.layer.1.output.dense.bias is nan (at [0,5], 2 of its 12 values are not finite)");
}
END_TEST

START_TEST(what_the_losses_learn_is_looked_at_too)
{
    *heads->table[0].tensor->data = -INFINITY;
    expect_cause("the parameter data.train.classifier is -inf (at [0,0], 1 of its 1 values are not finite)");
}
END_TEST

/* The rare token is in one sequence alone, the fourth negative: the second of the row in the middle. */
START_TEST(an_activation_is_named_with_the_text_it_came_from)
{
    tern_tensor *word = param("embeddings.word_embeddings.weight");
    for (int64_t j = 0; j < WIDTH; j++) {
        float sign = j % 2 ? 1 : -1;
        word->data[RARE * WIDTH + j] = sign * 3e38f;
        param("embeddings.position_embeddings.weight")->data[j] = sign * 1e38f;
    }
    expect_cause("embedding in embeddings gives -inf for negative 2 of row 4");
}
END_TEST

START_TEST(an_activation_of_a_later_layer_is_named)
{
    tern_tensor *up = param("encoder.layer.1.intermediate.dense.weight");
    for (size_t i = 0; i < tern_tensor_size(up); i++)
        up->data[i] = 3e38f;
    expect_cause("feed_forward in encoder.layer.1 gives nan for the anchor of row 17");
}
END_TEST

START_TEST(an_operation_of_the_loss_is_named)
{
    factor = 1e300;
    expect_cause("weighted_sum in the loss gives inf");
}
END_TEST

START_TEST(a_gradient_is_named_with_its_parameter)
{
    *heads->table[0].tensor->data = 1e-38f;
    factor = 3e38;
    expect_cause("the backward of linear in the loss makes the gradient of data.train.classifier inf");
}
END_TEST

/* The vectors are tiny, so the loss is finite; the bias's gradient is the sum over all texts. A frozen scale has none.
 */
START_TEST(a_gradient_in_the_model_is_named)
{
    tern_tensor *gamma = param("encoder.layer.1.output.LayerNorm.weight");
    for (int64_t j = 0; j < WIDTH; j++)
        gamma->data[j] = 1e-30f;
    gamma->needs_grad = 0;
    gamma->grad = NULL;
    factor = 4e37;
    expect_cause("the backward of layer_norm in encoder.layer.1 makes the gradient of "
                 "encoder.layer.1.output.LayerNorm.bias inf");
}
END_TEST

START_TEST(a_step_that_is_finite_when_done_again_is_said_to_be)
{
    expect_cause("done again, every value of the step is finite");
}
END_TEST

START_TEST(the_sentence_has_step_value_cause_rows_and_advice)
{
    tern_error error = {{0}};
    tern_pass pass = {.batch = &packed};
    tern_backprop job = {.encoder = encoder, .pass = &pass, .loss = loss_of};
    tern_diagnosis d = {.job = &job, .batch = &batch, .rows = rows, .data = "faq.csv"};
    param("embeddings.LayerNorm.weight")->data[0] = -NAN;
    ck_assert_int_eq(tern_diagnose_fail(tape, &d, "loss", -NAN, 12, &error), -1);
    ck_assert_str_eq(error.message,
                     "step 12: the loss is nan: the parameter embeddings.LayerNorm.weight is nan (at [0,0], 1 of its "
                     "12 values are not finite); the batch is rows 17, 4, 91 of faq.csv; lower train.learning_rate, or "
                     "look at those rows and the model's weights");
}
END_TEST

START_TEST(finite_parameters_have_nothing_to_say)
{
    ck_assert_ptr_null(tern_diagnose_params(params));
    ck_assert_ptr_null(tern_diagnose_params(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diagnose");
    TCase *tc = tcase_create("diagnose");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_parameter_is_named_with_the_place_in_it);
    tcase_add_test(tc, what_the_losses_learn_is_looked_at_too);
    tcase_add_test(tc, an_activation_is_named_with_the_text_it_came_from);
    tcase_add_test(tc, an_activation_of_a_later_layer_is_named);
    tcase_add_test(tc, an_operation_of_the_loss_is_named);
    tcase_add_test(tc, a_gradient_is_named_with_its_parameter);
    tcase_add_test(tc, a_gradient_in_the_model_is_named);
    tcase_add_test(tc, a_step_that_is_finite_when_done_again_is_said_to_be);
    tcase_add_test(tc, the_sentence_has_step_value_cause_rows_and_advice);
    tcase_add_test(tc, finite_parameters_have_nothing_to_say);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
