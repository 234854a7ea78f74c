/* MarginMSE (Hofstätter et al. 2020; MarginMSELoss of sentence-transformers 6.2):
 *     L = mean over i, j of ((a_i.p_i - a_i.n_ij) - (t(a_i, p_i) - t(a_i, n_ij)))^2      t the teacher's score
 * The data give t(a_i, p_i) and all t(a_i, n_ij), or only their differences; else t is the dot product of the teacher's
 * vectors. */
#include "losses/pairs.h"

tern_tensor *tern_loss_margin_mse(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    (void)options;
    TERN_CHECK(batch->negative, "margin_mse: %lld rows without negatives", (long long)batch->n);
    tern_loss_roles roles = tern_loss_roles_of(batch);
    tern_tensor *margins = tern_margins(tape, tern_loss_candidates(tape, &roles, TERN_PAIR_DOT)), *target;
    if (batch->score && batch->n_scores == batch->n_negatives) {
        target = tern_loss_constant(tape, batch->score, batch->n, batch->n_scores);
    } else {
        tern_tensor *teacher = tern_loss_teacher(tape, batch);
        TERN_CHECK(teacher, "margin_mse: %d scores, %d negatives a row", batch->n_scores, batch->n_negatives);
        target = tern_margins(tape, teacher);
    }
    return tern_mean_square(tape, margins, target);
}
