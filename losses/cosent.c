/* CoSENT (Su 2022; CoSENTLoss of sentence-transformers 6.2):
 *     L = log(1 + sum over rows i, j with y_i > y_j of exp(scale (s_j - s_i)))      s = cos(a, p) or a.p, y the score
 */
#include "losses/pairs.h"

tern_tensor *tern_loss_cosent(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    tern_pair_kind kind = options->similarity == TERN_BY_DOT ? TERN_PAIR_DOT : TERN_PAIR_COSINE;
    tern_tensor *s = tern_pair_rows(tape, batch->anchor, batch->positive, kind);
    return tern_cosent(tape, s, tern_loss_score("cosent", batch), tern_loss_scale(options, 20));
}
