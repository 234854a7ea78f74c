/* Triplet loss (Schroff, Kalenichenko, Philbin 2015; TripletLoss of sentence-transformers 6.2):
 *     L = mean over i of max(0, d(a_i, p_i) - d(a_i, n_i) + margin)
 * with d the cosine distance, Euclidean or Manhattan. A row with several negatives counts as that many triplets. */
#include "autograd/ops.h"
#include "losses/functions.h"

static int kind_of(tern_distance distance)
{
    return distance == TERN_COSINE ? 0 : distance == TERN_EUCLIDEAN ? 1 : 2;
}

tern_tensor *tern_loss_triplet(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    TERN_CHECK(batch->negative, "triplet: %lld rows without negatives", (long long)batch->n);
    TERN_CHECK_SHAPE("triplet", batch->negative, batch->n * batch->n_negatives, batch->anchor->cols);
    return tern_triplet_margin(tape, batch->anchor, batch->positive, batch->negative, kind_of(options->distance),
                               options->margin);
}
