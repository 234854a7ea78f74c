/* Unsupervised SimCSE (Gao, Yao, Chen 2021, eq. 4): InfoNCE, temperature 0.05, with the same text embedded twice as
 * anchor and positive, told apart by dropout alone. */
#include "losses/functions.h"
#include "losses/in_batch.h"

tern_tensor *tern_loss_simcse(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    return tern_in_batch_loss(20, options, tape, batch);
}
