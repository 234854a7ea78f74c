/* Encoders: a packed batch of token ids to one vector a text.
 *
 *     tern_encoder *e = tern_encoder_create(&config);               // parameters named as Hugging Face names them
 *     tern_params_allocate(tern_encoder_params(e));                 // then load values, or tern_encoder_init
 *     tern_tensor *rows = tern_encoder_embed(e, &pass);             // [n_seq, dim]
 */
#ifndef TERN_ENCODERS_ENCODER_H
#define TERN_ENCODERS_ENCODER_H

#include "autograd/params.h"
#include "autograd/tape.h"
#include "data/packed.h"

#include <stdint.h>

/* BERT as Hugging Face's config.json describes it. */
typedef struct tern_bert_config {
    int64_t vocab_size, hidden_size, layers, heads, intermediate_size, max_positions, type_vocab_size;
    double layer_norm_eps, hidden_dropout, attention_dropout;
    double initializer_range;
    int has_pooler; /* pooler.dense is in the file: kept and written back, unused */
} tern_bert_config;

typedef enum tern_pooling {
    TERN_POOL_MEAN,
    TERN_POOL_CLS,
    TERN_POOL_MAX,
    TERN_POOL_LAST,
    TERN_POOL_MEAN_SQRT, /* sum / sqrt(length) */
} tern_pooling;

/* One step after the transformer, in the order of modules.json. */
typedef enum tern_module_kind { TERN_MODULE_POOLING, TERN_MODULE_DENSE, TERN_MODULE_NORMALIZE } tern_module_kind;
typedef enum tern_activation { TERN_IDENTITY, TERN_TANH } tern_activation;

enum { TERN_MAX_MODULES = 8 };

typedef struct tern_module {
    tern_module_kind kind;
    tern_pooling pooling;              /* POOLING */
    int64_t in_features, out_features; /* DENSE */
    int bias;
    tern_activation activation;
} tern_module;

typedef struct tern_encoder_config {
    tern_bert_config bert;
    tern_module modules[TERN_MAX_MODULES];
    int n_modules;
} tern_encoder_config;

typedef struct tern_encoder tern_encoder;

/* What one pass needs besides weights. */
typedef struct tern_pass {
    tern_tape *tape;
    const tern_packed *batch;
    double dropout;      /* >= 0 replaces both of the config's rates; 0: no dropout. Evaluation uses 0 */
    uint64_t seed, step; /* of the dropout's random numbers */
    int bfloat16;        /* 1: a layer's activations are kept as bfloat16 until backward (tape.h, segments) */
    const int *layers;   /* [n_layers] earlier layers whose vectors are wanted too, ascending: 0 is the first layer's
                            output, the last layer isn't among them. NULL with n_layers 0 */
    int n_layers;
} tern_pass;

/* Declares the parameters of a model; they have no memory yet. Names are those of the files: embeddings.*,
 * encoder.layer.N.*, pooler.dense.*; of Dense module i: "I_Dense/linear.weight" with I its place in modules. */
tern_encoder *tern_encoder_create(const tern_encoder_config *config);
void tern_encoder_free(tern_encoder *encoder);
tern_params *tern_encoder_params(const tern_encoder *encoder);
const tern_encoder_config *tern_encoder_get_config(const tern_encoder *encoder);
/* Width of the vectors it makes. */
int64_t tern_encoder_dim(const tern_encoder *encoder);
/* Random initialisation as BERT's: weights normal(0, initializer_range), biases 0, LayerNorm 1 and 0. */
void tern_encoder_init(tern_encoder *encoder, uint64_t seed);
/* From here on passes without recording use the layers' weights in 8 bits, made from those of float32 as they are now:
 * several times as fast where the processor multiplies bytes. Fails when a layer is too wide for it. */
int tern_encoder_use_int8(tern_encoder *encoder, tern_error *error);
int tern_encoder_uses_int8(const tern_encoder *encoder);

/* Token vectors [n_tok, hidden_size] after the last layer. */
tern_tensor *tern_encoder_tokens(tern_encoder *encoder, const tern_pass *pass);
/* Vectors of texts: all modules applied, [n_seq, dim]. With pass->layers [n_seq, dim (1 + n_layers)]: the last layer's
 * vectors, then those of each asked layer, which its token vectors give through the same modules, as a model would that
 * ends with that layer (AdaptiveLayerLoss of sentence-transformers 6.2). */
tern_tensor *tern_encoder_embed(tern_encoder *encoder, const tern_pass *pass);

#endif
