/* InfoNCE (van den Oord, Li, Vinyals 2018, eq. 4), over rows of unit length, or as they are with dot products:
 *     L = mean over i of -log( exp(a_i.p_i / t) / sum over j of exp(a_i.c_j / t) ),   t the temperature, 1/t the scale
 * with the candidates c = all positives of the batch, then all explicit negatives, but for the masked ones. */
#include "losses/functions.h"
#include "losses/in_batch.h"

tern_tensor *tern_loss_infonce(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    return tern_in_batch_loss(20, options, tape, batch);
}
