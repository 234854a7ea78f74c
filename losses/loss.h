/* Losses: embeddings of a batch to one number.
 *
 *     tern_loss_options options = {.name = "multiple_negatives_ranking", .scale = 20};
 *     tern_tensor *loss = tern_loss_value(&options, tape, &batch);      // [1, 1]
 *
 * Definitions and the names users know them by: docs/losses.md. One file a loss, one line in the table. */
#ifndef TERN_LOSSES_LOSS_H
#define TERN_LOSSES_LOSS_H

#include "autograd/tape.h"

#include <stdint.h>

enum { TERN_MAX_DIMS = 16 };

typedef enum tern_distance { TERN_COSINE, TERN_EUCLIDEAN, TERN_MANHATTAN } tern_distance;

typedef struct tern_loss_options {
    const char *name;
    double scale;           /* in-batch losses: 0 means 20; = 1 / temperature */
    int symmetric;          /* in-batch losses: query to document and document to query, averaged */
    double margin;          /* triplet: < 0 means 5 */
    tern_distance distance; /* triplet */
    /* Matryoshka around the loss: n_dims 0: none. */
    int64_t dims[TERN_MAX_DIMS];
    double dim_weights[TERN_MAX_DIMS]; /* 0 means 1 */
    int n_dims;
} tern_loss_options;

/* The vectors of a batch of n rows, as the model gives them (normalised or not). */
typedef struct tern_loss_batch {
    int64_t n;
    tern_tensor *anchor;   /* [n, D] */
    tern_tensor *positive; /* [n, D] */
    tern_tensor *negative; /* [n * n_negatives, D], row i's at i * n_negatives; NULL: none */
    int n_negatives;
    /* masked[i * (n + n * n_negatives) + j] = 1: candidate j (positives first, then negatives) is never a negative
     * for anchor i. NULL: none. masked[i, i] is ignored. */
    const uint8_t *masked;
} tern_loss_batch;

/* What a loss needs from the data: checked before training starts. */
enum { TERN_NEEDS_POSITIVE = 1, TERN_NEEDS_NEGATIVE = 2, TERN_NEEDS_LABEL = 4, TERN_NEEDS_SCORE = 8 };

typedef struct tern_loss {
    const char *name, *help;
    int needs;
    int in_batch; /* other rows' texts are its negatives, so masks and duplicates matter */
    tern_tensor *(*value)(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);
} tern_loss;

/* All losses, ended by a name of NULL. */
extern const tern_loss tern_losses[];
/* NULL when there is none of that name. */
const tern_loss *tern_loss_find(const char *name);
/* The loss [1,1], Matryoshka's sum over the dims where options ask for it. */
tern_tensor *tern_loss_value(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);

#endif
