/* Writing the sentence-transformers folder, in the old form that every reader takes. */
#include "base/file.h"
#include "base/memory.h"
#include "base/staging.h"
#include "checkpoints/fault.h"
#include "checkpoints/model.h"
#include "checkpoints/prompts.h"
#include "checkpoints/weights.h"

#include <jansson.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Writes text into folder/name and frees it. */
static int write_text(const char *folder, const char *name, char *text, tern_error *error)
{
    char *path = tern_path_join(folder, name);
    int status = tern_file_write(path, text, strlen(text), error);
    tern_fault("model");
    free(path);
    free(text);
    return status;
}

/* The same for a JSON value, which is freed. */
static int write_json(const char *folder, const char *name, json_t *value, tern_error *error)
{
    TERN_CHECK(value, "%s can't be made", name);
    char *json = json_dumps(value, JSON_INDENT(2)), *text = tern_format("%s\n", json);
    TERN_CHECK(json, "%s can't be written as JSON", name);
    free(json);
    json_decref(value);
    return write_text(folder, name, text, error);
}

static const char *module_name(tern_module_kind kind)
{
    return kind == TERN_MODULE_POOLING ? "Pooling" : kind == TERN_MODULE_DENSE ? "Dense" : "Normalize";
}

static int write_module_list(const tern_encoder_config *config, const char *folder, tern_error *error)
{
    json_t *list = json_pack("[{s:i, s:s, s:s, s:s}]", "idx", 0, "name", "0", "path", "", "type",
                             "sentence_transformers.models.Transformer");
    for (int i = 0; i < config->n_modules; i++) {
        const char *class = module_name(config->modules[i].kind);
        char *name = tern_format("%d", i + 1), *path = tern_format("%d_%s", i + 1, class);
        char *type = tern_format("sentence_transformers.models.%s", class);
        json_array_append_new(
            list, json_pack("{s:i, s:s, s:s, s:s}", "idx", i + 1, "name", name, "path", path, "type", type));
        free(type);
        free(path);
        free(name);
    }
    return write_json(folder, "modules.json", list, error);
}

static json_t *pooling_json(const tern_module *module, int64_t dim)
{
    static const struct {
        const char *key;
        int pooling;
    } keys[] = {{"pooling_mode_cls_token", TERN_POOL_CLS},  {"pooling_mode_mean_tokens", TERN_POOL_MEAN},
                {"pooling_mode_max_tokens", TERN_POOL_MAX}, {"pooling_mode_mean_sqrt_len_tokens", TERN_POOL_MEAN_SQRT},
                {"pooling_mode_weightedmean_tokens", -1},   {"pooling_mode_lasttoken", TERN_POOL_LAST}};
    json_t *json = json_pack("{s:I}", "word_embedding_dimension", (json_int_t)dim);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set_new(json, keys[i].key, json_boolean((int)module->pooling == keys[i].pooling));
    json_object_set_new(json, "include_prompt", json_true());
    return json;
}

static json_t *dense_json(const tern_module *module)
{
    return json_pack("{s:I, s:I, s:b, s:s}", "in_features", (json_int_t)module->in_features, "out_features",
                     (json_int_t)module->out_features, "bias", module->bias, "activation_function",
                     module->activation == TERN_TANH ? "torch.nn.modules.activation.Tanh"
                                                     : "torch.nn.modules.linear.Identity");
}

/* Each module's folder with its config.json; Normalize has neither. */
static int write_modules(const tern_encoder_config *config, const char *folder, tern_error *error)
{
    int status = write_module_list(config, folder, error);
    for (int i = 0; status == 0 && i < config->n_modules; i++) {
        const tern_module *module = &config->modules[i];
        if (module->kind == TERN_MODULE_NORMALIZE)
            continue;
        char *path = tern_format("%s/%d_%s", folder, i + 1, module_name(module->kind));
        status = tern_make_folder(path, error);
        if (status == 0)
            status = write_json(path, "config.json",
                                module->kind == TERN_MODULE_POOLING ? pooling_json(module, config->bert.hidden_size)
                                                                    : dense_json(module),
                                error);
        free(path);
    }
    return status;
}

static json_t *bert_json(const tern_bert_config *bert)
{
    return json_pack("{s:[s], s:f, s:s, s:f, s:I, s:f, s:I, s:f, s:I, s:s, s:I, s:I, s:i, s:s, s:s, s:I, s:I}",
                     "architectures", "BertModel", "attention_probs_dropout_prob", bert->attention_dropout,
                     "hidden_act", "gelu", "hidden_dropout_prob", bert->hidden_dropout, "hidden_size",
                     (json_int_t)bert->hidden_size, "initializer_range", bert->initializer_range, "intermediate_size",
                     (json_int_t)bert->intermediate_size, "layer_norm_eps", bert->layer_norm_eps,
                     "max_position_embeddings", (json_int_t)bert->max_positions, "model_type", "bert",
                     "num_attention_heads", (json_int_t)bert->heads, "num_hidden_layers", (json_int_t)bert->layers,
                     "pad_token_id", 0, "position_embedding_type", "absolute", "torch_dtype", "float32",
                     "type_vocab_size", (json_int_t)bert->type_vocab_size, "vocab_size", (json_int_t)bert->vocab_size);
}

/* The source's file as it was. Only a type of weights that is no longer true is changed: a reader would round by it. */
static int write_config(const tern_model *model, const char *folder, tern_error *error)
{
    static const char *const keys[] = {"torch_dtype", "dtype"};
    if (!model->config_json)
        return write_json(folder, "config.json", bert_json(&tern_encoder_get_config(model->encoder)->bert), error);
    json_t *json = json_loads(model->config_json, 0, NULL);
    TERN_CHECK(json, "the config.json that was read is no JSON");
    int changed = 0;
    for (int i = 0; i < 2; i++) {
        const char *type = json_string_value(json_object_get(json, keys[i]));
        if (type && strcmp(type, "float32") != 0) {
            json_object_set_new(json, keys[i], json_string("float32"));
            changed = 1;
        }
    }
    if (changed)
        return write_json(folder, "config.json", json, error);
    json_decref(json);
    return write_text(folder, "config.json", tern_strdup(model->config_json), error);
}

static int write_prompts(const tern_model *model, const char *folder, tern_error *error)
{
    return write_json(folder, "config_sentence_transformers.json", tern_prompts_json(model), error);
}

static int write_card(const tern_model *model, const char *folder, tern_error *error)
{
    static const char *const poolings[] = {"mean", "CLS", "max", "last-token", "mean-sqrt-length"};
    const tern_encoder_config *config = tern_encoder_get_config(model->encoder);
    tern_buffer card = {0};
    tern_buffer_printf(&card, "---\nlibrary_name: sentence-transformers\npipeline_tag: sentence-similarity\ntags:\n"
                              "- sentence-transformers\n- sentence-similarity\n- feature-extraction\n---\n\n"
                              "# A text-embedding model\n\n");
    tern_buffer_printf(&card, "It maps texts to vectors of %lld numbers. Written by tern %s.\n\n",
                       (long long)tern_model_dim(model), TERN_VERSION);
    tern_buffer_printf(&card, "- transformer: BERT, %lld layers, %lld wide, %lld heads\n",
                       (long long)config->bert.layers, (long long)config->bert.hidden_size,
                       (long long)config->bert.heads);
    tern_buffer_printf(&card, "- pooling: %s\n- longest text: %lld tokens\n- similarity: %s\n\n",
                       poolings[config->modules[0].pooling], (long long)model->max_seq_length,
                       tern_similarity_name(model->similarity));
    tern_buffer_printf(&card, "```python\nfrom sentence_transformers import SentenceTransformer\n\n"
                              "model = SentenceTransformer(\"path/to/this/folder\")\n"
                              "embeddings = model.encode([\"first text\", \"second text\"])\n```\n");
    return write_text(folder, "README.md", card.data, error);
}

static int write_files(const tern_model *model, const char *folder, tern_error *error)
{
    json_t *limits = json_pack("{s:I, s:b}", "max_seq_length", (json_int_t)model->max_seq_length, "do_lower_case", 0);
    if (write_json(folder, "sentence_bert_config.json", limits, error) < 0 ||
        write_modules(tern_encoder_get_config(model->encoder), folder, error) < 0 ||
        write_config(model, folder, error) < 0 || write_prompts(model, folder, error) < 0 ||
        write_card(model, folder, error) < 0 ||
        tern_tokenizer_save(model->tokenizer, folder, model->max_seq_length, error) < 0)
        return -1;
    tern_fault("model");
    return tern_weights_write(model->encoder, folder, error);
}

/* ---------------------------------------------------------------------------------------- the folder as one */

/* "1_Pooling", "2_Dense": the module's kind, or NULL. */
static const char *module_of(const char *folder, size_t n)
{
    static const char *const kinds[] = {"_Pooling", "_Dense", "_Normalize"};
    size_t digits = strspn(folder, "0123456789");
    for (size_t i = 0; digits > 0 && i < sizeof kinds / sizeof *kinds; i++)
        if (n == digits + strlen(kinds[i]) && strncmp(folder + digits, kinds[i], n - digits) == 0)
            return kinds[i];
    return NULL;
}

/* A path in a model's folder that tern_model_save writes. */
static int is_ours(const char *path)
{
    static const char *const files[] = {"modules.json",
                                        "config.json",
                                        "config_sentence_transformers.json",
                                        "sentence_bert_config.json",
                                        "README.md",
                                        "model.safetensors",
                                        "tokenizer.json",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "vocab.txt"};
    const char *slash = strchr(path, '/');
    if (slash)
        return module_of(path, (size_t)(slash - path)) &&
               (strcmp(slash, "/config.json") == 0 || strcmp(slash, "/model.safetensors") == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(path, files[i]) == 0)
            return 1;
    return module_of(path, strlen(path)) != NULL;
}

int tern_model_may_replace(const char *folder, tern_error *error)
{
    char *stranger = NULL, *target = tern_output_path(folder, error);
    int status = target ? tern_folder_stranger(target, is_ours, &stranger, error) : -1;
    if (status == 0 && stranger)
        status = tern_fail(error, "%s: it holds %s, which belongs to no model of tern's; choose another folder", folder,
                           stranger);
    free(stranger);
    free(target);
    return status;
}
/* The files are on disk already; their folders' entries not yet. */
static int sync_folders(const tern_encoder_config *config, const char *folder, tern_error *error)
{
    for (int i = 0; i < config->n_modules; i++) {
        if (config->modules[i].kind == TERN_MODULE_NORMALIZE)
            continue;
        char *path = tern_format("%s/%d_%s", folder, i + 1, module_name(config->modules[i].kind));
        int status = tern_folder_sync(path, error);
        free(path);
        if (status < 0)
            return -1;
    }
    return tern_folder_sync(folder, error);
}

static int save_staged(const tern_model *model, tern_staged *staged, tern_error *error)
{
    const char *temporary = tern_staged_path(staged);
    tern_fault("model");
    int status = write_files(model, temporary, error);
    tern_fault("model");
    if (status == 0)
        status = sync_folders(tern_encoder_get_config(model->encoder), temporary, error);
    if (status == 0)
        status = tern_staged_place(staged, error);
    else
        tern_staged_discard(staged);
    tern_fault("model");
    return status;
}

/* Replacing a folder removes what it holds: only what this file writes may be lost. */
static int check_target(const char *folder, int overwrite, tern_error *error)
{
    if (overwrite)
        return tern_model_may_replace(folder, error);
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? 0 : tern_fail(error, "%s: can't write it: %s", folder, strerror(errno));
    int n = 0;
    while (n < 3 && readdir(dir))
        n++;
    closedir(dir);
    return n > 2 ? tern_fail(error, "%s: it exists already; --force overwrites it", folder) : 0;
}

int tern_model_save(const tern_model *model, const char *folder, int overwrite, tern_error *error)
{
    char *target = tern_output_path(folder, error);
    if (!target)
        return -1;
    tern_staged *staged = NULL;
    if (check_target(target, overwrite, error) == 0 && tern_make_folder_above(target, error) == 0)
        staged = tern_staged_folder(target, overwrite, error);
    int status = staged ? save_staged(model, staged, error) : -1;
    free(target);
    return status;
}
