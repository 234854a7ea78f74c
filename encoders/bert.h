/* BERT (Devlin et al. 2018) as Hugging Face's BertModel computes it: erf GELU, LayerNorm after each residual, learned
 * positions, token types. Used through encoder.h. */
#ifndef TERN_ENCODERS_BERT_H
#define TERN_ENCODERS_BERT_H

#include "encoders/encoder.h"

typedef struct tern_bert_layer {
    /* query, key and value lie one after another in the flat arrays, so that one product makes all three. */
    tern_tensor *query_weight, *query_bias;
    tern_tensor *attention_weight, *attention_bias, *attention_gamma, *attention_beta;
    tern_tensor *up_weight, *up_bias, *down_weight, *down_bias, *output_gamma, *output_beta;
    char *place;                 /* "encoder.layer.N", for the tape's records */
    struct tern_bert_int8 *int8; /* the weights again in 8 bits, for passes without recording; NULL: float32 */
} tern_bert_layer;

typedef struct tern_bert {
    tern_bert_config config;
    tern_tensor *word, *position, *type, *gamma, *beta;
    tern_bert_layer *layers; /* [config.layers] */
    tern_params *params;     /* borrowed */
} tern_bert;

/* Declares the parameters, named as in BertModel's files. */
tern_bert *tern_bert_create(const tern_bert_config *config, tern_params *params);
void tern_bert_free(tern_bert *bert);
/* Token vectors [n_tok, hidden_size] before the first layer. */
tern_tensor *tern_bert_embeddings(tern_bert *bert, const tern_pass *pass);
/* Token vectors after layer n, from those before it. Without recording the result takes the place of x, and the layer's
 * own tensors are let go. */
tern_tensor *tern_bert_layer_forward(tern_bert *bert, const tern_pass *pass, int64_t n, tern_tensor *x);
/* Makes the layers' weights of 8 bits from those of float32, which are kept; passes without recording use them from
 * then on. Fails when a row of a product is too long for 8 bits. */
int tern_bert_int8_create(tern_bert *bert, tern_error *error);
void tern_bert_int8_free(struct tern_bert_int8 *layer);
/* Layer n with its weights of 8 bits, in place of x: neither recorded nor with dropout. */
void tern_bert_int8_forward(const tern_bert *bert, const tern_pass *pass, int64_t n, tern_tensor *x);

#endif
