#include "encoders/bert.h"

#include "autograd/ops.h"
#include "base/memory.h"

#include <string.h>

/* A parameter of layer n, its name built from the parts that BertModel uses. */
static tern_tensor *add(tern_params *params, int64_t layer, const char *name, int64_t rows, int64_t cols, int flags)
{
    char *full = layer < 0 ? tern_strdup(name) : tern_format("encoder.layer.%lld.%s", (long long)layer, name);
    tern_tensor *t = tern_params_add(params, full, rows, cols, flags);
    free(full);
    return t;
}

static const int VECTOR = TERN_PARAM_NO_DECAY | TERN_PARAM_VECTOR;

static void add_layer(tern_params *params, int64_t n, int64_t c, int64_t f, tern_bert_layer *layer)
{
    layer->query_weight = add(params, n, "attention.self.query.weight", c, c, 0);
    add(params, n, "attention.self.key.weight", c, c, TERN_PARAM_FOLLOWS);
    add(params, n, "attention.self.value.weight", c, c, TERN_PARAM_FOLLOWS);
    layer->query_bias = add(params, n, "attention.self.query.bias", 1, c, VECTOR);
    add(params, n, "attention.self.key.bias", 1, c, VECTOR | TERN_PARAM_FOLLOWS);
    add(params, n, "attention.self.value.bias", 1, c, VECTOR | TERN_PARAM_FOLLOWS);
    layer->attention_weight = add(params, n, "attention.output.dense.weight", c, c, 0);
    layer->attention_bias = add(params, n, "attention.output.dense.bias", 1, c, VECTOR);
    layer->attention_gamma = add(params, n, "attention.output.LayerNorm.weight", 1, c, VECTOR);
    layer->attention_beta = add(params, n, "attention.output.LayerNorm.bias", 1, c, VECTOR);
    layer->up_weight = add(params, n, "intermediate.dense.weight", f, c, 0);
    layer->up_bias = add(params, n, "intermediate.dense.bias", 1, f, VECTOR);
    layer->down_weight = add(params, n, "output.dense.weight", c, f, 0);
    layer->down_bias = add(params, n, "output.dense.bias", 1, c, VECTOR);
    layer->output_gamma = add(params, n, "output.LayerNorm.weight", 1, c, VECTOR);
    layer->output_beta = add(params, n, "output.LayerNorm.bias", 1, c, VECTOR);
}

tern_bert *tern_bert_create(const tern_bert_config *config, tern_params *params)
{
    int64_t c = config->hidden_size;
    tern_bert *bert = tern_calloc(1, sizeof *bert);
    bert->config = *config;
    bert->params = params;
    bert->word = add(params, -1, "embeddings.word_embeddings.weight", config->vocab_size, c, TERN_PARAM_ROW_SPARSE);
    bert->position = add(params, -1, "embeddings.position_embeddings.weight", config->max_positions, c, 0);
    bert->type = add(params, -1, "embeddings.token_type_embeddings.weight", config->type_vocab_size, c, 0);
    bert->gamma = add(params, -1, "embeddings.LayerNorm.weight", 1, c, VECTOR);
    bert->beta = add(params, -1, "embeddings.LayerNorm.bias", 1, c, VECTOR);
    bert->layers = tern_calloc((size_t)config->layers, sizeof *bert->layers);
    for (int64_t n = 0; n < config->layers; n++)
        add_layer(params, n, c, config->intermediate_size, &bert->layers[n]);
    for (int64_t n = 0; n < config->layers; n++)
        bert->layers[n].place = tern_format("encoder.layer.%lld", (long long)n);
    if (config->has_pooler) {
        add(params, -1, "pooler.dense.weight", c, c, TERN_PARAM_FROZEN);
        add(params, -1, "pooler.dense.bias", 1, c, VECTOR | TERN_PARAM_FROZEN);
    }
    return bert;
}

void tern_bert_free(tern_bert *bert)
{
    if (!bert)
        return;
    for (int64_t n = 0; n < bert->config.layers; n++) {
        free(bert->layers[n].place);
        tern_bert_int8_free(bert->layers[n].int8);
    }
    free(bert->layers);
    free(bert);
}

/* The parameter t and the two that follow it, as one tensor. */
static tern_tensor *three(tern_tape *tape, const tern_tensor *t, int64_t rows, int64_t cols)
{
    tern_tensor *all = tern_tape_input(tape, t->data, rows, cols, t->needs_grad);
    all->grad = t->grad;
    return all;
}

/* Each place in the model where something is dropped has a number of its own. */
static tern_dropout_site site(const tern_pass *pass, double own_rate, uint32_t number)
{
    double p = pass->dropout >= 0 ? pass->dropout : own_rate;
    return (tern_dropout_site){.p = p, .seed = pass->seed, .step = pass->step, .site = number};
}

enum { SITE_EMBEDDINGS = 0, SITE_PROBABILITIES, SITE_ATTENTION, SITE_OUTPUT, SITES_PER_LAYER = 4 };

static tern_tensor *forward_layer(const tern_bert *bert, const tern_pass *pass, int64_t n, tern_tensor *x)
{
    const tern_bert_layer *layer = &bert->layers[n];
    const tern_bert_config *config = &bert->config;
    uint32_t first = (uint32_t)(n + 1) * SITES_PER_LAYER;
    tern_dropout_site probabilities = site(pass, config->attention_dropout, first + SITE_PROBABILITIES);
    tern_dropout_site attention = site(pass, config->hidden_dropout, first + SITE_ATTENTION);
    tern_dropout_site output = site(pass, config->hidden_dropout, first + SITE_OUTPUT);
    tern_tape *tape = pass->tape;

    int64_t width = config->hidden_size;
    tern_tensor *qkv = tern_linear(tape, x, three(tape, layer->query_weight, 3 * width, width),
                                   three(tape, layer->query_bias, 1, 3 * width));
    tern_tensor *context = tern_attention(tape, qkv, pass->batch, config->heads, &probabilities);
    tern_tensor *mixed = tern_linear(tape, context, layer->attention_weight, layer->attention_bias);
    x = tern_layer_norm(tape, mixed, x, layer->attention_gamma, layer->attention_beta, config->layer_norm_eps,
                        pass->batch, &attention);
    tern_tensor *forward =
        tern_feed_forward(tape, x, layer->up_weight, layer->up_bias, layer->down_weight, layer->down_bias);
    return tern_layer_norm(tape, forward, x, layer->output_gamma, layer->output_beta, config->layer_norm_eps,
                           pass->batch, &output);
}

tern_tensor *tern_bert_embeddings(tern_bert *bert, const tern_pass *pass)
{
    tern_tape *tape = pass->tape;
    tern_param *word = tern_params_of(bert->params, bert->word);
    tern_dropout_site embeddings = site(pass, bert->config.hidden_dropout, SITE_EMBEDDINGS);
    tern_tape_within(tape, "embeddings");
    tern_tensor *x = tern_embedding(tape, pass->batch, bert->word, bert->position, bert->type, word);
    x = tern_layer_norm(tape, x, NULL, bert->gamma, bert->beta, bert->config.layer_norm_eps, pass->batch, NULL);
    if (embeddings.p > 0)
        x = tern_dropout(tape, x, pass->batch, &embeddings);
    return x;
}

tern_tensor *tern_bert_layer_forward(tern_bert *bert, const tern_pass *pass, int64_t n, tern_tensor *x)
{
    tern_arena *arena = tern_tape_arena(pass->tape);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_tape_within(pass->tape, bert->layers[n].place);
    int recording = tern_tape_recording(pass->tape);
    if (!recording && bert->layers[n].int8) {
        tern_bert_int8_forward(bert, pass, n, x);
        tern_arena_rewind(arena, mark);
        return x;
    }
    if (pass->bfloat16)
        tern_tape_segment_open(pass->tape);
    tern_tensor *y = forward_layer(bert, pass, n, x);
    if (pass->bfloat16)
        tern_tape_segment_close(pass->tape, y);
    if (recording)
        return y;
    memcpy(x->data, y->data, tern_tensor_size(x) * sizeof *x->data);
    tern_arena_rewind(arena, mark);
    return x;
}
