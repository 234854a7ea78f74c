/* Thirty training steps against PyTorch in float64 from the same float32 weights; tests/goldens/training.json holds
 * PyTorch's side, make_training_golden.py beside it made it. Dropout is off, the batches are the rows in order. */
#include "tests/support.h"

#include "autograd/ops.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "data/rows.h"
#include "encoders/encoder.h"
#include "losses/loss.h"
#include "train/batch.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/tokens.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { STEPS = 30, BATCH = 16 };

static const double LOSS_TOLERANCE = 1e-5; /* relative; of the gradient's norm too */
static const double WEIGHT_TOLERANCE = 5e-6;

typedef struct step {
    double loss, grad_norm, learning_rate;
} step;

static json_t *golden;
static tern_model *model;
static tern_params *params;
static tern_real *before; /* the weights that training started from */
static step steps[STEPS];

static double setting(const char *key)
{
    return json_number_value(json_object_get(json_object_get(golden, "settings"), key));
}

static double step_golden(int k, const char *key)
{
    return json_number_value(json_object_get(json_array_get(json_object_get(golden, "steps"), (size_t)k), key));
}

static tern_tensor *batch_loss(tern_tape *tape, const tern_batch *batch)
{
    tern_pass pass = {.tape = tape, .batch = &batch->packed, .dropout = 0};
    tern_tensor *vectors = tern_batch_vectors(batch, tape, tern_encoder_embed(model->encoder, &pass));
    tern_loss_batch roles = {.n = batch->n, .n_negatives = 1};
    roles.anchor = tern_rows_of(tape, vectors, 0, BATCH);
    roles.positive = tern_rows_of(tape, vectors, BATCH, BATCH);
    roles.negative = tern_rows_of(tape, vectors, 2 * BATCH, BATCH);
    tern_loss_options options = {.name = "multiple_negatives_ranking", .scale = setting("scale")};
    return tern_loss_value(&options, tape, &roles);
}

static void train(const tern_rows *rows)
{
    tern_tokens *tokens = tern_tokens_create(model, model->query_prompt, model->document_prompt, rows);
    tern_tape *tape = tern_tape_create();
    tern_optimizer *optimizer =
        tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = setting("weight_decay")});
    tern_schedule schedule = {
        .kind = TERN_RATE_LINEAR, .peak = setting("peak"), .warmup = (int64_t)setting("warmup"), .total = STEPS};
    tern_batch batch = {0};
    for (int k = 0; k < STEPS; k++) {
        int64_t members[BATCH];
        for (int i = 0; i < BATCH; i++)
            members[i] = (int64_t)k * BATCH + i;
        tern_batch_fill(&batch, rows, tokens, members, BATCH, &(tern_batch_options){.merge = 1});
        tern_tensor *loss = batch_loss(tape, &batch);
        steps[k].loss = loss->data[0];
        tern_tape_backward(tape, loss);
        steps[k].grad_norm = tern_optimizer_grad_norm(optimizer);
        steps[k].learning_rate = tern_schedule_rate(&schedule, k);
        tern_optimizer_step(optimizer, steps[k].learning_rate, tern_clip_scale(steps[k].grad_norm, setting("clip")));
        tern_tape_reset(tape);
    }
    tern_batch_free(&batch);
    tern_optimizer_free(optimizer);
    tern_tape_free(tape);
    tern_tokens_free(tokens);
}

static void set_up(void)
{
    tern_error error = {0};
    golden = json_load_file("tests/goldens/training.json", 0, NULL);
    ck_assert_ptr_nonnull(golden);
    model = tern_model_load(tern_test_model(), &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    params = tern_encoder_params(model->encoder);
    tern_params_want_grads(params);
    before = tern_alloc((size_t)params->size, sizeof *before);
    memcpy(before, params->value, (size_t)params->size * sizeof *before);

    tern_texts *texts = tern_texts_create();
    tern_rows *rows = tern_rows_read(&(tern_rows_source){.file = "tests/goldens/training.jsonl"}, texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    ck_assert_int_eq(rows->n, STEPS * BATCH);
    train(rows);
    tern_rows_free(rows);
    tern_texts_free(texts);
}

static void tear_down(void)
{
    tern_model_free(model);
    free(before);
    json_decref(golden);
}

/* How far a weight may be off: the true gradient of a key's bias is zero, so what is left of it is rounding, which
 * AdamW scales up to steps of the learning rate. */
static double weight_tolerance(const char *name)
{
    if (!strstr(name, "attention.self.key.bias"))
        return WEIGHT_TOLERANCE;
    double sum = 0;
    for (int k = 0; k < STEPS; k++)
        sum += steps[k].learning_rate;
    return sum;
}

static const tern_param *param_of(const json_t *tensor)
{
    const char *name = json_string_value(json_object_get(tensor, "name"));
    const tern_param *param = tern_params_find(params, name);
    ck_assert_msg(param != NULL, "the model has no %s", name);
    return param;
}

START_TEST(each_steps_loss_and_gradient_follow_pytorch)
{
    for (int k = 0; k < STEPS; k++) {
        double loss = step_golden(k, "loss"), norm = step_golden(k, "grad_norm");
        double off = fabs(steps[k].loss - loss) / loss;
        ck_assert_msg(off <= LOSS_TOLERANCE, "step %d: loss %.9g, not %.9g: %.2g off", k, steps[k].loss, loss, off);
        ck_assert_double_eq_tol(steps[k].learning_rate, step_golden(k, "learning_rate"), 1e-18);
        ck_assert_double_eq_tol(steps[k].grad_norm / norm, 1, LOSS_TOLERANCE);
    }
}
END_TEST

START_TEST(final_weights_follow_pytorch)
{
    size_t i, j;
    const json_t *tensor, *at;
    json_array_foreach(json_object_get(golden, "tensors"), i, tensor)
    {
        const tern_param *param = param_of(tensor);
        double tolerance = weight_tolerance(param->name);
        json_array_foreach(json_object_get(tensor, "at"), j, at)
        {
            double wanted = json_number_value(json_array_get(json_object_get(tensor, "values"), j));
            double off = fabs((double)param->tensor->data[json_integer_value(at)] - wanted);
            ck_assert_msg(off <= tolerance, "%s[%lld]: %.2g off", param->name, json_integer_value(at), off);
        }
    }
}
END_TEST

/* The length of a tensor's whole change holds the weights between the places too. */
START_TEST(every_tensor_changes_by_as_much_as_in_pytorch)
{
    size_t i;
    const json_t *tensor;
    json_array_foreach(json_object_get(golden, "tensors"), i, tensor)
    {
        const tern_param *param = param_of(tensor);
        double squares = 0, length = 0, wanted = json_number_value(json_object_get(tensor, "change_norm"));
        for (size_t k = 0; k < tern_tensor_size(param->tensor); k++) {
            double weight = param->tensor->data[k], change = weight - (double)before[param->offset + (int64_t)k];
            squares += change * change;
            length += weight * weight;
        }
        if (weight_tolerance(param->name) > WEIGHT_TOLERANCE)
            continue;
        /* Each step rounds a weight to float: 2^-24 of it at most. */
        double tolerance = 1e-3 * wanted + STEPS * 0x1p-24 * sqrt(length);
        ck_assert_msg(fabs(sqrt(squares) - wanted) <= tolerance, "%s: changed by %.9g, not %.9g", param->name,
                      sqrt(squares), wanted);
    }
}
END_TEST

/* Every weight, where make_training_golden.py --full wrote them all and TERN_TRAINING_FULL says where. */
START_TEST(every_final_weight_follows_pytorch)
{
    const char *path = getenv("TERN_TRAINING_FULL");
    if (!path)
        return;
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t i;
    const json_t *tensor;
    json_array_foreach(json_object_get(golden, "tensors"), i, tensor)
    {
        const tern_param *param = param_of(tensor);
        size_t n = tern_tensor_size(param->tensor);
        double *wanted = tern_alloc(n, sizeof *wanted), worst = 0;
        ck_assert_uint_eq(fread(wanted, sizeof *wanted, n, file), n);
        for (size_t k = 0; k < n; k++)
            worst = fmax(worst, fabs((double)param->tensor->data[k] - wanted[k]));
        free(wanted);
        printf("%-60s %.3g\n", param->name, worst);
        ck_assert_double_le(worst, weight_tolerance(param->name));
    }
    fclose(file);
}
END_TEST

int main(void)
{
    if (!tern_test_model())
        TERN_TEST_SKIP("the base model isn't here; scripts/get-model.sh fetches it");
    Suite *suite = suite_create("training golden");
    TCase *tests = tcase_create("thirty steps");
    tcase_set_timeout(tests, 600);
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_steps_loss_and_gradient_follow_pytorch);
    tcase_add_test(tests, final_weights_follow_pytorch);
    tcase_add_test(tests, every_tensor_changes_by_as_much_as_in_pytorch);
    tcase_add_test(tests, every_final_weight_follows_pytorch);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
