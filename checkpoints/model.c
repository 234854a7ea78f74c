#include "checkpoints/model.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/folder.h"
#include "checkpoints/folder_kind.h"
#include "checkpoints/weights.h"

#include <stdlib.h>
#include <string.h>

void tern_model_free(tern_model *model)
{
    if (!model)
        return;
    tern_encoder_free(model->encoder);
    tern_mapped_weights_free(model->mapped);
    tern_tokenizer_free(model->tokenizer);
    tern_warnings_free(&model->warnings);
    free(model->name);
    free(model->folder);
    free(model->query_prompt);
    free(model->document_prompt);
    free(model->default_prompt);
    free(model->config_json);
    free(model->prompts_json);
    free(model);
}

int64_t tern_model_dim(const tern_model *model)
{
    int64_t dim = tern_encoder_dim(model->encoder);
    return model->truncate_dim > 0 && model->truncate_dim < dim ? model->truncate_dim : dim;
}

/* A file exists under one of two names in a folder. */
static int has_either(const char *folder, const char *one, const char *other)
{
    char *a = tern_path_join(folder, one), *b = tern_path_join(folder, other);
    int has = tern_file_exists(a) || tern_file_exists(b);
    free(b);
    free(a);
    return has;
}

static int check_vocabulary(const tern_model *model, const char *where, tern_error *error)
{
    int64_t tokens = tern_tokenizer_size(model->tokenizer);
    int64_t rows = tern_encoder_get_config(model->encoder)->bert.vocab_size;
    if (tokens <= rows)
        return 0;
    return tern_fail(error, "%s: its tokenizer has %lld tokens, but the embeddings only %lld rows", where,
                     (long long)tokens, (long long)rows);
}

/* A file that isn't there counts too. */
static uint64_t hash_file(const char *path, uint64_t seed)
{
    tern_map map = {0};
    tern_error ignored;
    int there = tern_map_open(&map, path, &ignored) == 0;
    uint64_t hash = tern_hash(map.data ? map.data : (const unsigned char *)"", map.n, seed ^ (uint64_t)there);
    tern_map_close(&map);
    return hash;
}

/* Of what tern_tokenizer_load reads. */
static uint64_t hash_tokenizer(const char *folder)
{
    static const char *const names[] = {"tokenizer.json", "vocab.txt", "tokenizer_config.json",
                                        "special_tokens_map.json", "added_tokens.json"};
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = tern_path_join(folder, names[i]);
        hash = hash_file(path, hash);
        free(path);
    }
    return hash;
}

/* Moves what the folder says into the model. */
static void take(tern_model *model, tern_folder *folder)
{
    char **from[] = {&folder->query_prompt, &folder->document_prompt, &folder->default_prompt, &folder->config_json,
                     &folder->prompts_json};
    char **to[] = {&model->query_prompt, &model->document_prompt, &model->default_prompt, &model->config_json,
                   &model->prompts_json};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        *to[i] = *from[i];
        *from[i] = NULL;
    }
    tern_warnings_add(&model->warnings, &folder->warnings);
    model->max_seq_length = folder->max_seq_length;
    model->truncate_dim = folder->truncate_dim;
    model->assumed = folder->assumed;
    model->similarity = folder->similarity;
}

static int load(tern_model *model, tern_folder *folder, int map, tern_error *error)
{
    if (!tern_folder_is_model(model->folder))
        return tern_folder_fail_kind(model->folder, error);
    if (tern_folder_check_adapter(model->folder, error) < 0 || tern_folder_read(folder, model->folder, error) < 0 ||
        tern_folder_check_adapter(folder->transformer, error) < 0)
        return -1;
    if (!has_either(folder->transformer, "tokenizer.json", "vocab.txt"))
        return tern_fail(error, "%s: it holds no tokenizer: neither tokenizer.json nor vocab.txt", folder->transformer);
    model->tokenizer = tern_tokenizer_load(folder->transformer, error);
    if (!model->tokenizer)
        return -1;
    if (folder->lower_case && !tern_tokenizer_lowers(model->tokenizer))
        return tern_fail(
            error,
            "%s/sentence_bert_config.json: do_lower_case is true beside a tokenizer that keeps case, which "
            "tern doesn't do; set do_lower_case in tokenizer_config.json instead",
            folder->transformer);
    model->tokenizer_hash = hash_tokenizer(folder->transformer) ^ tern_tokenizer_rules(model->tokenizer);
    tern_warnings_add(&model->warnings, tern_tokenizer_warnings(model->tokenizer));
    model->encoder = map ? tern_weights_map(folder, &model->mapped, error) : tern_weights_read(folder, error);
    if (!model->encoder)
        return -1;
    take(model, folder);
    return check_vocabulary(model, model->folder, error);
}

static tern_model *load_by_name(const char *name, int map, tern_error *error)
{
    tern_folder folder = {0};
    tern_model *model = tern_calloc(1, sizeof *model);
    model->name = tern_strdup(name);
    model->folder = tern_model_find(name, &model->warnings, error);
    if (!model->folder || load(model, &folder, map, error) < 0) {
        tern_model_free(model);
        model = NULL;
    }
    tern_folder_free(&folder);
    return model;
}

tern_model *tern_model_load(const char *name, tern_error *error)
{
    return load_by_name(name, 0, error);
}

tern_model *tern_model_open(const char *name, tern_error *error)
{
    return load_by_name(name, 1, error);
}

tern_similarity tern_model_similarity(const char *name, int *unit)
{
    tern_error ignored;
    tern_folder folder = {0};
    char *path = tern_model_find(name, NULL, &ignored);
    int status = path ? tern_folder_read(&folder, path, &ignored) : -1;
    tern_similarity similarity = status == 0 ? folder.similarity : TERN_SIMILARITY_COSINE;
    int last = folder.config.n_modules - 1;
    if (unit)
        *unit = status == 0 && folder.config.modules[last].kind == TERN_MODULE_NORMALIZE;
    tern_folder_free(&folder);
    free(path);
    return similarity;
}

/* What config leaves at zero gets BertConfig's value. */
static tern_encoder_config complete(const tern_encoder_config *config, const tern_tokenizer *tokenizer)
{
    tern_encoder_config full = *config;
    tern_bert_config *bert = &full.bert;
    if (!bert->vocab_size)
        bert->vocab_size = tern_tokenizer_size(tokenizer);
    if (!bert->intermediate_size && bert->hidden_size <= 1 << 20) /* else refused for its size */
        bert->intermediate_size = 4 * bert->hidden_size;
    if (!bert->max_positions)
        bert->max_positions = 512;
    if (!bert->type_vocab_size)
        bert->type_vocab_size = 2;
    if (bert->layer_norm_eps == 0)
        bert->layer_norm_eps = 1e-12;
    if (bert->initializer_range == 0)
        bert->initializer_range = 0.02;
    if (!full.n_modules) {
        full.n_modules = 2;
        full.modules[0] = (tern_module){.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN};
        full.modules[1] = (tern_module){.kind = TERN_MODULE_NORMALIZE};
    }
    return full;
}

tern_model *tern_model_declare(const tern_encoder_config *config, const char *vocab_path, int lower_case,
                               tern_error *error)
{
    tern_model *model = tern_calloc(1, sizeof *model);
    model->tokenizer_hash = hash_file(vocab_path, lower_case ? 2 : 4);
    model->tokenizer = tern_tokenizer_from_vocab(vocab_path, lower_case, error);
    if (!model->tokenizer)
        goto fail;
    tern_encoder_config full = complete(config, model->tokenizer);
    if (tern_bert_config_check(&full.bert, "the model from scratch", error) < 0)
        goto fail;
    model->encoder = tern_encoder_create(&full);
    if (check_vocabulary(model, "the model from scratch", error) < 0)
        goto fail;
    model->name = tern_strdup("scratch");
    model->query_prompt = tern_strdup("");
    model->document_prompt = tern_strdup("");
    model->default_prompt = tern_strdup("");
    model->max_seq_length = full.bert.max_positions;
    return model;
fail:
    tern_model_free(model);
    return NULL;
}

void tern_model_fill(tern_model *model, uint64_t seed)
{
    tern_params_allocate(tern_encoder_params(model->encoder));
    tern_encoder_init(model->encoder, seed);
}

tern_model *tern_model_scratch(const tern_encoder_config *config, const char *vocab_path, int lower_case, uint64_t seed,
                               tern_error *error)
{
    tern_model *model = tern_model_declare(config, vocab_path, lower_case, error);
    if (model)
        tern_model_fill(model, seed);
    return model;
}
