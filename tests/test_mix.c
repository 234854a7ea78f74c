/* Mixing the weights of two models, and what is refused. */
#include "tests/support.h"

#include "base/memory.h"
#include "checkpoints/mix.h"

#include <string.h>

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nthree\nfour\nfive\n";
static const char other_words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nthree\nfour\nsix\n";

static const tern_encoder_config plain = {
    .bert = {.hidden_size = 16, .layers = 2, .heads = 2, .intermediate_size = 32, .max_positions = 32}};

static tern_model *make_model(const tern_encoder_config *config, const char *words, uint64_t seed)
{
    tern_error error = {{0}};
    const char *vocab = tern_test_path("vocab.txt");
    tern_test_put_file(vocab, words, strlen(words));
    tern_model *model = tern_model_scratch(config, vocab, 1, seed, &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    return model;
}

static tern_params *params_of(const tern_model *model)
{
    return tern_encoder_params(model->encoder);
}

static float *copy_weights(const tern_model *model)
{
    size_t n = (size_t)params_of(model)->size;
    float *copy = tern_alloc(n, sizeof *copy);
    memcpy(copy, params_of(model)->value, n * sizeof *copy);
    return copy;
}

START_TEST(each_weight_lies_between_the_two)
{
    tern_model *model = make_model(&plain, vocabulary, 1), *base = make_model(&plain, vocabulary, 2);
    float *a = copy_weights(model), *b = copy_weights(base);
    ck_assert_int_eq(tern_model_mix(model, base, 0.3, NULL), 0);
    for (int64_t i = 0; i < params_of(model)->size; i++)
        ck_assert_float_eq(params_of(model)->value[i], (float)(0.3 * (double)a[i] + (1 - 0.3) * (double)b[i]));
    ck_assert_mem_eq(params_of(base)->value, b, (size_t)params_of(base)->size * sizeof *b);
    free(a);
    free(b);
    tern_model_free(model);
    tern_model_free(base);
}
END_TEST

START_TEST(a_share_of_one_is_the_model_and_of_zero_the_base)
{
    tern_model *model = make_model(&plain, vocabulary, 1), *base = make_model(&plain, vocabulary, 2);
    size_t bytes = (size_t)params_of(model)->size * sizeof(float);
    float *a = copy_weights(model);
    ck_assert_int_eq(tern_model_mix(model, base, 1, NULL), 0);
    ck_assert_mem_eq(params_of(model)->value, a, bytes);
    ck_assert_int_eq(tern_model_mix(model, base, 0, NULL), 0);
    ck_assert_mem_eq(params_of(model)->value, params_of(base)->value, bytes);
    free(a);
    tern_model_free(model);
    tern_model_free(base);
}
END_TEST

/* Mixes a model of the given form with a plain one: it must fail with the words, and leave the weights. */
static void refused(const tern_encoder_config *config, const char *words, const char *says)
{
    tern_error error = {{0}};
    tern_model *model = make_model(config, words, 1), *base = make_model(&plain, vocabulary, 2);
    float *before = copy_weights(model);
    ck_assert_int_eq(tern_model_mix(model, base, 0.5, &error), -1);
    ck_assert_msg(strstr(error.message, says), "%s", error.message);
    ck_assert_mem_eq(params_of(model)->value, before, (size_t)params_of(model)->size * sizeof *before);
    ck_assert_int_eq(tern_model_mix(base, model, 0.5, &error), -1);
    free(before);
    tern_model_free(model);
    tern_model_free(base);
}

START_TEST(models_that_differ_are_refused)
{
    tern_encoder_config c = plain;
    c.bert.layers = 3;
    refused(&c, vocabulary, "only the first has encoder.layer.2.attention.self.query.weight");
    c = plain;
    c.bert.intermediate_size = 48;
    refused(&c, vocabulary, "intermediate.dense.weight is [48, 16] in the first, [32, 16] in the second");
    c = plain;
    c.bert.heads = 4;
    refused(&c, vocabulary, "attention heads");
    c = plain;
    c.n_modules = 2;
    c.modules[0] = (tern_module){.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_CLS};
    c.modules[1] = (tern_module){.kind = TERN_MODULE_NORMALIZE};
    refused(&c, vocabulary, "after the transformer");
    refused(&plain, other_words, "vocabularies");
}
END_TEST

START_TEST(a_pooler_that_only_one_has_is_no_difference)
{
    tern_encoder_config with = plain;
    with.bert.has_pooler = 1;
    tern_model *model = make_model(&with, vocabulary, 1), *base = make_model(&plain, vocabulary, 2);
    tern_error error = {{0}};
    const tern_param *pooler = tern_params_find(params_of(model), "pooler.dense.weight");
    ck_assert_ptr_nonnull(pooler);
    float before = pooler->tensor->data[7];
    ck_assert_msg(tern_model_mix(model, base, 0, &error) == 0, "%s", error.message);
    ck_assert_float_eq(pooler->tensor->data[7], before);
    ck_assert_msg(tern_model_mix(base, model, 0.5, &error) == 0, "%s", error.message);
    tern_model_free(model);
    tern_model_free(base);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mix");
    TCase *tcase = tcase_create("mix");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, each_weight_lies_between_the_two);
    tcase_add_test(tcase, a_share_of_one_is_the_model_and_of_zero_the_base);
    tcase_add_test(tcase, models_that_differ_are_refused);
    tcase_add_test(tcase, a_pooler_that_only_one_has_is_no_difference);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
