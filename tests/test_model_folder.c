/* Model folders: vectors as sentence-transformers makes them, what is saved loads with the same bits, and every folder
 * that lies, lacks something or is unknown is refused with one sentence. */
#include "tests/support.h"
#include "tests/tiny.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "checkpoints/safetensors.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOLDENS TERN_TINY_GOLDENS

static tern_model *load(const char *folder)
{
    tern_error error = {{0}};
    tern_model *model = tern_model_load(folder, &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    return model;
}

/* By both ways to read it. */
static void refused(const char *folder, const char *because)
{
    tern_model *(*const ways[])(const char *, tern_error *) = {tern_model_load, tern_model_open};
    for (int i = 0; i < 2; i++) {
        tern_error error = {{0}};
        tern_model *model = ways[i](folder, &error);
        ck_assert_msg(model == NULL, "taken, without a word on: %s", because);
        ck_assert_msg(strstr(error.message, because), "%s: %s", because, error.message);
        ck_assert_ptr_null(strchr(error.message, '\n'));
    }
}

static void edit_refused(const char *name, const char *old, const char *new, const char *because)
{
    const char *folder = tiny_copy();
    edit(folder, name, old, new);
    refused(folder, because);
}

static void removal_refused(const char *name, const char *because)
{
    const char *folder = tiny_copy();
    char *path = tern_path_join(folder, name);
    ck_assert_int_eq(remove(path), 0);
    free(path);
    refused(folder, because);
}

/* ------------------------------------------------------------------------------- against sentence-transformers */

static json_t *goldens(void)
{
    json_t *json = json_load_file(GOLDENS "tiny.json", 0, NULL);
    ck_assert_ptr_nonnull(json);
    return json;
}

static const char **texts_of(const json_t *json, int64_t *n)
{
    const json_t *list = json_object_get(json, "texts");
    *n = (int64_t)json_array_size(list);
    const char **texts = tern_alloc((size_t)*n, sizeof *texts);
    for (int64_t i = 0; i < *n; i++)
        texts[i] = json_string_value(json_array_get(list, (size_t)i));
    return texts;
}

/* tiny with the modules, pooling and weights of a case; pooling in the old form for half of the cases. */
static const char *folder_of(const json_t *test, int old_form)
{
    static const char *const old_keys[][2] = {{"mean", "mean_tokens"},
                                              {"cls", "cls_token"},
                                              {"max", "max_tokens"},
                                              {"lasttoken", "lasttoken"},
                                              {"mean_sqrt_len_tokens", "mean_sqrt_len_tokens"}};
    const char *folder = tiny_copy(), *pooling = json_string_value(json_object_get(test, "pooling"));
    const char *weights = json_string_value(json_object_get(test, "weights"));
    char *text = tern_format("{\"embedding_dimension\": 16, \"pooling_mode\": \"%s\"}", pooling);
    for (int i = 0; old_form && i < 5; i++)
        if (strcmp(pooling, old_keys[i][0]) == 0) {
            free(text);
            text = tern_format("{\"word_embedding_dimension\": 16, \"pooling_mode_%s\": true}", old_keys[i][1]);
        }
    put_text(folder, "1_Pooling/config.json", text);
    free(text);
    text = tern_format("[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"},"
                       "{\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}%s%s]",
                       json_is_true(json_object_get(test, "dense"))
                           ? ",{\"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"}"
                           : "",
                       json_is_true(json_object_get(test, "normalize"))
                           ? ",{\"path\": \"3\", \"type\": \"sentence_transformers.models.Normalize\"}"
                           : "");
    put_text(folder, "modules.json", text);
    free(text);
    if (weights) {
        char *from = tern_path_join(GOLDENS, weights), *to = tern_path_join(folder, "model.safetensors");
        copy_file(from, to);
        free(to);
        free(from);
    }
    return folder;
}

static tern_role role_of(const json_t *test)
{
    const char *role = json_string_value(json_object_get(test, "role"));
    return !role ? TERN_ROLE_NONE : *role == 'q' ? TERN_ROLE_QUERY : TERN_ROLE_DOCUMENT;
}

/* Vectors are of size 1 to 10 (sums of 20 tokens): 64 roundings of the greatest component. */
static void check_case(const json_t *test, const char *const *texts, int64_t n, int old_form)
{
    const json_t *rows = json_object_get(test, "vectors");
    tern_error error = {{0}};
    tern_model *model = load(folder_of(test, old_form));
    int64_t dim = tern_model_dim(model);
    ck_assert_int_eq(dim, (int64_t)json_array_size(json_array_get(rows, 0)));
    float *out = tern_alloc((size_t)(n * dim), sizeof *out);
    ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){.role = role_of(test)}, texts, n, out, &error), 0);
    double greatest = 0, worst = 0;
    for (int64_t i = 0; i < n * dim; i++) {
        double want = json_number_value(json_array_get(json_array_get(rows, (size_t)(i / dim)), (size_t)(i % dim)));
        greatest = fmax(greatest, fabs(want));
        worst = fmax(worst, fabs(want - out[i]));
    }
    ck_assert_msg(worst <= 64 * 0x1p-24 * fmax(greatest, 1), "%s: off by %g, greatest %g",
                  json_string_value(json_object_get(test, "name")), worst, greatest);
    free(out);
    tern_model_free(model);
}

START_TEST(vectors_are_sentence_transformers)
{
    json_t *json = goldens();
    const json_t *test;
    size_t i;
    int64_t n;
    const char **texts = texts_of(json, &n);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "cases")), 10);
    json_array_foreach(json_object_get(json, "cases"), i, test)
    {
        check_case(test, texts, n, 0);
        check_case(test, texts, n, 1);
    }
    free(texts);
    json_decref(json);
}
END_TEST

START_TEST(a_folder_of_the_new_form_is_understood)
{
    tern_model *model = load(GOLDENS "tiny");
    ck_assert_int_eq(model->max_seq_length, 20);
    ck_assert_int_eq(tern_model_dim(model), 6);
    ck_assert_str_eq(model->query_prompt, "the query: ");
    ck_assert_str_eq(model->document_prompt, "text: ");
    ck_assert_str_eq(model->default_prompt, "");
    ck_assert_int_eq(tern_encoder_get_config(model->encoder)->bert.has_pooler, 1);
    tern_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ embedding */

static const char *const some_texts[] = {"the dog", "a", "the dog", "", "cat and dog and text", "a", "zebra, zebra."};
enum { N_SOME = sizeof some_texts / sizeof *some_texts };

static void embed(tern_model *model, int64_t max_tokens, float *out)
{
    const tern_embed_options options = {.max_tokens = max_tokens};
    ck_assert_int_eq(tern_model_embed(model, &options, some_texts, N_SOME, out, NULL), 0);
}

START_TEST(equal_texts_get_equal_vectors_and_order_is_kept)
{
    tern_model *model = load(GOLDENS "tiny");
    float all[N_SOME * 6], one[6];
    embed(model, 0, all);
    ck_assert_mem_eq(all, all + 2 * 6, 6 * sizeof *all);
    ck_assert_mem_eq(all + 6, all + 5 * 6, 6 * sizeof *all);
    for (int i = 0; i < N_SOME; i++) {
        ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, some_texts + i, 1, one, NULL), 0);
        for (int k = 0; k < 6; k++)
            ck_assert_msg(fabsf(one[k] - all[i * 6 + k]) < 1e-5F, "text %d alone is another one", i);
    }
    ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, some_texts, 0, one, NULL), 0);
    tern_model_free(model);
}
END_TEST

START_TEST(encoding_ends_when_it_is_asked_to_stop)
{
    static volatile sig_atomic_t stop = 1;
    tern_model *model = load(GOLDENS "tiny");
    float out[N_SOME * 6];
    tern_error error = {{0}};
    tern_embed_options options = {.stop = &stop};
    ck_assert_int_eq(tern_model_embed(model, &options, some_texts, N_SOME, out, &error), -1);
    ck_assert_str_eq(error.message, "interrupted");
    tern_model_free(model);
}
END_TEST

/* The embedding store keeps vectors by text (checkpoints/store.h): they may not depend on the texts beside it. */
START_TEST(a_vector_has_the_same_bits_in_batches_of_any_size_and_alone)
{
    tern_error error = {{0}};
    tern_model *model = load(GOLDENS "tiny");
    float whole[N_SOME * 6], small[N_SOME * 6], one[6];
    for (int int8 = 0; int8 < 2; int8++) {
        if (int8)
            ck_assert_int_eq(tern_encoder_use_int8(model->encoder, &error), 0);
        embed(model, 0, whole);
        for (int64_t max_tokens = 1; max_tokens < 40; max_tokens += 3) {
            embed(model, max_tokens, small);
            ck_assert_mem_eq(whole, small, sizeof whole);
        }
        for (int i = 0; i < N_SOME; i++) {
            ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, some_texts + i, 1, one, NULL), 0);
            ck_assert_mem_eq(one, whole + i * 6, sizeof one);
        }
    }
    tern_model_free(model);
}
END_TEST

START_TEST(truncated_vectors_are_normalised_again)
{
    tern_model *model = load(GOLDENS "tiny");
    float whole[N_SOME * 6], cut[N_SOME * 3];
    embed(model, 0, whole);
    model->truncate_dim = 3;
    ck_assert_int_eq(tern_model_dim(model), 3);
    embed(model, 0, cut);
    for (int i = 0; i < N_SOME; i++) {
        const float *w = whole + i * 6, *c = cut + i * 3;
        float length = sqrtf(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
        for (int k = 0; k < 3; k++)
            ck_assert(fabsf(c[k] - w[k] / length) < 1e-6F);
    }
    tern_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ saving */

/* Saves, loads again and compares weights and vectors bit for bit. */
static void survives(tern_model *model, const char *folder)
{
    tern_error error = {{0}};
    ck_assert_msg(tern_model_save(model, folder, 1, &error) == 0, "%s", error.message);
    tern_model *again = load(folder);
    const tern_params *a = tern_encoder_params(model->encoder), *b = tern_encoder_params(again->encoder);
    ck_assert_int_eq(a->size, b->size);
    ck_assert_mem_eq(a->value, b->value, (size_t)a->size * sizeof *a->value);
    ck_assert_int_eq(again->max_seq_length, model->max_seq_length);
    ck_assert_str_eq(again->query_prompt, model->query_prompt);
    ck_assert_str_eq(again->document_prompt, model->document_prompt);
    size_t n = (size_t)N_SOME * (size_t)tern_model_dim(model);
    float *x = tern_alloc(n, sizeof *x), *y = tern_alloc(n, sizeof *y);
    embed(model, 0, x);
    embed(again, 0, y);
    ck_assert_mem_eq(x, y, n * sizeof *x);
    free(x);
    free(y);
    tern_model_free(again);
}

START_TEST(what_is_saved_loads_with_the_same_bits)
{
    tern_model *model = load(GOLDENS "tiny");
    survives(model, tern_test_path("saved"));
    survives(model, tern_test_path("saved"));
    model->truncate_dim = 4;
    free(model->query_prompt);
    model->query_prompt = tern_strdup("ask: ");
    survives(model, tern_test_path("saved"));
    tern_model_free(model);
}
END_TEST

START_TEST(the_old_form_is_written)
{
    static const char *const files[] = {"modules.json",
                                        "config_sentence_transformers.json",
                                        "sentence_bert_config.json",
                                        "1_Pooling/config.json",
                                        "2_Dense/config.json",
                                        "2_Dense/model.safetensors",
                                        "config.json",
                                        "model.safetensors",
                                        "tokenizer.json",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "vocab.txt",
                                        "README.md"};
    const char *folder = tern_test_path("old");
    tern_model *model = load(GOLDENS "tiny");
    ck_assert_int_eq(tern_model_save(model, folder, 0, NULL), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = tern_path_join(folder, files[i]);
        ck_assert_msg(tern_file_exists(path), "%s isn't written", files[i]);
        free(path);
    }
    char *path = tern_path_join(folder, "1_Pooling/config.json"), *text;
    ck_assert_int_eq(tern_file_read(path, 0, &text, NULL, NULL), 0);
    ck_assert_ptr_null(strstr(text, "\"embedding_dimension\"")); /* 5.1 refuses it */
    ck_assert_ptr_nonnull(strstr(text, "\"pooling_mode_mean_tokens\": true"));
    free(text);
    free(path);
    char *source;
    path = tern_path_join(folder, "config.json");
    ck_assert_int_eq(tern_file_read(path, 0, &text, NULL, NULL), 0);
    ck_assert_int_eq(tern_file_read(GOLDENS "tiny/config.json", 0, &source, NULL, NULL), 0);
    ck_assert_str_eq(text, source);
    free(source);
    free(text);
    free(path);
    tern_model_free(model);
}
END_TEST

START_TEST(half_weights_become_floats_in_config_too)
{
    const char *folder = tiny_copy(), *saved = tern_test_path("float");
    edit(folder, "config.json", "\"dtype\": \"float32\"", "\"dtype\": \"float16\", \"custom\": 7");
    tern_model *model = load(folder);
    ck_assert_int_eq(tern_model_save(model, saved, 1, NULL), 0);
    char *path = tern_path_join(saved, "config.json"), *text;
    ck_assert_int_eq(tern_file_read(path, 0, &text, NULL, NULL), 0);
    ck_assert_ptr_nonnull(strstr(text, "\"dtype\": \"float32\""));
    ck_assert_ptr_nonnull(strstr(text, "\"custom\": 7"));
    free(text);
    free(path);
    tern_model_free(model);
}
END_TEST

static tern_model *scratch(int64_t width, int64_t heads, tern_error *error)
{
    const tern_encoder_config config = {
        .bert = {.hidden_size = width, .layers = 2, .heads = heads, .max_positions = 32}};
    return tern_model_scratch(&config, GOLDENS "tiny-vocab.txt", 1, 7, error);
}

START_TEST(a_model_from_scratch_saves_and_loads)
{
    tern_error error = {{0}};
    tern_model *model = scratch(32, 4, &error), *same = scratch(32, 4, &error);
    ck_assert_msg(model && same, "%s", error.message);
    const tern_params *a = tern_encoder_params(model->encoder), *b = tern_encoder_params(same->encoder);
    ck_assert_mem_eq(a->value, b->value, (size_t)a->size * sizeof *a->value);
    ck_assert_int_eq(tern_model_dim(model), 32);
    survives(model, tern_test_path("scratch"));
    tern_model_free(same);
    tern_model_free(model);
    ck_assert_ptr_null(scratch(32, 5, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "can't be divided"));
    ck_assert_ptr_null(scratch(0, 5, &error));
    ck_assert_ptr_null(scratch(INT64_MAX, 1, &error));
}
END_TEST

START_TEST(saving_keeps_what_is_not_a_models)
{
    tern_error error = {{0}};
    tern_model *model = load(GOLDENS "tiny");
    const char *folder = tern_test_path("mine");
    ck_assert_int_eq(tern_make_folder(folder, NULL), 0);
    put_text(folder, "thesis.tex", "years of work");
    ck_assert_int_eq(tern_model_save(model, folder, 0, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "--force"));
    ck_assert_int_eq(tern_model_save(model, folder, 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "thesis.tex"));
    ck_assert(tern_file_exists(tern_test_path("mine/thesis.tex")));
    tern_test_put_file(tern_test_path("file"), "", 0);
    ck_assert_int_eq(tern_model_save(model, tern_test_path("file"), 1, &error), -1);
    ck_assert_int_eq(tern_model_save(model, "/proc/nowhere/model", 1, &error), -1);
    tern_model_free(model);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_folder)
{
    tern_error error = {{0}};
    struct rlimit old, small;
    tern_model *model = load(GOLDENS "tiny");
    const char *folder = tern_test_path("full");
    ck_assert_int_eq(tern_model_save(model, folder, 1, &error), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    for (rlim_t limit = 0; limit < 30000; limit += 1500) {
        small = (struct rlimit){limit, old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        int status = tern_model_save(model, folder, 1, &error);
        setrlimit(RLIMIT_FSIZE, &old);
        ck_assert_int_eq(status, -1);
        ck_assert_int_eq(tern_test_leftovers(), 0);
    }
    tern_model_free(load(folder));
    tern_model_free(model);
}
END_TEST

/* In a child without parallel regions before it: this test runs first. */
static int struck_at(int place, const tern_model *model, const char *folder)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char fault[40];
        snprintf(fault, sizeof fault, "model:%d", place);
        setenv("TERN_FAULT", fault, 1);
        _exit(tern_model_save(model, folder, 1, NULL) == 0 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

START_TEST(a_kill_at_any_place_leaves_a_whole_folder)
{
    const char *folder = tern_test_path("struck");
    tern_model *model = load(GOLDENS "tiny");
    ck_assert_int_eq(tern_model_save(model, folder, 1, NULL), 0);
    int place = 1;
    for (; struck_at(place, model, folder); place++)
        tern_model_free(load(folder));
    ck_assert_int_gt(place, 10);
    ck_assert_int_eq(tern_model_save(model, folder, 1, NULL), 0);
    ck_assert_int_eq(tern_test_leftovers(), 0);
    tern_model_free(model);
}
END_TEST

/* ------------------------------------------------------------------------------------------------ refusals */

START_TEST(unknown_architectures_are_named)
{
    edit_refused("config.json", "\"bert\"", "\"roberta\"", "\"roberta\" is not known");
    edit_refused("config.json", "\"gelu\"", "\"gelu_new\"", "\"gelu_new\" is not known");
    edit_refused("config.json", "\"hidden_size\": 16",
                 "\"hidden_size\": 16, \"position_embedding_type\": \"relative_key\"", "relative_key");
    edit_refused("config.json", "\"is_decoder\": false", "\"is_decoder\": true", "decoder");
    edit_refused("modules.json", ".Normalize", ".LayerNorm", "LayerNorm is not known");
    edit_refused("modules.json", "sentence_transformers.base.modules.dense.Dense", "mine.Dense",
                 "mine.Dense is not known");
    edit_refused("modules.json", ".Transformer", ".CLIPModel", "CLIPModel");
    edit_refused("modules.json", ".Dense", ".Pooling", "its one Pooling");
    edit_refused("modules.json", ".Pooling", ".Normalize", "its one Pooling");
    edit_refused("modules.json", "1_Pooling", "../1_Pooling", "leads out");
    edit_refused("2_Dense/config.json", "activation.Tanh", "activation.ReLU", "ReLU is not known");
    edit_refused("2_Dense/config.json", "\"bias\"", "\"use_residual\": true, \"bias\"", "residual");
    edit_refused("1_Pooling/config.json", "\"mean\"", "\"weightedmean\"", "weightedmean");
    edit_refused("1_Pooling/config.json", "\"mean\"", "\"median\"", "median");
    edit_refused("1_Pooling/config.json", "\"mean\"", "[\"mean\", \"max\"]", "several poolings");
    edit_refused("1_Pooling/config.json", "\"include_prompt\": true", "\"include_prompt\": false", "include_prompt");
}
END_TEST

START_TEST(prompts_that_are_no_texts_are_refused)
{
    const char *name = "config_sentence_transformers.json";
    edit_refused(name, "\"the query: \"", "7", "its prompt \"query\" is not a string");
    edit_refused(name, "\"prompts\": {", "\"prompts\": [], \"others\": {", "\"prompts\" are not an object");
}
END_TEST

START_TEST(null_is_as_good_as_missing)
{
    const char *folder = tiny_copy();
    edit(folder, "1_Pooling/config.json", "\"mean\"", "null, \"pooling_mode_cls_token\": true");
    edit(folder, "config_sentence_transformers.json", "\"the query: \"", "null");
    tern_model *model = load(folder);
    ck_assert_int_eq(tern_encoder_get_config(model->encoder)->modules[0].pooling, TERN_POOL_CLS);
    ck_assert_str_eq(model->query_prompt, "");
    tern_model_free(model);
}
END_TEST

START_TEST(sizes_that_lie_are_refused)
{
    edit_refused("config.json", "\"hidden_size\": 16", "\"hidden_size\": 32", "1_Pooling");
    edit_refused("config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 3", "can't be divided");
    edit_refused("config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 0", "num_attention_heads is 0");
    edit_refused("config.json", "\"max_position_embeddings\": ", "\"max_position_embeddings\": 2, \"x\": ",
                 "max_position_embeddings is 2; it must be between 3");
    edit_refused("config.json", "\"vocab_size\": ", "\"vocab_size\": -", "vocab_size is -");
    edit_refused("config.json", "\"vocab_size\": ", "\"vocab_size\": 1", "word_embeddings.weight has the shape [");
    edit_refused("config.json", "\"intermediate_size\": 40", "\"intermediate_size\": 999999", "asks for [999999, 16]");
    edit_refused("config.json", "\"intermediate_size\": 40", "\"intermediate_size\": 4611686018427387904", "between");
    edit_refused("config.json", "\"intermediate_size\": 40", "\"intermediate_size\": 1e2", "not a whole number");
    edit_refused("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "encoder.layer.2.");
    edit_refused("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "says 1 layers");
    edit_refused("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1024", "encoder.layer.2.");
    edit_refused("config.json", "\"hidden_size\": 16,", "", "\"hidden_size\"");
    edit_refused("config.json", "\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": 0", "layer_norm_eps");
    edit_refused("2_Dense/config.json", "\"in_features\": 16", "\"in_features\": 8", "in_features is 8");
    edit_refused("2_Dense/config.json", "\"out_features\": 6", "\"out_features\": 7",
                 "linear.weight has the shape [6, 16]");
    edit_refused("2_Dense/config.json", "\"out_features\": 6", "\"out_features\": 0", "out_features is 0");
}
END_TEST

START_TEST(missing_and_broken_files_are_named)
{
    removal_refused("tokenizer.json", "no tokenizer");
    removal_refused("model.safetensors", "model.safetensors");
    removal_refused("config.json", "config.json");
    removal_refused("1_Pooling/config.json", "1_Pooling");
    removal_refused("2_Dense/model.safetensors", "2_Dense");
    edit_refused("config.json", "{", "[", "JSON");
    edit_refused("modules.json", "[", "", "JSON");
    edit_refused("modules.json", "{", "", "JSON");
    edit_refused("config_sentence_transformers.json", "null", "\"nothing\"", "\"nothing\" is none of its prompts");
    const char *folder = tiny_copy();
    put_text(folder, "modules.json", "[]");
    refused(folder, "lists no Transformer");
    refused(tern_test_path("not-there"), "there is no such folder");
}
END_TEST

START_TEST(a_missing_tensor_and_nan_are_named)
{
    const char *folder = tiny_copy();
    tern_error error = {{0}};
    float bias[6] = {0, 1, NAN}, weight[96] = {0};
    char *path = tern_path_join(folder, "2_Dense/model.safetensors");
    const tern_safetensors_item items[] = {{.name = "linear.weight", .rank = 2, .shape = {6, 16}, .data = weight},
                                           {.name = "linear.bias", .rank = 1, .shape = {6}, .data = bias}};
    ck_assert_int_eq(tern_safetensors_write(path, items, 1, &error), 0);
    refused(folder, "2_Dense/linear.bias is missing");
    ck_assert_int_eq(tern_safetensors_write(path, items, 2, &error), 0);
    refused(folder, "linear.bias holds NaN");
    weight[7] = -INFINITY;
    ck_assert_int_eq(tern_safetensors_write(path, items, 2, &error), 0);
    refused(folder, "linear.weight holds an infinite number (value 7"); /* of two the first */
    free(path);
}
END_TEST

/* Spaces at the end of a safetensors header, so that its data begins shift bytes later. */
static void shift_data(const char *folder, size_t shift)
{
    char *path = tern_path_join(folder, "model.safetensors"), *bytes;
    size_t n;
    uint64_t header;
    ck_assert_int_eq(tern_file_read(path, 0, &bytes, &n, NULL), 0);
    memcpy(&header, bytes, sizeof header);
    size_t data = sizeof header + (size_t)header;
    char *moved = tern_alloc(n + shift, 1);
    memcpy(moved, bytes, data);
    memset(moved + data, ' ', shift);
    memcpy(moved + data + shift, bytes + data, n - data);
    header += shift;
    memcpy(moved, &header, sizeof header);
    tern_test_put_file(path, moved, n + shift);
    free(moved);
    free(bytes);
    free(path);
}

/* Whether the weights are used in place or copied, as at an odd address, is not to be seen. */
START_TEST(an_opened_model_gives_the_bits_of_a_loaded_one)
{
    static const char *const texts[] = {"the dog", "", "a cat and the dog", "the dog"};
    enum { N = sizeof texts / sizeof *texts, DIM = 6 };
    for (size_t shift = 0; shift <= 8; shift++) {
        const char *folder = tiny_copy();
        tern_error error = {{0}};
        float loaded[N * DIM], opened[N * DIM];
        shift_data(folder, shift);
        tern_model *model = load(folder), *other = tern_model_open(folder, &error);
        ck_assert_msg(other != NULL, "%s", error.message);
        ck_assert_int_eq(tern_model_dim(other), DIM);
        ck_assert_ptr_null(tern_encoder_params(other->encoder)->value);
        ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, texts, N, loaded, &error), 0);
        ck_assert_int_eq(tern_model_embed(other, &(tern_embed_options){0}, texts, N, opened, &error), 0);
        ck_assert_mem_eq(loaded, opened, sizeof loaded);
        const char *saved = tern_test_path("saved");
        ck_assert_int_eq(tern_remove_all(saved, NULL), 0);
        ck_assert_msg(tern_model_save(other, saved, 1, &error) == 0, "%s", error.message);
        tern_model_free(other);
        tern_model_free(model);
        model = load(saved);
        ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, texts, N, opened, &error), 0);
        ck_assert_mem_eq(loaded, opened, sizeof loaded);
        tern_model_free(model);
    }
}
END_TEST

START_TEST(an_opened_model_lives_on_when_its_files_are_replaced)
{
    static const char *const texts[] = {"the dog"};
    const char *folder = tiny_copy();
    tern_error error = {{0}};
    float before[6], after[6];
    tern_model *model = tern_model_open(folder, &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, texts, 1, before, &error), 0);
    char *path = tern_path_join(folder, "model.safetensors");
    ck_assert_int_eq(tern_file_write(path, "gone", 4, &error), 0);
    ck_assert_int_eq(tern_model_embed(model, &(tern_embed_options){0}, texts, 1, after, &error), 0);
    ck_assert_mem_eq(before, after, sizeof before);
    tern_model_free(model);
    free(path);
}
END_TEST

START_TEST(limits_come_from_the_first_file_that_has_one)
{
    const char *folder = tiny_copy();
    put_text(folder, "sentence_bert_config.json", "{\"max_seq_length\": 9, \"do_lower_case\": false}");
    tern_model *model = load(folder);
    ck_assert_int_eq(model->max_seq_length, 9);
    tern_model_free(model);
    put_text(folder, "sentence_bert_config.json", "{\"max_seq_length\": null}");
    edit(folder, "tokenizer_config.json", "\"model_max_length\": 20",
         "\"model_max_length\": 1000000000000000019884624838656");
    model = load(folder);
    ck_assert_int_eq(model->max_seq_length, 24);
    tern_model_free(model);
}
END_TEST

START_TEST(damaged_small_files_never_crash)
{
    for (int f = 0; f < N_TINY; f++) {
        const char *folder = tiny_copy();
        char *path = tern_path_join(folder, tiny_files[f]), *bytes;
        size_t n;
        ck_assert_int_eq(tern_file_read(path, 0, &bytes, &n, NULL), 0);
        for (uint64_t i = 0; i < 60; i++) {
            tern_error error = {{0}};
            size_t at = tern_random_below(n, 3, i, (uint64_t)f, 0), keep = i % 2 ? at : n;
            char saved = bytes[at];
            bytes[at] = (char)tern_random_below(256, 3, i, (uint64_t)f, 1);
            tern_test_put_file(path, bytes, keep);
            tern_model *model = tern_model_load(folder, &error);
            ck_assert(model || error.message[0]);
            tern_model_free(model);
            bytes[at] = saved;
        }
        free(bytes);
        free(path);
    }
}
END_TEST

/* ------------------------------------------------------------------------------------------------ names */

START_TEST(names_are_looked_up_in_terns_cache_then_hugging_faces)
{
    tern_error error = {{0}};
    const char *own = tern_test_path("cache/tern/models/org/name"), *hub = tern_test_path("hf/hub");
    setenv("XDG_CACHE_HOME", tern_test_path("cache"), 1);
    setenv("HF_HOME", tern_test_path("hf"), 1);
    unsetenv("HF_HUB_CACHE");
    unsetenv("HUGGINGFACE_HUB_CACHE");

    ck_assert_ptr_null(tern_model_find("org/name", NULL, &error));
    ck_assert_msg(strstr(error.message, own) && strstr(error.message, hub), "%s", error.message);

    const char *repository = tern_test_path("hf/hub/models--org--name");
    char *snapshot = tern_path_join(repository, "snapshots/abc123"), *refs = tern_path_join(repository, "refs");
    ck_assert_int_eq(tern_make_folder(snapshot, NULL), 0);
    ck_assert_int_eq(tern_make_folder(refs, NULL), 0);
    put_text(refs, "main", "abc123\n");
    ck_assert_ptr_null(tern_model_find("org/name", NULL, &error));
    ck_assert_msg(strstr(error.message, "hf download org/name"), "%s", error.message);
    put_text(snapshot, "config.json", "{}");
    char *found = tern_model_find("org/name", NULL, &error);
    ck_assert_str_eq(found, snapshot);
    free(found);
    put_text(refs, "main", "../../..");
    ck_assert_ptr_null(tern_model_find("org/name", NULL, &error));

    ck_assert_int_eq(tern_make_folder(own, NULL), 0);
    put_text(own, "config.json", "{}");
    found = tern_model_find("org/name", NULL, &error);
    ck_assert_str_eq(found, own);
    free(found);
    ck_assert_ptr_null(tern_model_find("../name", NULL, &error));
    ck_assert_ptr_null(tern_model_find("name", NULL, &error));
    ck_assert_ptr_null(tern_model_find("", NULL, &error));
    ck_assert_ptr_null(tern_model_find("org/", NULL, &error));
    ck_assert_ptr_null(tern_model_find("a/b/c", NULL, &error));
    free(refs);
    free(snapshot);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model folder");
    TCase *c = tcase_create("model folder");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, a_kill_at_any_place_leaves_a_whole_folder);
    tcase_add_test(c, a_folder_of_the_new_form_is_understood);
    tcase_add_test(c, vectors_are_sentence_transformers);
    tcase_add_test(c, encoding_ends_when_it_is_asked_to_stop);
    tcase_add_test(c, equal_texts_get_equal_vectors_and_order_is_kept);
    tcase_add_test(c, a_vector_has_the_same_bits_in_batches_of_any_size_and_alone);
    tcase_add_test(c, truncated_vectors_are_normalised_again);
    tcase_add_test(c, what_is_saved_loads_with_the_same_bits);
    tcase_add_test(c, the_old_form_is_written);
    tcase_add_test(c, half_weights_become_floats_in_config_too);
    tcase_add_test(c, a_model_from_scratch_saves_and_loads);
    tcase_add_test(c, saving_keeps_what_is_not_a_models);
    tcase_add_test(c, a_full_disk_leaves_the_old_folder);
    tcase_add_test(c, unknown_architectures_are_named);
    tcase_add_test(c, prompts_that_are_no_texts_are_refused);
    tcase_add_test(c, null_is_as_good_as_missing);
    tcase_add_test(c, sizes_that_lie_are_refused);
    tcase_add_test(c, missing_and_broken_files_are_named);
    tcase_add_test(c, a_missing_tensor_and_nan_are_named);
    tcase_add_test(c, an_opened_model_gives_the_bits_of_a_loaded_one);
    tcase_add_test(c, an_opened_model_lives_on_when_its_files_are_replaced);
    tcase_add_test(c, limits_come_from_the_first_file_that_has_one);
    tcase_add_test(c, damaged_small_files_never_crash);
    tcase_add_test(c, names_are_looked_up_in_terns_cache_then_hugging_faces);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
