/* The losses' functions, for the table alone: users call tern_loss_value. */
#ifndef TERN_LOSSES_FUNCTIONS_H
#define TERN_LOSSES_FUNCTIONS_H

#include "losses/loss.h"

#define TERN_LOSS(name, needs, in_batch, help)                                                                         \
    tern_tensor *tern_loss_##name(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);
#include "losses/loss_list.h"
#undef TERN_LOSS

/* What InfoNCE and MultipleNegativesRanking share. */
tern_tensor *tern_in_batch_loss(double scale, int symmetric, tern_tape *tape, const tern_loss_batch *batch);

#endif
