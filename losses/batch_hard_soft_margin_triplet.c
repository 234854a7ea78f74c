/* BatchHardSoftMarginTripletLoss of sentence-transformers 6.2 (Hermans, Beyer, Leibe 2017, section 2.2): batch_hard
 * with log(1 + exp(x)) in place of max(0, x + margin). */
#include "losses/functions.h"
#include "losses/triplets.h"

tern_tensor *tern_loss_batch_hard_soft_margin_triplet(const tern_loss_options *options, tern_tape *tape,
                                                      const tern_loss_batch *batch)
{
    return tern_loss_batch_triplet(TERN_TRIPLETS_HARD_SOFT, options, tape, batch);
}
