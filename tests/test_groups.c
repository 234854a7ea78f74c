/* train.freeze, train.rates and train.layer_decay on a small model: what learns and how fast, and what is refused. */
#include "tests/support.h"

#include "base/memory.h"
#include "train/groups.h"
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

static const tern_encoder_config config = {
    .bert = {.vocab_size = 30,
             .hidden_size = 8,
             .layers = 3,
             .heads = 2,
             .intermediate_size = 16,
             .max_positions = 16,
             .type_vocab_size = 2,
             .has_pooler = 1},
    .modules = {{.kind = TERN_MODULE_POOLING},
                {.kind = TERN_MODULE_DENSE, .in_features = 8, .out_features = 4, .bias = 1}},
    .n_modules = 2};

typedef struct fixture {
    tern_encoder *encoder;
    tern_params *params;
    double *rate;
    tern_error error;
} fixture;

/* Resolves the lines of a recipe's train section; returns the status. */
static int resolve(fixture *f, const char *lines)
{
    char *text = tern_format("model: m\ndata:\n  train:\n    file: x.csv\nloss:\n  name: triplet\ntrain:\n%s"
                             "output:\n  dir: out\n",
                             lines);
    *f = (fixture){.encoder = tern_encoder_create(&config)};
    f->params = tern_encoder_params(f->encoder);
    f->rate = tern_alloc(f->params->n, sizeof *f->rate);
    tern_recipe *recipe = tern_recipe_parse(text, strlen(text), "r.yaml", NULL, 0, &f->error);
    ck_assert_msg(recipe != NULL, "%s", f->error.message);
    int status = tern_groups_resolve(recipe, f->params, &config, f->rate, &f->error);
    tern_recipe_free(recipe);
    free(text);
    return status;
}

static void close_fixture(fixture *f)
{
    free(f->rate);
    tern_encoder_free(f->encoder);
}

static void resolved(fixture *f, const char *lines)
{
    ck_assert_msg(resolve(f, lines) == 0, "%s", f->error.message);
}

static void refused(const char *lines, const char *says)
{
    fixture f;
    ck_assert_int_eq(resolve(&f, lines), -1);
    ck_assert_msg(strstr(f.error.message, says), "%s", f.error.message);
    ck_assert_msg(strncmp(f.error.message, "r.yaml:8: ", 10) == 0, "%s", f.error.message);
    close_fixture(&f);
}

static int frozen(const fixture *f, const char *name)
{
    const tern_param *p = tern_params_find(f->params, name);
    ck_assert_msg(p != NULL, "%s", name);
    return (p->flags & TERN_PARAM_FROZEN) != 0;
}

static double rate(const fixture *f, const char *name)
{
    const tern_param *p = tern_params_find(f->params, name);
    ck_assert_msg(p != NULL, "%s", name);
    return f->rate[p - f->params->table];
}

START_TEST(without_settings_all_but_the_pooler_learns_at_one_rate)
{
    fixture f;
    resolved(&f, "  epochs: 1\n");
    for (size_t i = 0; i < f.params->n; i++) {
        const char *name = f.params->table[i].name;
        ck_assert_int_eq(frozen(&f, name), strncmp(name, "pooler.", 7) == 0);
        ck_assert_double_eq(f.rate[i], 1);
    }
    ck_assert_int_eq(tern_groups_count_learned(f.params), f.params->count - 8 * 8 - 8);
    close_fixture(&f);
}
END_TEST

START_TEST(embeddings_and_the_first_layers_freeze)
{
    fixture f;
    resolved(&f, "  freeze: [embeddings, \"layers:2\"]\n");
    ck_assert(frozen(&f, "embeddings.word_embeddings.weight") && frozen(&f, "embeddings.LayerNorm.bias"));
    ck_assert(frozen(&f, "encoder.layer.0.attention.self.key.bias") &&
              frozen(&f, "encoder.layer.1.output.LayerNorm.weight"));
    ck_assert(!frozen(&f, "encoder.layer.2.output.dense.weight") && !frozen(&f, "2_Dense/linear.weight"));
    close_fixture(&f);
}
END_TEST

START_TEST(patterns_freeze_by_name)
{
    fixture f;
    resolved(&f, "  freeze: [\"*LayerNorm*\", \"encoder.layer.[01].attention.*\", \"2_Dense/linear.bia?\"]\n");
    ck_assert(frozen(&f, "embeddings.LayerNorm.weight") && frozen(&f, "encoder.layer.2.output.LayerNorm.bias"));
    ck_assert(frozen(&f, "encoder.layer.1.attention.self.value.weight") && frozen(&f, "2_Dense/linear.bias"));
    ck_assert(!frozen(&f, "encoder.layer.2.attention.self.query.weight") && !frozen(&f, "2_Dense/linear.weight"));
    close_fixture(&f);
}
END_TEST

START_TEST(the_last_rate_that_matches_wins)
{
    fixture f;
    resolved(&f, "  rates:\n    \"*\": 0.5\n    embeddings: 0.1\n    \"*LayerNorm*\": 3\n");
    ck_assert_double_eq(rate(&f, "embeddings.word_embeddings.weight"), 0.1);
    ck_assert_double_eq(rate(&f, "embeddings.LayerNorm.bias"), 3);
    ck_assert_double_eq(rate(&f, "encoder.layer.1.output.dense.weight"), 0.5);
    ck_assert_double_eq(rate(&f, "2_Dense/linear.weight"), 0.5);
    close_fixture(&f);
}
END_TEST

START_TEST(layers_further_down_learn_slower)
{
    fixture f;
    resolved(&f, "  layer_decay: 0.5\n  rates:\n    \"layers:1\": 3\n");
    ck_assert_double_eq(rate(&f, "2_Dense/linear.weight"), 1);
    ck_assert_double_eq(rate(&f, "encoder.layer.2.attention.self.query.bias"), 1);
    ck_assert_double_eq(rate(&f, "encoder.layer.1.attention.self.query.bias"), 0.5);
    ck_assert_double_eq(rate(&f, "encoder.layer.0.attention.self.query.bias"), 3 * 0.25);
    ck_assert_double_eq(rate(&f, "embeddings.position_embeddings.weight"), 0.125);
    close_fixture(&f);
}
END_TEST

START_TEST(frozen_parameters_of_a_model_get_no_gradient_and_do_not_move)
{
    fixture f;
    resolved(&f, "  freeze: [\"layers:3\"]\n");
    tern_params_allocate(f.params);
    tern_encoder_init(f.encoder, 1);
    tern_params_want_grads(f.params);
    float *before = tern_alloc((size_t)f.params->size, sizeof *before);
    memcpy(before, f.params->value, (size_t)f.params->size * sizeof *before);
    tern_optimizer_options options = {.weight_decay = 0.5, .rate = f.rate};
    tern_optimizer *o = tern_optimizer_create(f.params, &options);
    for (size_t i = 0; i < f.params->n; i++)
        for (size_t k = 0; f.params->table[i].tensor->grad && k < tern_tensor_size(f.params->table[i].tensor); k++)
            f.params->table[i].tensor->grad[k] = 1;
    tern_optimizer_step(o, 0.1, 1);
    for (size_t i = 0; i < f.params->n; i++) {
        const tern_param *p = &f.params->table[i];
        int stays = p->tensor->data[0] == before[p->offset];
        ck_assert_msg(stays == (strncmp(p->name, "encoder.", 8) == 0 || strncmp(p->name, "pooler.", 7) == 0), "%s",
                      p->name);
        ck_assert_int_eq(p->tensor->grad == NULL, stays);
    }
    free(before);
    tern_optimizer_free(o);
    close_fixture(&f);
}
END_TEST

/* Gradients of the model's parameters after one pass with dropout, seeded with numbers. */
static float *gradients(fixture *f)
{
    static const int32_t ids[] = {2, 7, 9, 3, 2, 11, 3, 2, 29, 7, 7, 12, 3};
    static const int64_t offsets[] = {0, 4, 7, 13};
    const tern_packed batch = {.n_seq = 3, .n_tok = 13, .max_len = 6, .ids = ids, .offsets = offsets};
    tern_params_allocate(f->params);
    tern_encoder_init(f->encoder, 1);
    tern_params_want_grads(f->params);
    tern_tape *tape = tern_tape_create();
    tern_pass pass = {.tape = tape, .batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    tern_tensor *x = tern_encoder_embed(f->encoder, &pass);
    float seed[12];
    for (int i = 0; i < 12; i++)
        seed[i] = (float)(i % 5) - 2;
    tern_tape_seed(tape, x, seed);
    tern_tape_backward_seeded(tape);
    tern_tape_free(tape);
    float *copy = tern_alloc((size_t)f->params->size, sizeof *copy);
    memcpy(copy, f->params->grad, (size_t)f->params->size * sizeof *copy);
    return copy;
}

static float largest(const float *x, int64_t n)
{
    float most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(x[i]));
    return most;
}

/* What learns has the bits of the gradient that it has when all learns; what is frozen has none. */
static void same_gradients(const char *lines)
{
    fixture all, some;
    resolved(&all, "  epochs: 1\n");
    resolved(&some, lines);
    float *want = gradients(&all), *got = gradients(&some);
    for (size_t i = 0; i < all.params->n; i++) {
        const tern_param *p = &some.params->table[i];
        int64_t n = p->tensor->rows * p->tensor->cols;
        if (p->flags & TERN_PARAM_FROZEN) {
            ck_assert_msg(largest(got + p->offset, n) == 0, "%s", p->name);
            continue;
        }
        ck_assert_msg(memcmp(got + p->offset, want + p->offset, (size_t)n * sizeof *got) == 0, "%s", p->name);
        /* softmax doesn't change with the key's bias */
        ck_assert_msg(largest(want + p->offset, n) > 0 || strstr(p->name, "key.bias"), "%s", p->name);
    }
    free(want);
    free(got);
    close_fixture(&all);
    close_fixture(&some);
}

START_TEST(freezing_leaves_the_other_gradients_as_they_are)
{
    same_gradients("  freeze: [embeddings]\n");
    same_gradients("  freeze: [embeddings, \"layers:2\"]\n");
    same_gradients("  freeze: [\"layers:3\"]\n");
    same_gradients("  freeze: [encoder.layer.1.*]\n");
    same_gradients("  freeze: [\"*.bias\"]\n");
    same_gradients("  freeze: [\"*.self.*\", embeddings.word_embeddings.weight]\n");
    same_gradients("  freeze: [\"*LayerNorm*\", \"*.self.*.weight\", \"*.intermediate.*\"]\n");
    same_gradients("  freeze: [embeddings, \"layers:3\", 2_Dense/linear.weight]\n");
}
END_TEST

START_TEST(what_matches_nothing_is_refused_with_the_nearest_name)
{
    refused("  freeze: [embedding]\n", "\"embedding\"; did you mean \"embeddings\"?");
    refused("  freeze: [encoder.layers.0.*]\n", "did you mean \"encoder.layer.0.*\"?");
    refused("  freeze: [embeddings, \"*.LayrNorm.*\"]\n", "did you mean \"*.LayerNorm.*\"?");
    refused("  rates: {\"*.wieght\": 0.1}\n", "did you mean \"*.weight\"?");
    refused("  freeze: [zzzzzzzzzzzzzzzzzz]\n", "\"layers:N\", or a pattern of names such as");
    refused("  freeze: [\"layer:2\"]\n", "did you mean \"layers:2\"?");
}
END_TEST

START_TEST(layers_that_are_not_there_are_refused)
{
    refused("  freeze: [\"layers:4\"]\n", "\"layers:4\" is not layers:N with N from 1 to 3");
    refused("  freeze: [\"layers:0\"]\n", "\"layers:0\"");
    refused("  freeze: [\"layers:x\"]\n", "\"layers:x\"");
    refused("  rates: {\"layers:99999999999999999999\": 2}\n", "with N from 1 to 3");
}
END_TEST

START_TEST(freezing_part_of_what_is_computed_as_one_is_refused)
{
    refused("  freeze: [\"*.query.weight\"]\n", "query, key and value of a layer are computed as one");
    refused("  freeze: [encoder.layer.1.attention.self.value.bias]\n", "attention.self.key.bias and encoder.layer.1");
    fixture f;
    resolved(&f, "  freeze: [\"encoder.layer.1.attention.self.*.bias\"]\n");
    close_fixture(&f);
    resolved(&f, "  rates: {\"*.query.weight\": 0.1}\n");
    ck_assert_double_eq(rate(&f, "encoder.layer.1.attention.self.query.weight"), 0.1);
    ck_assert_double_eq(rate(&f, "encoder.layer.1.attention.self.key.weight"), 1);
    close_fixture(&f);
}
END_TEST

START_TEST(freezing_everything_and_rates_of_what_is_frozen_are_refused)
{
    refused("  freeze: [\"*\"]\n", "freezes all parameters");
    refused("  freeze: [embeddings, \"layers:3\", \"2_Dense/*\"]\n", "freezes all parameters");
    refused("  rates: {pooler.*: 2}\n", "all parameters named \"pooler.*\" are frozen");
}
END_TEST

START_TEST(hostile_patterns_end_soon)
{
    refused("  freeze: [\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\"]\n", "no parameter of the model");
    refused("  freeze: [\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]\n", "no parameter of the model");
    refused("  freeze: [\"\\\\\"]\n", "no parameter of the model");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("groups");
    TCase *tcase = tcase_create("groups");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, without_settings_all_but_the_pooler_learns_at_one_rate);
    tcase_add_test(tcase, embeddings_and_the_first_layers_freeze);
    tcase_add_test(tcase, patterns_freeze_by_name);
    tcase_add_test(tcase, the_last_rate_that_matches_wins);
    tcase_add_test(tcase, layers_further_down_learn_slower);
    tcase_add_test(tcase, frozen_parameters_of_a_model_get_no_gradient_and_do_not_move);
    tcase_add_test(tcase, freezing_leaves_the_other_gradients_as_they_are);
    tcase_add_test(tcase, what_matches_nothing_is_refused_with_the_nearest_name);
    tcase_add_test(tcase, layers_that_are_not_there_are_refused);
    tcase_add_test(tcase, freezing_part_of_what_is_computed_as_one_is_refused);
    tcase_add_test(tcase, freezing_everything_and_rates_of_what_is_frozen_are_refused);
    tcase_add_test(tcase, hostile_patterns_end_soon);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
