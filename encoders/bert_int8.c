/* BERT's layers with their weights in 8 bits: the products of a layer that don't depend on the length of the text, more
 * than nine tenths of its work. Attention's own products, softmax and LayerNorm stay float32. */
#include "autograd/int8.h"
#include "autograd/ops.h"
#include "base/memory.h"
#include "encoders/bert.h"

#include <stdlib.h>

struct tern_bert_int8 {
    tern_int8_weights *qkv, *attention, *up, *down;
};

int tern_bert_int8_create(tern_bert *bert, tern_error *error)
{
    int64_t c = bert->config.hidden_size, f = bert->config.intermediate_size;
    if (c > TERN_INT8_MOST_COLUMNS || f > TERN_INT8_MOST_COLUMNS)
        return tern_fail(error, "int8 has room for sums over %d columns, this model has %lld; use float32",
                         TERN_INT8_MOST_COLUMNS, (long long)(c > f ? c : f));
    for (int64_t n = 0; n < bert->config.layers; n++) {
        tern_bert_layer *layer = &bert->layers[n];
        tern_bert_int8_free(layer->int8);
        layer->int8 = tern_alloc(1, sizeof *layer->int8);
        *layer->int8 = (struct tern_bert_int8){
            .qkv = tern_int8_pack(3 * c, c, layer->query_weight->data),
            .attention = tern_int8_pack(c, c, layer->attention_weight->data),
            .up = tern_int8_pack(f, c, layer->up_weight->data),
            .down = tern_int8_pack(c, f, layer->down_weight->data),
        };
    }
    return 0;
}

void tern_bert_int8_free(struct tern_bert_int8 *layer)
{
    if (!layer)
        return;
    tern_int8_free(layer->qkv);
    tern_int8_free(layer->attention);
    tern_int8_free(layer->up);
    tern_int8_free(layer->down);
    free(layer);
}

void tern_bert_int8_forward(const tern_bert *bert, const tern_pass *pass, int64_t n, tern_tensor *x)
{
    const tern_bert_layer *layer = &bert->layers[n];
    const struct tern_bert_int8 *weights = layer->int8;
    const tern_int8_block block = {
        .attention = weights->attention,
        .attention_bias = layer->attention_bias,
        .attention_gamma = layer->attention_gamma,
        .attention_beta = layer->attention_beta,
        .up = weights->up,
        .up_bias = layer->up_bias,
        .down = weights->down,
        .down_bias = layer->down_bias,
        .output_gamma = layer->output_gamma,
        .output_beta = layer->output_beta,
        .eps = bert->config.layer_norm_eps,
    };
    TERN_CHECK(pass->dropout == 0, "int8 has no dropout, not %g", pass->dropout);
    tern_tape *tape = pass->tape;
    tern_tensor *biases = tern_tape_input(tape, layer->query_bias->data, 1, 3 * bert->config.hidden_size, 0);
    tern_tensor *qkv = tern_int8_linear(tape, x, weights->qkv, biases);
    tern_int8_block_forward(tape, &block, tern_attention(tape, qkv, pass->batch, bert->config.heads, NULL), x);
}
