#include "checkpoints/fingerprint.h"

#include "autograd/kernels.h"
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    WIDE = 2 /* hashes of 64 bits, of seeds of their own */,
    BLOCK = 1 << 16 /* values */,
    WORDS = 200 /* of the longest probe */
};

/* 128 bits of the values, in blocks on all threads; they are a function of the values alone. */
static tern_store_key hash_values(const tern_real *values, int64_t n)
{
    int64_t blocks = tern_parts(n, BLOCK);
    uint64_t *hashes = tern_alloc((size_t)(WIDE * blocks), sizeof *hashes);
#pragma omp parallel for schedule(dynamic, 1) if (blocks > 1)
    for (int64_t i = 0; i < blocks; i++)
        for (int64_t k = 0; k < WIDE; k++)
            hashes[k * blocks + i] =
                tern_hash(values + i * BLOCK, (size_t)tern_min(n - i * BLOCK, BLOCK) * sizeof *values, (uint64_t)k);
    tern_store_key all;
    for (int64_t k = 0; k < WIDE; k++)
        all.word[k] = tern_hash(hashes + k * blocks, (size_t)blocks * sizeof *hashes, (uint64_t)k);
    free(hashes);
    return all;
}

static void add_text(tern_buffer *all, const char *text)
{
    tern_buffer_add(all, text, strlen(text) + 1);
}

static void add_int(tern_buffer *all, int64_t value)
{
    tern_buffer_add(all, &value, sizeof value);
}

static void add_config(tern_buffer *all, const tern_model *model)
{
    const tern_encoder_config *config = tern_encoder_get_config(model->encoder);
    const tern_bert_config *bert = &config->bert;
    const int64_t sizes[] = {bert->vocab_size,
                             bert->hidden_size,
                             bert->layers,
                             bert->heads,
                             bert->intermediate_size,
                             bert->max_positions,
                             bert->type_vocab_size,
                             model->max_seq_length,
                             tern_model_dim(model),
                             config->n_modules,
                             tern_encoder_uses_int8(model->encoder)};
    tern_buffer_add(all, sizes, sizeof sizes);
    tern_buffer_add(all, &bert->layer_norm_eps, sizeof bert->layer_norm_eps);
    tern_buffer_add(all, &model->tokenizer_hash, sizeof model->tokenizer_hash);
    for (int i = 0; i < config->n_modules; i++) {
        const tern_module *m = &config->modules[i];
        const int64_t module[] = {m->kind, m->pooling, m->in_features, m->out_features, m->bias, m->activation};
        tern_buffer_add(all, module, sizeof module);
    }
}

static void add_weights(tern_buffer *all, const tern_model *model)
{
    const tern_params *params = tern_encoder_params(model->encoder);
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        add_text(all, p->name);
        add_int(all, p->tensor->rows);
        add_int(all, p->tensor->cols);
        const tern_store_key hash = hash_values(p->tensor->data, p->tensor->rows * p->tensor->cols);
        tern_buffer_add(all, &hash, sizeof hash);
    }
}

/* Vectors of texts short and long, since kernels treat remainders and long rows in ways of their own. */
static int add_probes(tern_buffer *all, tern_model *model, tern_error *error)
{
    static const char *const words[] = {"the",  "vectors", "of",  "a",      "model", "Depend", "on",
                                        "what", "it",      "has", "learnt", ",",     "1234",   "and"};
    enum { N_WORDS = sizeof words / sizeof *words, N = 3 };
    tern_buffer texts[2] = {{0}};
    for (int i = 0; i < WORDS; i++)
        for (int k = 0; k < 2; k++)
            if (k == 0 || i < WORDS / 8)
                tern_buffer_printf(&texts[k], "%s ", words[(i * i + 3 * i) % N_WORDS]);
    const char *probes[N] = {"probe", texts[0].data, texts[1].data};
    size_t bytes = (size_t)tern_model_dim(model) * N * sizeof(float);
    float *rows = tern_alloc(bytes, 1);
    int status = tern_model_embed(model, &(tern_embed_options){0}, probes, N, rows, error);
    if (status == 0)
        tern_buffer_add(all, rows, bytes);
    free(rows);
    tern_buffer_free(&texts[0]);
    tern_buffer_free(&texts[1]);
    return status;
}

int tern_model_fingerprint(tern_model *model, const char *build, tern_store_key *out, tern_error *error)
{
    tern_buffer all = {0};
    add_text(&all, build);
    add_text(&all, TERN_VERSION);
    add_text(&all, __VERSION__);
    add_text(&all, utf8proc_version());
    add_text(&all, tern_kernels()->isa);
    add_config(&all, model);
    add_weights(&all, model);
    int status = add_probes(&all, model, error);
    for (uint64_t i = 0; i < WIDE; i++)
        out->word[i] = tern_hash(all.data, all.n, i);
    tern_buffer_free(&all);
    return status;
}
