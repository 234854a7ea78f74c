/* A packed batch: the token ids of many texts, one after another, without padding. Activations over it are
 * [n_tok, C]. The one header that data and encoders share. */
#ifndef TERN_DATA_PACKED_H
#define TERN_DATA_PACKED_H

#include <stdint.h>

typedef struct tern_packed {
    int64_t n_seq, n_tok;
    int64_t max_len;        /* of the longest sequence */
    const int32_t *ids;     /* [n_tok], each below the vocabulary's size */
    const int32_t *types;   /* [n_tok] token types; NULL: all 0 */
    const int64_t *offsets; /* [n_seq + 1]; sequence s is ids[offsets[s]] .. ids[offsets[s + 1] - 1] */
    const int64_t *places;  /* [n_seq] each sequence's place in the logical batch, the position of its random
                               numbers: a chunk of a batch draws what the whole would; NULL: 0, 1, 2, ... */
} tern_packed;

#endif
