/* BatchAllTripletLoss of sentence-transformers 6.2: all triplets that labels make in the batch, averaged over those
 * that are not 0. */
#include "losses/functions.h"
#include "losses/triplets.h"

tern_tensor *tern_loss_batch_all_triplet(const tern_loss_options *options, tern_tape *tape,
                                         const tern_loss_batch *batch)
{
    return tern_loss_batch_triplet(TERN_TRIPLETS_ALL, options, tape, batch);
}
