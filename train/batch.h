/* One batch of training rows as the encoder and the loss take it: all roles packed together, anchors first, then
 * positives, then each row's negatives.
 *
 *     tern_batch batch = {0};
 *     tern_batch_fill(&batch, rows, tokens, plan->rows + from, n, &options);       // memory is reused
 *     tern_tensor *vectors = tern_batch_vectors(&batch, tape, tern_encoder_embed(...&batch.packed...));
 *     tern_batch_free(&batch);
 */
#ifndef TERN_TRAIN_BATCH_H
#define TERN_TRAIN_BATCH_H

#include "autograd/tape.h"
#include "data/packed.h"
#include "train/tokens.h"

typedef struct tern_batch {
    tern_packed packed; /* its arrays belong to the batch */
    int64_t n;          /* rows */
    int64_t n_texts;    /* places of the logical batch: n times 1 + has_positive + n_negatives */
    int has_positive, n_negatives;
    int64_t tokens;    /* of all places, special ones included; packed.n_tok are those that are encoded */
    int32_t *sequence; /* [n_texts] which sequence of packed holds each place; where there is no text that of the
                          row's positive or anchor, for the losses to pass by */
    int64_t *texts;    /* [n_texts] text ids; TERN_NO_TEXT for a negative that a row lacks */
    tern_role *roles;  /* [n_texts] */
    int repeated;      /* 1 when a sequence serves several places, or some place has no text */
    int is_masked;
    uint8_t *masked; /* [n, n + n * n_negatives] where is_masked, see losses/loss.h */
    int64_t *label;  /* [n], or NULL when the rows have none */
    double *score;   /* [n, n_scores], or NULL */
    int n_scores;
    /* Private: what the arrays have room for. */
    int32_t *ids;
    int64_t *offsets, *places, *slots, *label_room;
    double *score_room;
    int64_t id_capacity, text_capacity, mask_capacity, row_capacity, slot_count;
} tern_batch;

typedef struct tern_batch_options {
    int merge; /* 1: a text that occurs twice (in roles with equal prompts) is one sequence, which is right without
                  dropout only; 0: each place has its own */
    int twice; /* 1: each anchor once more as its positive, which the rows don't have (SimCSE) */
} tern_batch_options;

/* Packs rows batch_rows[0..n), whose negatives are drawn where they are to be, with their labels and scores. Leaves
 * masked alone: is_masked becomes 0. */
void tern_batch_fill(tern_batch *batch, const tern_rows *rows, const tern_tokens *tokens, const int64_t *batch_rows,
                     int64_t n, const tern_batch_options *options);
/* Fills masked by tern_rows_mask. */
void tern_batch_mask(tern_batch *batch, const tern_rows *rows, const int64_t *batch_rows, int judged);
/* Vectors of the sequences [packed.n_seq, D] to vectors of the places [n_texts, D]. */
tern_tensor *tern_batch_vectors(const tern_batch *batch, tern_tape *tape, tern_tensor *vectors);
/* Frees what the batch holds, not the batch. */
void tern_batch_free(tern_batch *batch);

#endif
