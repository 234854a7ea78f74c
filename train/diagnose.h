/* What went wrong, when a step's loss or gradient is not finite: the parameters are looked through, then the step is
 * done again, chunk by chunk, and every value of it is looked at. Slow, and only ever called before a run ends.
 *
 *     tern_diagnosis d = {.job = &job, .batch = &batch, .rows = rows, .heads = heads, .data = "train.jsonl"};
 *     if (!isfinite(loss))
 *         return tern_diagnose_fail(tape, &d, "loss", loss, step + 1, error);
 */
#ifndef TERN_TRAIN_DIAGNOSE_H
#define TERN_TRAIN_DIAGNOSE_H

#include "base/error.h"
#include "train/backprop.h"
#include "train/batch.h"

typedef struct tern_diagnosis {
    const tern_backprop *job; /* the step's own: the same pass, chunks and loss */
    const tern_batch *batch;  /* whose packed the pass has */
    const int64_t *rows;      /* [batch->n] the batch's rows, counted from 0 */
    tern_params *heads;       /* what the losses learn; NULL: nothing */
    const char *data;         /* whose rows they are, for people; NULL: the training data */
} tern_diagnosis;

/* The first cause in the order of computation, in words that stand after a colon; a new string:
 *     "the parameter encoder.layer.3.output.dense.bias is nan (at [0,17], 384 of its 384 values are not finite)"
 *     "layer_norm in encoder.layer.3 gives inf for the positive of row 17"
 *     "in_batch_softmax in the loss gives nan"
 *     "the backward of linear in encoder.layer.0 makes the gradient of encoder.layer.0.output.dense.weight inf"
 * Leaves the tape reset and recording, and all gradients zero. */
char *tern_diagnose(tern_tape *tape, const tern_diagnosis *d);

/* Fails with one sentence: step, what ("loss" or "gradient's norm") and its value, the cause as above, the batch's
 * first rows, and what to do. step counts from 1. Returns -1. */
int tern_diagnose_fail(tern_tape *tape, const tern_diagnosis *d, const char *what, double value, int64_t step,
                       tern_error *error);

/* As the first line of tern_diagnose's list, NULL when all values of params (NULL: none) are finite: looked at before
 * weights are saved, so that what is on disk can be gone on from. A new string. */
char *tern_diagnose_params(const tern_params *params);

#endif
