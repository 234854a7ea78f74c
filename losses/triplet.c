/* Triplet loss (Schroff, Kalenichenko, Philbin 2015; TripletLoss of sentence-transformers 6.2):
 *     L = mean over i of max(0, d(a_i, p_i) - d(a_i, n_i) + margin)
 * with d the cosine distance, Euclidean or Manhattan. A row with several negatives counts as that many triplets, one
 * without as none. */
#include "losses/functions.h"
#include "losses/triplets.h"

tern_tensor *tern_loss_triplet(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    const int64_t *text = batch->text ? batch->text + 2 * batch->n : NULL;
    return tern_triplet_margin(tape, batch->anchor, batch->positive, batch->negative,
                               tern_loss_pair_kind(options->distance), tern_loss_margin(options), text);
}
