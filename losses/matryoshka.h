/* Matryoshka around a loss: users ask for it with tern_loss_options.dims. */
#ifndef TERN_LOSSES_MATRYOSHKA_H
#define TERN_LOSSES_MATRYOSHKA_H

#include "losses/loss.h"

/* sum over i of dim_weights[i] * loss(first dims[i] components of every row, normalised again) -> [1,1]. */
tern_tensor *tern_matryoshka(const tern_loss *loss, const tern_loss_options *options, tern_tape *tape,
                             const tern_loss_batch *batch);

#endif
