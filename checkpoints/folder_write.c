/* Writing the sentence-transformers folder, in the old form that every reader takes. */
#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/fault.h"
#include "checkpoints/model.h"
#include "checkpoints/prompts.h"
#include "checkpoints/weights.h"

#include <jansson.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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
    tern_buffer_printf(&card, "- pooling: %s\n- longest text: %lld tokens\n\n", poolings[config->modules[0].pooling],
                       (long long)model->max_seq_length);
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

/* A name that tern_model_save writes. */
static int is_ours(const char *name)
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
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(name, files[i]) == 0)
            return 1;
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && (strcmp(name + digits, "_Pooling") == 0 || strcmp(name + digits, "_Dense") == 0 ||
                          strcmp(name + digits, "_Normalize") == 0);
}

/* Replacing a folder removes what it holds: only what this file writes may be lost. */
static int check_target(const char *folder, int overwrite, tern_error *error)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? 0 : tern_fail(error, "%s: can't write it: %s", folder, strerror(errno));
    int status = 0;
    for (struct dirent *entry; status == 0 && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!overwrite)
            status = tern_fail(error, "%s: it exists already; --force overwrites it", folder);
        else if (!is_ours(entry->d_name))
            status = tern_fail(error, "%s: it holds %s, which belongs to no model of tern's; choose another folder",
                               folder, entry->d_name);
    }
    closedir(dir);
    return status;
}

static int sync_folder(const char *folder, tern_error *error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int bad = fd < 0 || fsync(fd) != 0, why = errno;
    if (fd >= 0)
        close(fd);
    return bad ? tern_fail(error, "%s: can't write it: %s", folder, strerror(why)) : 0;
}

/* The files are on disk already; their folders' entries not yet. */
static int sync_folders(const tern_encoder_config *config, const char *folder, tern_error *error)
{
    for (int i = 0; i < config->n_modules; i++) {
        if (config->modules[i].kind == TERN_MODULE_NORMALIZE)
            continue;
        char *path = tern_format("%s/%d_%s", folder, i + 1, module_name(config->modules[i].kind));
        int status = sync_folder(path, error);
        free(path);
        if (status < 0)
            return -1;
    }
    return sync_folder(folder, error);
}

/* Puts the finished folder in place. A folder that is there is exchanged with it in one step, where the file system
 * can do that, and then removed under the temporary name. */
static int place(const char *temporary, const char *folder, tern_error *error)
{
    if (!tern_folder_exists(folder) || rmdir(folder) == 0)
        return tern_file_replace(temporary, folder, error);
    char *old = tern_format("%s.old", temporary);
    int status = 0;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, folder, RENAME_EXCHANGE) != 0) {
        status = tern_remove_all(old, error);
        if (status == 0 && rename(folder, old) != 0)
            status = tern_fail(error, "%s: can't replace it: %s", folder, strerror(errno));
        if (status == 0)
            status = tern_file_replace(temporary, folder, error);
    }
    tern_fault("model");
    if (status == 0 && (tern_remove_all(old, error) < 0 || tern_remove_all(temporary, error) < 0))
        status = -1;
    free(old);
    return status;
}

/* "runs/x/model" -> "runs/x/.model.tern-tmp": in the same file system, and never a name of the user's. */
static char *temporary_name(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    int head = slash ? (int)(slash - folder + 1) : 0;
    return tern_format("%.*s.%s.tern-tmp", head, folder, folder + head);
}

/* Processes that write models into one folder side by side take turns, since the temporary name is the same. Returns a
 * descriptor to close. Where a file system has no locks, nothing is waited for. */
static int take_turn(const char *folder, tern_error *error)
{
    const char *slash = strrchr(folder, '/');
    char *parent = slash ? tern_strndup(folder, (size_t)(slash - folder + 1)) : tern_strdup(".");
    int fd = -1;
    if (tern_make_folder(parent, error) == 0) {
        fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            tern_fail(error, "%s: can't open it: %s", parent, strerror(errno));
        else
            flock(fd, LOCK_EX);
    }
    free(parent);
    return fd;
}

int tern_model_save(const tern_model *model, const char *folder, int overwrite, tern_error *error)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    char *target = tern_strndup(folder, n), *temporary = temporary_name(target);
    int turn = take_turn(target, error), status = turn < 0 ? -1 : check_target(target, overwrite, error);
    if (status == 0)
        status = tern_remove_all(temporary, error);
    if (status == 0)
        status = tern_make_folder(temporary, error);
    tern_fault("model");
    if (status == 0) {
        status = write_files(model, temporary, error);
        tern_fault("model");
        if (status == 0)
            status = sync_folders(tern_encoder_get_config(model->encoder), temporary, error);
        if (status == 0)
            status = place(temporary, target, error);
        if (status < 0)
            tern_remove_all(temporary, NULL);
    }
    tern_fault("model");
    if (turn >= 0)
        close(turn);
    free(temporary);
    free(target);
    return status;
}
