/* The transformer and the modules after it, as one encoder. */
#include "encoders/encoder.h"

#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "encoders/bert.h"

#include <math.h>
#include <string.h>

struct tern_encoder {
    tern_encoder_config config;
    tern_params *params;
    tern_bert *bert;
    tern_tensor *dense_weight[TERN_MAX_MODULES], *dense_bias[TERN_MAX_MODULES]; /* NULL: not a Dense, or no bias */
    char **places; /* [bert.layers] where the modules after a layer are, for the tape's records */
};

static void add_dense(tern_encoder *encoder, int i)
{
    const tern_module *module = &encoder->config.modules[i];
    char *weight = tern_format("%d_Dense/linear.weight", i + 1), *bias = tern_format("%d_Dense/linear.bias", i + 1);
    encoder->dense_weight[i] = tern_params_add(encoder->params, weight, module->out_features, module->in_features, 0);
    if (module->bias)
        encoder->dense_bias[i] =
            tern_params_add(encoder->params, bias, 1, module->out_features, TERN_PARAM_NO_DECAY | TERN_PARAM_VECTOR);
    free(weight);
    free(bias);
}

tern_encoder *tern_encoder_create(const tern_encoder_config *config)
{
    tern_encoder *encoder = tern_calloc(1, sizeof *encoder);
    encoder->config = *config;
    encoder->params = tern_params_create();
    encoder->bert = tern_bert_create(&config->bert, encoder->params);
    for (int i = 0; i < config->n_modules; i++)
        if (config->modules[i].kind == TERN_MODULE_DENSE)
            add_dense(encoder, i);
    encoder->places = tern_calloc((size_t)config->bert.layers, sizeof *encoder->places);
    for (int64_t n = 0; n < config->bert.layers; n++)
        encoder->places[n] = tern_format("the modules after encoder.layer.%lld", (long long)n);
    return encoder;
}

void tern_encoder_free(tern_encoder *encoder)
{
    if (!encoder)
        return;
    for (int64_t n = 0; n < encoder->config.bert.layers; n++)
        free(encoder->places[n]);
    free(encoder->places);
    tern_bert_free(encoder->bert);
    tern_params_free(encoder->params);
    free(encoder);
}

tern_params *tern_encoder_params(const tern_encoder *encoder)
{
    return encoder->params;
}

const tern_encoder_config *tern_encoder_get_config(const tern_encoder *encoder)
{
    return &encoder->config;
}

int64_t tern_encoder_dim(const tern_encoder *encoder)
{
    int64_t dim = encoder->config.bert.hidden_size;
    for (int i = 0; i < encoder->config.n_modules; i++)
        if (encoder->config.modules[i].kind == TERN_MODULE_DENSE)
            dim = encoder->config.modules[i].out_features;
    return dim;
}

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Box-Muller; one normal number for each counter. */
static double normal(uint64_t seed, uint64_t tensor, uint64_t i)
{
    double u = 1 - tern_random_unit(seed, tensor, i, 0), v = tern_random_unit(seed, tensor, i, 1);
    return sqrt(-2 * log(u)) * cos(6.28318530717958647692 * v);
}

void tern_encoder_init(tern_encoder *encoder, uint64_t seed)
{
    double range = encoder->config.bert.initializer_range > 0 ? encoder->config.bert.initializer_range : 0.02;
    for (size_t p = 0; p < encoder->params->n; p++) {
        tern_param *param = &encoder->params->table[p];
        int is_vector = (param->flags & TERN_PARAM_VECTOR) != 0, is_gamma = ends_with(param->name, "LayerNorm.weight");
        for (size_t i = 0; i < tern_tensor_size(param->tensor); i++)
            param->tensor->data[i] = (tern_real)(is_gamma ? 1 : is_vector ? 0 : range * normal(seed, p, i));
    }
}

int tern_encoder_use_int8(tern_encoder *encoder, tern_error *error)
{
    return tern_bert_int8_create(encoder->bert, error);
}

int tern_encoder_uses_int8(const tern_encoder *encoder)
{
    return encoder->config.bert.layers > 0 && encoder->bert->layers[0].int8 != NULL;
}

tern_tensor *tern_encoder_tokens(tern_encoder *encoder, const tern_pass *pass)
{
    tern_tensor *x = tern_bert_embeddings(encoder->bert, pass);
    for (int64_t n = 0; n < encoder->config.bert.layers; n++)
        x = tern_bert_layer_forward(encoder->bert, pass, n, x);
    return x;
}

/* Token vectors after a layer to vectors of texts. */
static tern_tensor *apply_modules(const tern_encoder *encoder, const tern_pass *pass, int64_t layer, tern_tensor *x)
{
    static const tern_pool_kind kinds[] = {
        [TERN_POOL_MEAN] = TERN_POOL_KIND_MEAN,
        [TERN_POOL_CLS] = TERN_POOL_KIND_CLS,
        [TERN_POOL_MAX] = TERN_POOL_KIND_MAX,
        [TERN_POOL_LAST] = TERN_POOL_KIND_LAST,
        [TERN_POOL_MEAN_SQRT] = TERN_POOL_KIND_MEAN_SQRT,
    };
    tern_tape_within(pass->tape, encoder->places[layer]);
    for (int i = 0; i < encoder->config.n_modules; i++) {
        const tern_module *module = &encoder->config.modules[i];
        if (module->kind == TERN_MODULE_POOLING)
            x = tern_pool(pass->tape, x, pass->batch, kinds[module->pooling]);
        else if (module->kind == TERN_MODULE_NORMALIZE)
            x = tern_normalize(pass->tape, x);
        else
            x = tern_linear(pass->tape, x, encoder->dense_weight[i], encoder->dense_bias[i]);
        if (module->kind == TERN_MODULE_DENSE && module->activation == TERN_TANH)
            x = tern_tanh(pass->tape, x);
    }
    return x;
}

/* Without recording a layer's output is overwritten by the next one's, so an asked layer's vectors are made at once. */
static tern_tensor *embed_with_layers(tern_encoder *encoder, const tern_pass *pass)
{
    int64_t last = encoder->config.bert.layers - 1;
    int asked = 0;
    tern_tensor **views = tern_arena_alloc(tern_tape_arena(pass->tape), (1 + (size_t)pass->n_layers) * sizeof *views);
    tern_tensor *x = tern_bert_embeddings(encoder->bert, pass);
    for (int64_t n = 0; n <= last; n++) {
        x = tern_bert_layer_forward(encoder->bert, pass, n, x);
        if (asked < pass->n_layers && pass->layers[asked] == n)
            views[1 + asked++] = apply_modules(encoder, pass, n, x);
    }
    TERN_CHECK(asked == pass->n_layers && pass->layers[asked - 1] < last, "layer %d of %lld is no earlier one",
               pass->layers[asked < pass->n_layers ? asked : asked - 1], (long long)last + 1);
    views[0] = apply_modules(encoder, pass, last, x);
    return tern_stack_columns(pass->tape, views, 1 + asked);
}

tern_tensor *tern_encoder_embed(tern_encoder *encoder, const tern_pass *pass)
{
    if (pass->n_layers > 0)
        return embed_with_layers(encoder, pass);
    return apply_modules(encoder, pass, encoder->config.bert.layers - 1, tern_encoder_tokens(encoder, pass));
}
