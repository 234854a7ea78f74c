/* BatchHardTripletLoss of sentence-transformers 6.2 (Hermans, Beyer, Leibe 2017, eq. 5): each row's farthest row of the
 * same label and nearest of another. */
#include "losses/functions.h"
#include "losses/triplets.h"

tern_tensor *tern_loss_batch_hard_triplet(const tern_loss_options *options, tern_tape *tape,
                                          const tern_loss_batch *batch)
{
    return tern_loss_batch_triplet(TERN_TRIPLETS_HARD, options, tape, batch);
}
