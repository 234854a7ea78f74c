/* Small encoders that learn, and texts of random tokens for them. */
#ifndef TERN_TESTS_ENCODERS_H
#define TERN_TESTS_ENCODERS_H

#include "tests/support.h"

#include "base/hash.h"
#include "encoders/encoder.h"

/* 11 words, vectors of 12 numbers, texts of up to 6 tokens. */
static inline tern_bert_config tiny_bert(int64_t layers)
{
    return (tern_bert_config){.vocab_size = 11,
                              .hidden_size = 12,
                              .layers = layers,
                              .heads = 3,
                              .intermediate_size = 17,
                              .max_positions = 6,
                              .type_vocab_size = 2,
                              .layer_norm_eps = 1e-12,
                              .initializer_range = 0.4};
}

/* With random weights, and with gradients. */
static inline tern_encoder *learning_encoder(const tern_encoder_config *config, uint64_t seed)
{
    tern_encoder *encoder = tern_encoder_create(config);
    tern_params_allocate(tern_encoder_params(encoder));
    tern_encoder_init(encoder, seed);
    tern_params_want_grads(tern_encoder_params(encoder));
    return encoder;
}

/* n texts of 1 to longest tokens, other ones for each stream, in ids [n * longest] and offsets [n + 1]. */
static inline tern_packed random_texts(uint64_t stream, int n, int longest, int vocabulary, int32_t *ids,
                                       int64_t *offsets)
{
    tern_packed batch = {.n_seq = n, .ids = ids, .offsets = offsets};
    offsets[0] = 0;
    for (int s = 0; s < n; s++) {
        int64_t length = 1 + (int64_t)(tern_random(1, stream, (uint64_t)s, 0) % (uint64_t)longest);
        offsets[s + 1] = offsets[s] + length;
        batch.max_len = length > batch.max_len ? length : batch.max_len;
    }
    batch.n_tok = offsets[n];
    for (int64_t i = 0; i < batch.n_tok; i++)
        ids[i] = (int32_t)(tern_random(2, stream, (uint64_t)i, 0) % (uint64_t)vocabulary);
    return batch;
}

#endif
