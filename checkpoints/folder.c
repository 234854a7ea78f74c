#include "checkpoints/folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/json_file.h"
#include "data/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LEAST_TOKENS = 3 }; /* [CLS], [SEP] and something between them */

void tern_folder_free(tern_folder *folder)
{
    for (int i = 0; i < TERN_MAX_MODULES; i++)
        free(folder->dense[i]);
    free(folder->transformer);
    free(folder->query_prompt);
    free(folder->document_prompt);
    free(folder->default_prompt);
    tern_warnings_free(&folder->warnings);
    free(folder->config_json);
    free(folder->prompts_json);
    *folder = (tern_folder){0};
}

/* Limits far above any BERT, so that sums of products of them stay inside 64 bits. */
int tern_bert_config_check(const tern_bert_config *config, const char *where, tern_error *error)
{
    const struct {
        const char *name;
        int64_t value, least, most;
    } sizes[] = {
        {"vocab_size", config->vocab_size, 1, 1 << 24},
        {"hidden_size", config->hidden_size, 1, 1 << 16},
        {"num_hidden_layers", config->layers, 1, 1 << 10},
        {"num_attention_heads", config->heads, 1, 1 << 12},
        {"intermediate_size", config->intermediate_size, 1, 1 << 20},
        {"max_position_embeddings", config->max_positions, LEAST_TOKENS, 1 << 20},
        {"type_vocab_size", config->type_vocab_size, 1, 1 << 16},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < sizes[i].least || sizes[i].value > sizes[i].most)
            return tern_fail(error, "%s: %s is %lld; it must be between %lld and %lld", where, sizes[i].name,
                             (long long)sizes[i].value, (long long)sizes[i].least, (long long)sizes[i].most);
    if (config->hidden_size % config->heads != 0)
        return tern_fail(error, "%s: hidden_size %lld can't be divided by num_attention_heads %lld", where,
                         (long long)config->hidden_size, (long long)config->heads);
    if (!(config->layer_norm_eps > 0 && config->layer_norm_eps < 1))
        return tern_fail(error, "%s: layer_norm_eps %g is not between 0 and 1", where, config->layer_norm_eps);
    if (!(config->hidden_dropout >= 0 && config->hidden_dropout < 1 && config->attention_dropout >= 0 &&
          config->attention_dropout < 1))
        return tern_fail(error, "%s: its dropout is not between 0 and 1", where);
    return 0;
}

/* A field that decides what is computed: only one value is known here. */
static int expect_text(const json_t *json, const char *key, const char *known, const char *path, tern_error *error)
{
    const char *value;
    if (tern_json_text(json, key, &value, path, error) < 0)
        return -1;
    if (value && strcmp(value, known) != 0)
        return tern_fail(error, "%s: %s \"%s\" is not known to tern; it reads \"%s\"", path, key, value, known);
    return 0;
}

static int check_architecture(const json_t *json, const char *path, tern_error *error)
{
    const char *architecture = json_string_value(json_array_get(json_object_get(json, "architectures"), 0));
    int decoder;
    if (!json_object_get(json, "model_type") && (!architecture || strncmp(architecture, "Bert", 4) != 0))
        return tern_fail(error, "%s: it has no \"model_type\"; tern reads models of type \"bert\"", path);
    if (expect_text(json, "model_type", "bert", path, error) < 0 ||
        expect_text(json, "hidden_act", "gelu", path, error) < 0 ||
        expect_text(json, "position_embedding_type", "absolute", path, error) < 0 ||
        tern_json_bool(json, "is_decoder", 0, &decoder, path, error) < 0)
        return -1;
    return decoder ? tern_fail(error, "%s: it is a decoder; tern reads encoders", path) : 0;
}

static int read_bert(tern_bert_config *bert, const json_t *json, const char *path, tern_error *error)
{
    const struct {
        const char *key;
        int64_t *value, fallback;
    } sizes[] = {
        {"vocab_size", &bert->vocab_size, TERN_JSON_REQUIRED},
        {"hidden_size", &bert->hidden_size, TERN_JSON_REQUIRED},
        {"num_hidden_layers", &bert->layers, TERN_JSON_REQUIRED},
        {"num_attention_heads", &bert->heads, TERN_JSON_REQUIRED},
        {"intermediate_size", &bert->intermediate_size, TERN_JSON_REQUIRED},
        {"max_position_embeddings", &bert->max_positions, TERN_JSON_REQUIRED},
        {"type_vocab_size", &bert->type_vocab_size, 2},
    };
    if (check_architecture(json, path, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (tern_json_int(json, sizes[i].key, sizes[i].fallback, sizes[i].value, path, error) < 0)
            return -1;
    /* fallbacks: those of BertConfig */
    if (tern_json_real(json, "layer_norm_eps", 1e-12, &bert->layer_norm_eps, path, error) < 0 ||
        tern_json_real(json, "hidden_dropout_prob", 0.1, &bert->hidden_dropout, path, error) < 0 ||
        tern_json_real(json, "attention_probs_dropout_prob", 0.1, &bert->attention_dropout, path, error) < 0 ||
        tern_json_real(json, "initializer_range", 0.02, &bert->initializer_range, path, error) < 0)
        return -1;
    return tern_bert_config_check(bert, path, error);
}

/* What a head in an architecture's name was trained for. */
static const struct {
    const char *end, *is;
} heads[] = {
    {"ForMaskedLM", "a base that was trained to fill in masked words, and not for embeddings"},
    {"ForPreTraining", "a base that was trained to fill in masked words, and not for embeddings"},
    {"LMHeadModel", "a base that was trained to predict words, and not for embeddings"},
    {"ForNextSentencePrediction", "a classifier of pairs of sentences, not an embedding model"},
    {"ForSequenceClassification", "a classifier or a cross-encoder (reranker), not an embedding model"},
    {"ForTokenClassification", "a tagger of words, not an embedding model"},
    {"ForQuestionAnswering", "a model that finds answers in a text, not an embedding model"},
    {"ForMultipleChoice", "a model that chooses between answers, not an embedding model"},
};

static const char *head_of(const char *architecture)
{
    size_t n = strlen(architecture);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        size_t m = strlen(heads[i].end);
        if (n >= m && strcmp(architecture + n - m, heads[i].end) == 0)
            return heads[i].is;
    }
    return "a model with a head of its own";
}

/* Without modules.json nothing says that the folder holds an embedding model; a plain BertModel may well be one. */
static void warn_of_head(tern_folder *folder, const json_t *json, const char *path)
{
    const char *architecture = json_string_value(json_array_get(json_object_get(json, "architectures"), 0));
    size_t n = architecture ? strlen(architecture) : 0;
    if (n == 0 || (n >= 9 && strcmp(architecture + n - 9, "BertModel") == 0))
        return;
    tern_warn(&folder->warnings,
              "%s: it says %s, and there is no modules.json: this is probably %s; tern leaves its head out and takes "
              "the mean of its token vectors (mean pooling)",
              path, architecture, head_of(architecture));
}

static int read_config(tern_folder *folder, tern_error *error)
{
    char *path = tern_path_join(folder->transformer, "config.json");
    json_t *json = tern_json_file(path, 0, &folder->config_json, error);
    int status = json ? read_bert(&folder->config.bert, json, path, error) : -1;
    if (status == 0 && folder->assumed)
        warn_of_head(folder, json, path);
    json_decref(json);
    free(path);
    return status;
}

/* 1: the file is there, 0: it isn't; fails for what only bears its name, such as a link into a cache whose file is
 * gone: left out, it would make another model of this one. */
static int look_for(const char *path, tern_error *error)
{
    struct stat info;
    if (tern_file_exists(path))
        return 1;
    return lstat(path, &info) == 0 ? tern_fail(error, "%s: it is no file, or a link to one that is gone", path) : 0;
}

/* What a Transformer module of sentence-transformers may be told besides its length. */
static int check_transformer(tern_folder *folder, const json_t *json, const char *path, tern_error *error)
{
    static const char *const passed_over[] = {"tokenizer_args", "processor_kwargs", "processing_kwargs", "model_args",
                                              "model_kwargs",   "config_args",      "config_kwargs"};
    const json_t *text = json_object_get(json_object_get(json, "modality_config"), "text");
    if (expect_text(json, "transformer_task", "feature-extraction", path, error) < 0 ||
        expect_text(json, "module_output_name", "token_embeddings", path, error) < 0 ||
        expect_text(text, "method_output_name", "last_hidden_state", path, error) < 0 ||
        tern_json_bool(json, "do_lower_case", 0, &folder->lower_case, path, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        if (json_object_size(json_object_get(json, passed_over[i])) > 0)
            tern_warn(&folder->warnings,
                      "%s: its \"%s\" are left out; where they change what is computed, other tools "
                      "make other vectors",
                      path, passed_over[i]);
    return 0;
}

/* sentence_bert_config.json, else the tokenizer's limit, which is a float of 1e30 when there is none: whole numbers
 * are read as reals. */
static int read_max_length(tern_folder *folder, tern_error *error)
{
    static const char *const sources[][2] = {{"sentence_bert_config.json", "max_seq_length"},
                                             {"tokenizer_config.json", "model_max_length"}};
    int64_t most = folder->config.bert.max_positions;
    folder->max_seq_length = 0;
    for (int i = 0; i < 2 && !folder->max_seq_length; i++) {
        double length = 0;
        char *path = tern_path_join(folder->transformer, sources[i][0]);
        int there = look_for(path, error);
        json_t *json = there == 0 ? json_null() : NULL;
        if (there > 0)
            json = tern_json_file(path, JSON_DECODE_INT_AS_REAL, NULL, error);
        int status = json ? tern_json_real(json, sources[i][1], 0, &length, path, error) : -1;
        if (status == 0 && i == 0)
            status = check_transformer(folder, json, path, error);
        if (status == 0 && (length < 0 || (length > 0 && length < LEAST_TOKENS)))
            status = tern_fail(error, "%s: a %s of %g leaves no room for a text", path, sources[i][1], length);
        json_decref(json);
        free(path);
        if (status < 0)
            return -1;
        folder->max_seq_length = length > (double)most ? most : (int64_t)length;
    }
    if (!folder->max_seq_length)
        folder->max_seq_length = most;
    return 0;
}

/* The first of keys that prompts has. */
static const char *prompt_of(const json_t *prompts, const char *const *keys)
{
    for (; *keys; keys++)
        if (json_is_string(json_object_get(prompts, *keys)))
            return json_string_value(json_object_get(prompts, *keys));
    return NULL;
}

/* An object whose values are texts; null is as good as missing, for each and for all of them. */
static int check_prompts(json_t *prompts, const char *path, tern_error *error)
{
    const char *name;
    json_t *prompt;
    if (prompts && !json_is_null(prompts) && !json_is_object(prompts))
        return tern_fail(error, "%s: its \"prompts\" are not an object of texts by their names", path);
    json_object_foreach(prompts, name, prompt)
    {
        if (!json_is_string(prompt) && !json_is_null(prompt))
            return tern_fail(error, "%s: its prompt \"%s\" is not a string", path, name);
    }
    return 0;
}

/* As sentence-transformers' encode, encode_query and encode_document: a role without a prompt gets none, not the
 * default one. Folders that have only "passage" mean documents by it. */
static int set_prompts(tern_folder *folder, const json_t *json, const char *path, tern_error *error)
{
    static const char *const query[] = {"query", NULL}, *const document[] = {"document", "passage", "corpus", NULL};
    json_t *prompts = json_object_get(json, "prompts");
    const char *name, *normal = "", *own;
    if (check_prompts(prompts, path, error) < 0 || tern_json_text(json, "default_prompt_name", &name, path, error) < 0)
        return -1;
    if (name) {
        normal = json_string_value(json_object_get(prompts, name));
        if (!normal)
            return tern_fail(error, "%s: its default_prompt_name \"%s\" is none of its prompts", path, name);
    }
    folder->default_prompt = tern_strdup(normal);
    folder->query_prompt = tern_strdup((own = prompt_of(prompts, query)) ? own : "");
    folder->document_prompt = tern_strdup((own = prompt_of(prompts, document)) ? own : "");
    if (!folder->include_prompt && (*folder->query_prompt || *folder->document_prompt || *normal))
        return tern_fail(error,
                         "%s: the model has prompts that its pooling leaves out (include_prompt false); tern "
                         "doesn't do that",
                         path);
    return 0;
}

static int set_similarity(tern_folder *folder, const json_t *json, const char *path, tern_error *error)
{
    const char *name;
    if (tern_json_text(json, "similarity_fn_name", &name, path, error) < 0)
        return -1;
    int found = name ? tern_similarity_find(name) : TERN_SIMILARITY_COSINE;
    if (found < 0)
        return tern_fail(error,
                         "%s: its similarity_fn_name \"%s\" is not known to tern; cosine, dot, euclidean and manhattan "
                         "are",
                         path, name);
    folder->similarity = (tern_similarity)found;
    return 0;
}

static int read_prompts(tern_folder *folder, const char *root, tern_error *error)
{
    char *path = tern_path_join(root, "config_sentence_transformers.json");
    int there = look_for(path, error);
    json_t *json = there == 0 ? json_object() : NULL;
    if (there > 0)
        json = tern_json_file(path, 0, &folder->prompts_json, error);
    int status = json ? set_prompts(folder, json, path, error) : -1;
    if (status == 0)
        status = set_similarity(folder, json, path, error);
    if (status == 0)
        status = tern_json_int(json, "truncate_dim", 0, &folder->truncate_dim, path, error);
    if (status == 0 && folder->truncate_dim < 0)
        status = tern_fail(error, "%s: its truncate_dim %lld is negative", path, (long long)folder->truncate_dim);
    json_decref(json);
    free(path);
    return status;
}

/* -------------------------------------------------------------------------------------------------- modules */

static const struct {
    const char *key, *mode;
    int pooling; /* -1: not known to tern */
} poolings[] = {
    {"pooling_mode_mean_tokens", "mean", TERN_POOL_MEAN},
    {"pooling_mode_cls_token", "cls", TERN_POOL_CLS},
    {"pooling_mode_max_tokens", "max", TERN_POOL_MAX},
    {"pooling_mode_lasttoken", "lasttoken", TERN_POOL_LAST},
    {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", TERN_POOL_MEAN_SQRT},
    {"pooling_mode_weightedmean_tokens", "weightedmean", -1},
};
enum { N_POOLINGS = sizeof poolings / sizeof *poolings };

/* Index into poolings of the one mode that is set, or -1. */
static int pooling_mode(const json_t *json, const char *path, tern_error *error)
{
    int found = -1, set;
    const json_t *named = json_object_get(json, "pooling_mode");
    if (json_is_null(named))
        named = NULL;
    if (json_is_array(named) && json_array_size(named) == 1)
        named = json_array_get(named, 0);
    if (named && !json_is_string(named))
        return tern_fail(error, "%s: several poolings side by side are not known to tern", path);
    for (int i = 0; i < N_POOLINGS; i++) {
        if (named)
            set = strcmp(json_string_value(named), poolings[i].mode) == 0;
        else if (tern_json_bool(json, poolings[i].key, 0, &set, path, error) < 0)
            return -1;
        if (set && found >= 0)
            return tern_fail(error, "%s: several poolings side by side are not known to tern", path);
        found = set ? i : found;
    }
    if (found < 0 && named)
        return tern_fail(error, "%s: its pooling \"%s\" is not known to tern", path, json_string_value(named));
    return found < 0 ? tern_fail(error, "%s: it sets no pooling", path) : found;
}

static int read_pooling(tern_folder *folder, tern_module *module, const json_t *json, int64_t dim, const char *path,
                        tern_error *error)
{
    int64_t width;
    const char *key = json_object_get(json, "embedding_dimension") ? "embedding_dimension" : "word_embedding_dimension";
    if (tern_json_int(json, key, dim, &width, path, error) < 0 ||
        tern_json_bool(json, "include_prompt", 1, &folder->include_prompt, path, error) < 0)
        return -1;
    if (width != dim)
        return tern_fail(error, "%s: its %s is %lld, but the transformer's hidden_size %lld", path, key,
                         (long long)width, (long long)dim);
    int mode = pooling_mode(json, path, error);
    if (mode < 0)
        return -1;
    if (poolings[mode].pooling < 0)
        return tern_fail(error, "%s: its pooling \"%s\" is not known to tern", path, poolings[mode].mode);
    module->pooling = (tern_pooling)poolings[mode].pooling;
    return 0;
}

static int read_activation(tern_module *module, const json_t *json, const char *path, tern_error *error)
{
    const char *name;
    if (tern_json_text(json, "activation_function", &name, path, error) < 0)
        return -1;
    const char *dot = name ? strrchr(name, '.') : NULL;
    if (!name || (dot && strcmp(dot, ".Tanh") == 0)) /* without one, Dense has a tanh */
        module->activation = TERN_TANH;
    else if (dot && strcmp(dot, ".Identity") == 0)
        module->activation = TERN_IDENTITY;
    else
        return tern_fail(error, "%s: its activation_function %s is not known to tern; Identity and Tanh are", path,
                         name);
    return 0;
}

static int read_dense(tern_module *module, const json_t *json, int64_t dim, const char *path, tern_error *error)
{
    int residual;
    if (tern_json_int(json, "in_features", TERN_JSON_REQUIRED, &module->in_features, path, error) < 0 ||
        tern_json_int(json, "out_features", TERN_JSON_REQUIRED, &module->out_features, path, error) < 0 ||
        tern_json_bool(json, "bias", 1, &module->bias, path, error) < 0 ||
        tern_json_bool(json, "use_residual", 0, &residual, path, error) < 0 ||
        expect_text(json, "module_input_name", "sentence_embedding", path, error) < 0 ||
        expect_text(json, "module_output_name", "sentence_embedding", path, error) < 0 ||
        read_activation(module, json, path, error) < 0)
        return -1;
    if (residual)
        return tern_fail(error, "%s: a Dense module with a residual is not known to tern", path);
    if (module->in_features != dim)
        return tern_fail(error, "%s: its in_features is %lld, but the module before it gives %lld", path,
                         (long long)module->in_features, (long long)dim);
    if (module->out_features < 1 || module->out_features > 1 << 20)
        return tern_fail(error, "%s: its out_features is %lld; it must be between 1 and %d", path,
                         (long long)module->out_features, 1 << 20);
    return 0;
}

/* The configuration of a module after the transformer; dim: the width of what it gets. */
static int read_module(tern_folder *folder, tern_module *module, const char *module_folder, int64_t dim,
                       tern_error *error)
{
    char *path = tern_path_join(module_folder, "config.json");
    json_t *json = tern_json_file(path, 0, NULL, error);
    int status = -1;
    if (json && module->kind == TERN_MODULE_POOLING)
        status = read_pooling(folder, module, json, dim, path, error);
    else if (json)
        status = read_dense(module, json, dim, path, error);
    json_decref(json);
    free(path);
    return status;
}

/* The last part of "sentence_transformers.models.Pooling" when the name is sentence-transformers' own. */
static const char *module_class(const char *type)
{
    const char *dot = type && strncmp(type, "sentence_transformers.", 22) == 0 ? strrchr(type, '.') : NULL;
    return dot ? dot + 1 : "";
}

static int module_kind(const char *class, tern_module_kind *kind)
{
    static const char *const names[] = {
        [TERN_MODULE_POOLING] = "Pooling", [TERN_MODULE_DENSE] = "Dense", [TERN_MODULE_NORMALIZE] = "Normalize"};
    for (int i = 0; i < 3; i++)
        if (strcmp(class, names[i]) == 0) {
            *kind = (tern_module_kind)i;
            return 0;
        }
    return -1;
}

/* A module's folder; a path that leads out of the model's is refused. */
static char *module_folder(const json_t *entry, const char *root, const char *list, tern_error *error)
{
    const char *path = json_string_value(json_object_get(entry, "path"));
    if (!path || path[0] == '/' || strstr(path, "..")) {
        tern_fail(error, "%s: a module's path is missing or leads out of the folder", list);
        return NULL;
    }
    return path[0] ? tern_path_join(root, path) : tern_strdup(root);
}

static int add_module(tern_folder *folder, const json_t *entry, const char *root, const char *list, tern_error *error)
{
    const char *type = json_string_value(json_object_get(entry, "type"));
    int i = folder->config.n_modules;
    tern_module *modules = folder->config.modules, *module = &modules[i];
    if (i == TERN_MAX_MODULES)
        return tern_fail(error, "%s: it lists more than %d modules", list, TERN_MAX_MODULES + 1);
    if (module_kind(module_class(type), &module->kind) < 0)
        return tern_fail(error, "%s: the module type %s is not known to tern", list, type ? type : "(none)");
    if ((module->kind == TERN_MODULE_POOLING) != (i == 0))
        return tern_fail(error, "%s: the module after the Transformer must be its one Pooling", list);
    int64_t dim = folder->config.bert.hidden_size;
    for (int k = 0; k < i; k++)
        dim = modules[k].kind == TERN_MODULE_DENSE ? modules[k].out_features : dim;
    char *path = module_folder(entry, root, list, error);
    int status = path ? 0 : -1;
    if (path && module->kind != TERN_MODULE_NORMALIZE)
        status = read_module(folder, module, path, dim, error);
    if (module->kind == TERN_MODULE_DENSE)
        folder->dense[i] = path;
    else
        free(path);
    folder->config.n_modules++;
    return status;
}

static int read_modules(tern_folder *folder, const json_t *modules, const char *root, const char *list,
                        tern_error *error)
{
    const json_t *first = json_array_get(modules, 0);
    const char *type = json_string_value(json_object_get(first, "type"));
    if (!json_is_array(modules) || json_array_size(modules) < 2)
        return tern_fail(error, "%s: it lists no Transformer and Pooling", list);
    if (strcmp(module_class(type), "Transformer") != 0)
        return tern_fail(error, "%s: its first module is of type %s; tern reads a Transformer there", list,
                         type ? type : "(none)");
    folder->transformer = module_folder(first, root, list, error);
    if (!folder->transformer || read_config(folder, error) < 0)
        return -1;
    for (size_t i = 1; i < json_array_size(modules); i++)
        if (add_module(folder, json_array_get(modules, i), root, list, error) < 0)
            return -1;
    return 0;
}

static int read_module_list(tern_folder *folder, const char *root, tern_error *error)
{
    char *list = tern_path_join(root, "modules.json"), *text = NULL;
    json_t *modules = NULL;
    size_t n;
    int status = -1, there = look_for(list, error);
    if (there == 0) {
        folder->transformer = tern_strdup(root);
        folder->config.modules[0] = (tern_module){.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN};
        folder->config.n_modules = 1;
        folder->assumed = 1;
        status = read_config(folder, error);
    } else if (there > 0 && tern_file_read(list, 1 << 20, &text, &n, error) == 0) {
        modules = tern_json_parse(text, n, 0, list, error);
        status = modules ? read_modules(folder, modules, root, list, error) : -1;
    }
    json_decref(modules);
    free(text);
    free(list);
    return status;
}

int tern_folder_read(tern_folder *folder, const char *path, tern_error *error)
{
    *folder = (tern_folder){.include_prompt = 1};
    if (!tern_folder_exists(path))
        return tern_fail(error, "%s: there is no such folder", path);
    if (read_module_list(folder, path, error) < 0 || read_max_length(folder, error) < 0)
        return -1;
    return read_prompts(folder, path, error);
}
