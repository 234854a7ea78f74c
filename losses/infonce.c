/* InfoNCE (van den Oord, Li, Vinyals 2018, eq. 4), over rows of unit length:
 *     L = mean over i of -log( exp(a_i.p_i / t) / sum over j of exp(a_i.c_j / t) ),   t the temperature, 1/t the scale
 * with the candidates c = all positives of the batch, then all explicit negatives, but for the masked ones.
 * Symmetric: the mean of that and of the same sum from each positive over all anchors. */
#include "autograd/ops.h"
#include "losses/functions.h"

tern_tensor *tern_in_batch_loss(double scale, int symmetric, tern_tape *tape, const tern_loss_batch *batch)
{
    int64_t n = batch->n, m = n * (1 + (batch->negative ? batch->n_negatives : 0));
    tern_tensor *candidate = batch->positive;
    if (batch->negative)
        candidate = tern_stack_rows(tape, candidate, batch->negative);
    TERN_CHECK_SHAPE("in-batch loss", candidate, m, batch->anchor->cols);
    candidate = tern_normalize(tape, candidate);
    tern_tensor *anchor = tern_normalize(tape, batch->anchor), *way[2];
    way[0] = tern_in_batch_softmax(tape, anchor, candidate, scale, batch->masked, m, 0);
    if (!symmetric)
        return way[0];
    tern_tensor *positive = tern_rows_of(tape, candidate, 0, n);
    way[1] = tern_in_batch_softmax(tape, anchor, positive, scale, batch->masked, m, 1);
    return tern_weighted_sum(tape, way, (const double[]){0.5, 0.5}, 2);
}

tern_tensor *tern_loss_infonce(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    return tern_in_batch_loss(options->scale, options->symmetric, tape, batch);
}
