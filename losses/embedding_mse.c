/* MSELoss of sentence-transformers 6.2 (Reimers and Gurevych 2020): every text's vector shall be the teacher's:
 *     L = mean over texts and components of (P x - t)^2
 * with P a learned affine map where the teacher's vectors have another width than the model's, else none. */
#include "losses/pairs.h"

tern_tensor *tern_loss_embedding_mse(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    return tern_loss_against_vectors(options, tape, batch, tern_mean_square);
}
