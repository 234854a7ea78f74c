/* Loss and gradients of one logical batch, with as many activations kept at once as memory allows.
 *
 *     tern_backprop job = {.encoder = encoder, .pass = &pass, .chunk_tokens = 16384, .loss = my_loss, .context = me};
 *     double loss = tern_backprop_run(tape, &job);              // gradients of the parameters are added
 *
 * Direct: the whole batch on one tape. Cached, when the batch is longer than a chunk: the gradient cache of Gao, Zhang,
 * Han, Callan 2021 (Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup, section 3):
 *
 *     1. every chunk is encoded without recording; its vectors are kept
 *     2. the loss runs on the vectors of the whole batch, and backward to them
 *     3. every chunk is encoded again with recording, and backward starts from its vectors' gradients
 *
 * Both give the same to rounding: dropout is a function of a text's place in the logical batch (data/packed.h). */
#ifndef TERN_TRAIN_BACKPROP_H
#define TERN_TRAIN_BACKPROP_H

#include "encoders/encoder.h"

/* The loss [1,1] of a batch's vectors x [n_seq, W] on tape. */
typedef tern_tensor *(*tern_backprop_loss)(void *context, tern_tape *tape, tern_tensor *x);

typedef struct tern_backprop {
    tern_encoder *encoder;
    const tern_pass *pass; /* batch is the whole logical batch, packed; tape isn't read */
    int64_t chunk_tokens;  /* most tokens encoded at once with recording; 0: the whole batch */
    tern_backprop_loss loss;
    void *context;
} tern_backprop;

/* Adds the gradients of the loss to those of the encoder's parameters, and of what the loss learns, and returns the
 * loss. A loss that is not finite is returned as it is, without any backward. tape is the caller's, reset and recording
 * afterwards. The same job gives the same bits on any number of threads. */
double tern_backprop_run(tern_tape *tape, const tern_backprop *job);

/* The end of the chunk that begins with sequence from: as many whole sequences as have at most chunk_tokens tokens
 * together, one at least. chunk_tokens 0: all. from < batch->n_seq. */
int64_t tern_backprop_chunk(const tern_packed *batch, int64_t from, int64_t chunk_tokens);
/* Sequences [from, to) as a batch of their own, with the places that they have in the whole; its arrays lie in the
 * arena or are the whole's. */
tern_packed tern_backprop_part(tern_arena *arena, const tern_packed *batch, int64_t from, int64_t to);

#endif
