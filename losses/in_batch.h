/* What the in-batch softmax losses share. */
#ifndef TERN_LOSSES_IN_BATCH_H
#define TERN_LOSSES_IN_BATCH_H

#include "autograd/ops.h"
#include "losses/loss.h"

/* x, each row of length 1 for cosines. */
tern_tensor *tern_in_batch_rows(tern_tape *tape, tern_tensor *x, tern_compare similarity);
/* Positives, then negatives [n (1 + k), D], likewise. */
tern_tensor *tern_in_batch_candidates(tern_tape *tape, const tern_loss_roles *roles, tern_compare similarity);
/* Directions, partition, hardness, scale and masks as options ask for them; own_scale where they say no scale. */
tern_in_batch tern_in_batch_options(double own_scale, const tern_loss_options *options, const tern_loss_batch *batch);
/* The softmax loss of a batch with those. */
tern_tensor *tern_in_batch_loss(double own_scale, const tern_loss_options *options, tern_tape *tape,
                                const tern_loss_batch *batch);

#endif
