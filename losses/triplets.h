/* What the triplet losses share. */
#ifndef TERN_LOSSES_TRIPLETS_H
#define TERN_LOSSES_TRIPLETS_H

#include "autograd/ops.h"
#include "losses/loss.h"

tern_pair_kind tern_loss_pair_kind(tern_distance distance);
/* The margin that options ask for; theirs is 5 unless said, 0.5 for the cosine distance, which ends at 2. */
double tern_loss_margin(const tern_loss_options *options);
/* One of the losses over the triplets inside a batch of texts with labels. */
tern_tensor *tern_loss_batch_triplet(tern_triplet_kind kind, const tern_loss_options *options, tern_tape *tape,
                                     const tern_loss_batch *batch);

#endif
