/* MultipleNegativesRanking (Henderson et al. 2017, section 4; MultipleNegativesRankingLoss of sentence-transformers
 * 6.2): InfoNCE under the name that fixes a scale, 20 unless said, in place of a temperature. */
#include "losses/functions.h"
#include "losses/in_batch.h"

tern_tensor *tern_loss_multiple_negatives_ranking(const tern_loss_options *options, tern_tape *tape,
                                                  const tern_loss_batch *batch)
{
    return tern_in_batch_loss(20, options, tape, batch);
}
