/* Distillation over each row's list of candidates (Hinton, Vinyals, Dean 2015; DistillKLDivLoss of
 * sentence-transformers 6.2): with s_i the dot products of anchor i with its positive and its negatives, t_i the
 * teacher's scores of them, and the student's and the teacher's temperatures T and T', L = T^2 mean over i of
 * KL(softmax(t_i / T') || softmax(s_i / T)) */
#include "losses/pairs.h"

tern_tensor *tern_loss_distill_kl_div(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    tern_loss_roles roles = tern_loss_roles_of(batch);
    double own = tern_loss_nonzero_or(options->temperature, 1), factor = own * own;
    double teachers = tern_loss_nonzero_or(options->teacher_temperature, 1);
    tern_tensor *teacher = tern_loss_teacher(tape, batch);
    TERN_CHECK(teacher && batch->negative, "distill_kl_div: %d scores, %d negatives a row", batch->n_scores,
               batch->n_negatives);
    tern_tensor *student = tern_loss_candidates(tape, &roles, TERN_PAIR_DOT);
    tern_tensor *divergence = tern_softmax_kl(tape, student, teacher, own, teachers);
    return tern_weighted_sum(tape, &divergence, &factor, 1);
}
