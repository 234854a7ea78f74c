#include "losses/triplets.h"

#include "losses/functions.h"

tern_pair_kind tern_loss_pair_kind(tern_distance distance)
{
    return distance == TERN_COSINE      ? TERN_PAIR_COSINE_DISTANCE
           : distance == TERN_EUCLIDEAN ? TERN_PAIR_EUCLIDEAN
                                        : TERN_PAIR_MANHATTAN;
}

double tern_loss_margin(const tern_loss_options *options)
{
    return tern_loss_or(options->margin, options->distance == TERN_COSINE ? 0.5 : 5);
}

tern_tensor *tern_loss_batch_triplet(tern_triplet_kind kind, const tern_loss_options *options, tern_tape *tape,
                                     const tern_loss_batch *batch)
{
    return tern_batch_triplet(tape, batch->anchor, batch->label, batch->text, kind,
                              tern_loss_pair_kind(options->distance), tern_loss_margin(options));
}
