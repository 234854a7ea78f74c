/* MegaBatchMarginLoss of sentence-transformers 6.2 (after Wieting and Gimpel 2018, section 4.2):
 *     L = mean over i of max(0, 0.8 - cos(a_i, p_i)) + max(0, max over j of cos(a_i, c_j) - 0.3)
 * with c_j all other positives and all explicit negatives but for the masked ones; the two numbers are options. */
#include "losses/functions.h"
#include "losses/in_batch.h"

tern_tensor *tern_loss_mega_batch_margin(const tern_loss_options *options, tern_tape *tape,
                                         const tern_loss_batch *batch)
{
    tern_loss_roles roles = {batch->anchor, batch->positive, batch->negative};
    tern_tensor *candidates = tern_in_batch_candidates(tape, &roles, TERN_BY_COSINE);
    tern_tensor *anchors = tern_normalize(tape, batch->anchor);
    return tern_hardest_margin(tape, anchors, candidates, tern_loss_or(options->margin, 0.8),
                               tern_loss_or(options->negative_margin, 0.3), batch->masked);
}
