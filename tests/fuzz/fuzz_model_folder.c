/* A model's folder, several files in one input: what is taken is inside its limits; sizes that no file holds are
 * refused without memory for them; a small model of what was read, written by the project, reads back as the same
 * model, weights included. */
#include "checkpoints/folder.h"
#include "checkpoints/folder_kind.h"
#include "checkpoints/safetensors.h"
#include "checkpoints/weights.h"
#include "files.h"

static const char *const names[] = {"modules.json",
                                    "config.json",
                                    "sentence_bert_config.json",
                                    "config_sentence_transformers.json",
                                    "tokenizer_config.json",
                                    "adapter_config.json",
                                    "1_Pooling/config.json",
                                    "2_Dense/config.json",
                                    "3_Dense/config.json",
                                    NULL};

/* Wide enough for every text's special tokens and one word. */
enum { LEAST_TOKENS = 3 };

static void check_modules(const tern_encoder_config *config)
{
    int64_t dim = config->bert.hidden_size;
    TERN_CHECK(config->n_modules >= 1 && config->n_modules <= TERN_MAX_MODULES, "%d modules", config->n_modules);
    for (int i = 0; i < config->n_modules; i++) {
        const tern_module *m = &config->modules[i];
        TERN_CHECK((m->kind == TERN_MODULE_POOLING) == (i == 0), "module %d is of kind %d", i, (int)m->kind);
        if (m->kind != TERN_MODULE_DENSE)
            continue;
        TERN_CHECK(m->in_features == dim && m->out_features > 0, "module %d: [%lld, %lld]", i,
                   (long long)m->out_features, (long long)m->in_features);
        dim = m->out_features;
    }
}

static void check_limits(const tern_folder *f)
{
    tern_error error = {{0}};
    TERN_CHECK(tern_bert_config_check(&f->config.bert, "config", &error) == 0, "%s", error.message);
    TERN_CHECK(f->max_seq_length >= LEAST_TOKENS && f->max_seq_length <= f->config.bert.max_positions, "%lld tokens",
               (long long)f->max_seq_length);
    TERN_CHECK(f->query_prompt && f->document_prompt && f->default_prompt && f->truncate_dim >= 0, "its prompts");
    check_modules(&f->config);
}

/* A file of one tensor, which is rarely what the folder's config.json asks for. */
static void check_lies(const tern_folder *f, const char *folder)
{
    static const char header[] = "]\0\0\0\0\0\0\0{\"embeddings.word_embeddings.weight\":{\"dtype\":\"F32\",\"shape\":["
                                 "1,1],\"data_offsets\":[0,4]}}"
                                 "     \0\0\0\0";
    tern_error error = {{0}};
    fuzz_put(folder, "model.safetensors", header, sizeof header - 1);
    tern_encoder *encoder = tern_weights_read(f, &error);
    TERN_CHECK(!encoder, "one number is a whole model");
    FUZZ_FAILED(error);
}

static int is_small(const tern_encoder_config *config)
{
    const tern_bert_config *b = &config->bert;
    int64_t n = (b->vocab_size + b->max_positions + b->type_vocab_size) * b->hidden_size +
                b->layers * (4 * b->hidden_size + 2 * b->intermediate_size + 16) * b->hidden_size;
    for (int i = 0; i < config->n_modules; i++)
        n += config->modules[i].kind == TERN_MODULE_DENSE
                 ? config->modules[i].out_features * (config->modules[i].in_features + 1)
                 : 0;
    return n < 4096;
}

/* The folder's texts stay its own, and so does the tokenizer the caller's. */
static tern_model model_of(const tern_folder *f, tern_tokenizer *tokenizer)
{
    tern_model model = {.tokenizer = tokenizer,
                        .max_seq_length = f->max_seq_length,
                        .query_prompt = f->query_prompt,
                        .document_prompt = f->document_prompt,
                        .default_prompt = f->default_prompt,
                        .truncate_dim = f->truncate_dim,
                        .similarity = f->similarity,
                        .config_json = f->config_json,
                        .prompts_json = f->prompts_json};
    model.encoder = tern_encoder_create(&f->config);
    tern_params *params = tern_encoder_params(model.encoder);
    tern_params_allocate(params);
    for (size_t i = 0; i < params->n; i++)
        for (size_t k = 0; k < tern_tensor_size(params->table[i].tensor); k++)
            params->table[i].tensor->data[k] = (tern_real)(k + 100 * i);
    return model;
}

static void check_same_bert(const tern_bert_config *a, const tern_bert_config *b)
{
    TERN_CHECK(a->vocab_size == b->vocab_size && a->hidden_size == b->hidden_size && a->layers == b->layers &&
                   a->heads == b->heads && a->intermediate_size == b->intermediate_size &&
                   a->max_positions == b->max_positions && a->type_vocab_size == b->type_vocab_size,
               "other sizes");
    TERN_CHECK(a->layer_norm_eps == b->layer_norm_eps && a->hidden_dropout == b->hidden_dropout &&
                   a->attention_dropout == b->attention_dropout && a->initializer_range == b->initializer_range,
               "other numbers");
}

static void check_same_modules(const tern_encoder_config *a, const tern_encoder_config *b)
{
    TERN_CHECK(a->n_modules == b->n_modules, "%d modules, not %d", b->n_modules, a->n_modules);
    for (int i = 0; i < a->n_modules; i++) {
        const tern_module *x = &a->modules[i], *y = &b->modules[i];
        TERN_CHECK(x->kind == y->kind && x->pooling == y->pooling && x->in_features == y->in_features &&
                       x->out_features == y->out_features && x->bias == y->bias && x->activation == y->activation,
                   "module %d is another", i);
    }
}

static void check_same_folder(const tern_folder *a, const tern_folder *b)
{
    check_same_bert(&a->config.bert, &b->config.bert);
    check_same_modules(&a->config, &b->config);
    TERN_CHECK(a->max_seq_length == b->max_seq_length, "%lld tokens, not %lld", (long long)b->max_seq_length,
               (long long)a->max_seq_length);
    TERN_CHECK(!strcmp(a->query_prompt, b->query_prompt), "query prompt \"%s\"", b->query_prompt);
    TERN_CHECK(!strcmp(a->document_prompt, b->document_prompt), "document prompt \"%s\"", b->document_prompt);
    TERN_CHECK(!strcmp(a->default_prompt, b->default_prompt), "default prompt \"%s\"", b->default_prompt);
    TERN_CHECK(a->similarity == b->similarity && a->truncate_dim == b->truncate_dim, "similarity or truncate_dim");
}

static void check_same_weights(const tern_encoder *a, const tern_encoder *b)
{
    const tern_params *x = tern_encoder_params(a), *y = tern_encoder_params(b);
    TERN_CHECK(x->n == y->n, "%zu parameters, not %zu", y->n, x->n);
    for (size_t i = 0; i < x->n; i++) {
        const tern_tensor *s = x->table[i].tensor, *t = y->table[i].tensor;
        TERN_CHECK(!strcmp(x->table[i].name, y->table[i].name) && tern_tensor_size(s) == tern_tensor_size(t) &&
                       !memcmp(s->data, t->data, tern_tensor_size(s) * sizeof *s->data),
                   "%s is another", x->table[i].name);
    }
}

/* Copied, and where they lie in the mapped files. */
static void check_weights(const tern_encoder *encoder, const tern_folder *written)
{
    tern_error error = {{0}};
    tern_mapped_weights *files = NULL;
    tern_encoder *copied = tern_weights_read(written, &error), *mapped = tern_weights_map(written, &files, &error);
    TERN_CHECK(copied && mapped, "%s", error.message);
    check_same_weights(encoder, copied);
    check_same_weights(encoder, mapped);
    tern_encoder_free(copied);
    tern_encoder_free(mapped);
    tern_mapped_weights_free(files);
}

static void check_written(const tern_folder *f)
{
    static tern_tokenizer *tokenizer; /* its tables take longer than the folder */
    static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n";
    tern_error error = {{0}};
    if (!tokenizer)
        tokenizer = tern_tokenizer_of_vocab(vocabulary, sizeof vocabulary - 1, "vocab.txt", 1, &error);
    TERN_CHECK(tokenizer, "%s", error.message);
    char *out = fuzz_folder("out", 0);
    tern_folder again;
    tern_model model = model_of(f, tokenizer);
    TERN_CHECK(tern_model_save(&model, out, 0, &error) == 0, "%s", error.message);
    TERN_CHECK(tern_folder_read(&again, out, &error) == 0, "what was written is refused: %s", error.message);
    check_limits(&again);
    check_same_folder(f, &again);
    check_weights(model.encoder, &again);
    tern_encoder_free(model.encoder);
    tern_folder_free(&again);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_folder f;
    char *folder = fuzz_folder("in", 1);
    fuzz_split(folder, names, bytes, n);
    if (tern_folder_check_adapter(folder, &error) < 0 ||
        (!tern_folder_is_model(folder) && tern_folder_fail_kind(folder, &error) < 0))
        FUZZ_FAILED(error);
    if (tern_folder_read(&f, folder, &error) < 0) {
        FUZZ_FAILED(error);
    } else {
        check_limits(&f);
        check_lies(&f, folder);
        if (is_small(&f.config))
            check_written(&f);
    }
    tern_folder_free(&f);
    free(folder);
    return 0;
}
