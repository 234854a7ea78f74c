/* BatchSemiHardTripletLoss of sentence-transformers 6.2 (Schroff, Kalenichenko, Philbin 2015, section 3.2): for each
 * pair of rows of one label the nearest row of another that is farther than the positive. */
#include "losses/functions.h"
#include "losses/triplets.h"

tern_tensor *tern_loss_batch_semi_hard_triplet(const tern_loss_options *options, tern_tape *tape,
                                               const tern_loss_batch *batch)
{
    return tern_loss_batch_triplet(TERN_TRIPLETS_SEMI_HARD, options, tape, batch);
}
