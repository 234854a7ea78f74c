/* CosineSimilarityLoss of sentence-transformers 6.2 (Reimers and Gurevych 2019, section 3, regression):
 *     L = mean over i of (cos(a_i, p_i) - y_i)^2      y_i the row's score */
#include "losses/pairs.h"

tern_tensor *tern_loss_cosine_similarity(const tern_loss_options *options, tern_tape *tape,
                                         const tern_loss_batch *batch)
{
    (void)options;
    tern_tensor *score = tern_loss_constant(tape, tern_loss_score("cosine_similarity", batch), batch->n, 1);
    return tern_mean_square(tape, tern_pair_rows(tape, batch->anchor, batch->positive, TERN_PAIR_COSINE), score);
}
