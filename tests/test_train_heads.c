/* What losses learn beside the model moves on their own data set's steps alone: weights, moments and the count of steps
 * stay, to the bit, while other data sets are trained. */
#include "tests/recipes.h"

#include "base/memory.h"
#include "train/source.h"
#include "train/trainer.h"

enum { SOURCES = 3, STEPS = 9, ROWS = 12 };

/* A classifier, a learned scale and a projection to a teacher's width, one after the other. */
static const char *const text = "model: tests/goldens/tiny\n"
                                "data:\n"
                                "  train:\n"
                                "    - {file: %s, loss: softmax}\n"
                                "    - {file: %s, loss: {name: multiple_negatives_ranking, learned_scale: true}}\n"
                                "    - {file: %s, loss: {name: embedding_mse, teacher: %s}}\n"
                                "  mixing: round_robin\n"
                                "train: {batch_size: 4, max_steps: 9, warmup: 0, schedule: constant,\n"
                                "        learning_rate: 1.0e-3, weight_decay: 0.1}\n"
                                "output: {dir: out}\n";

static const char *write_rows(const char *name, int labels)
{
    tern_buffer lines = {0};
    for (int i = 0; i < ROWS; i++) {
        tern_buffer_printf(&lines, "{\"anchor\": \"query %d\", \"positive\": \"answer %d of it\"", i, i);
        if (labels)
            tern_buffer_printf(&lines, ", \"label\": \"%c\"", 'a' + i % 3);
        tern_buffer_printf(&lines, "}\n");
    }
    const char *path = tern_test_path(name);
    tern_test_put_file(path, lines.data, lines.n);
    tern_buffer_free(&lines);
    return path;
}

/* A model of another width than tiny's: the projection's reason. */
static const char *write_teacher(void)
{
    tern_error error = {{0}};
    tern_encoder_config config = {
        .bert = {.hidden_size = 24,
                 .layers = 1,
                 .heads = 2,
                 .intermediate_size = 32,
                 .max_positions = 64,
                 .type_vocab_size = 2,
                 .layer_norm_eps = 1e-12,
                 .initializer_range = 0.02},
        .modules = {{.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN}},
        .n_modules = 1,
    };
    const char *folder = tern_test_path("teacher");
    tern_model *model = tern_model_scratch(&config, "tests/goldens/tiny-vocab.txt", 1, 3, &error);
    ck_assert_msg(model && tern_model_save(model, folder, 0, &error) == 0, "%s", error.message);
    tern_model_free(model);
    return folder;
}

typedef struct setting {
    tern_recipe *recipe;
    tern_model *model;
    tern_source sources[SOURCES];
    tern_trainer *trainer;
} setting;

static void open_setting(setting *s)
{
    tern_error error = {{0}};
    tern_train_watch watch = {0};
    tern_inputs inputs = {0};
    const char *classes = write_rows("classes.jsonl", 1), *pairs = write_rows("pairs.jsonl", 0);
    char *whole = tern_format(text, classes, pairs, pairs, write_teacher());
    s->recipe = tern_recipe_parse(whole, strlen(whole), "x.yaml", NULL, 0, &error);
    ck_assert_msg(s->recipe, "%s", error.message);
    s->model = tern_model_load("tests/goldens/tiny", &error);
    ck_assert_msg(s->model, "%s", error.message);
    for (int i = 0; i < SOURCES; i++) {
        ck_assert_msg(tern_source_read(&s->sources[i], s->recipe, i, &inputs, &error) == 0, "%s", error.message);
        tern_source_prepare(&s->sources[i], s->recipe, s->model);
        ck_assert_msg(tern_source_embed_second(&s->sources[i], s->recipe, &watch, &error) == 0, "%s", error.message);
    }
    s->trainer = tern_trainer_create(s->recipe, s->model, s->sources, &error);
    ck_assert_msg(s->trainer, "%s", error.message);
    tern_inputs_free(&inputs);
    free(whole);
}

static void close_setting(setting *s)
{
    tern_trainer_free(s->trainer);
    for (int i = 0; i < SOURCES; i++)
        tern_source_free(&s->sources[i]);
    tern_model_free(s->model);
    tern_recipe_free(s->recipe);
}

/* Weights and both moments of the heads, one after the other; the caller's. */
static tern_real *copy_heads(const tern_trainer_parts *parts)
{
    size_t n = (size_t)parts->heads->size;
    tern_real *copy = tern_alloc(3 * n, sizeof *copy);
    memcpy(copy, parts->heads->value, n * sizeof *copy);
    memcpy(copy + n, parts->heads_optimizer->m, n * sizeof *copy);
    memcpy(copy + 2 * n, parts->heads_optimizer->v, n * sizeof *copy);
    return copy;
}

/* Which of weights and moments of head i differ: bits 1, 2 and 4. */
static int moved(const tern_trainer_parts *parts, size_t i, const tern_real *before, const tern_real *after)
{
    const tern_param *p = &parts->heads->table[i];
    int bits = 0;
    for (int k = 0; k < 3; k++) {
        int64_t at = k * parts->heads->size + p->offset;
        bits |= memcmp(before + at, after + at, tern_tensor_size(p->tensor) * sizeof *before) != 0 ? 1 << k : 0;
    }
    return bits;
}

START_TEST(heads_stay_while_other_data_sets_are_trained)
{
    static const int of_source[] = {0, 0, 1, 2, 2}; /* classifier and its bias, log_scale, projection and its bias */
    setting s = {0};
    tern_error error = {{0}};
    open_setting(&s);
    tern_trainer_parts parts = tern_trainer_get_parts(s.trainer);
    ck_assert_uint_eq(parts.heads->n, 5);
    for (int64_t step = 0; step < STEPS; step++) {
        tern_train_step done;
        tern_real *before = copy_heads(&parts);
        ck_assert_msg(tern_trainer_step(s.trainer, step, &done, &error) == 0, "%s", error.message);
        tern_real *after = copy_heads(&parts);
        for (size_t i = 0; i < parts.heads->n; i++) {
            int wanted = of_source[i] == step % SOURCES ? 7 : 0, found = moved(&parts, i, before, after);
            ck_assert_msg(found == wanted, "step %lld, %s: weights and moments %d moved, not %d", (long long)step,
                          parts.heads->table[i].name, found, wanted);
        }
        free(before);
        free(after);
    }
    for (size_t i = 0; i < parts.heads->n; i++)
        ck_assert_int_eq(parts.heads_optimizer->missed[i], STEPS - STEPS / SOURCES);
    ck_assert_int_eq(parts.heads_optimizer->steps, STEPS);
    for (size_t i = 0; i < tern_encoder_params(s.model->encoder)->n; i++)
        ck_assert_int_eq(parts.optimizer->missed[i], 0);
    close_setting(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train heads");
    TCase *tests = tcase_create("train heads");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, heads_stay_while_other_data_sets_are_trained);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
