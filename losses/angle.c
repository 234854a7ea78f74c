/* AnglE (Li and Li 2023; AnglELoss of sentence-transformers 6.2): CoSENT with the similarity
 *     s(x, y) = |cos(x, y) + sin(x, y)|      of the vectors' complex halves, autograd/pair.c
 * Explicit negatives count as pairs with their anchor, of the score 1 - y_i; y_i is 1 for rows without a score. */
#include "losses/pairs.h"

tern_tensor *tern_loss_angle(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    tern_loss_roles roles = tern_loss_roles_of(batch);
    tern_tensor *s = tern_loss_candidates(tape, &roles, TERN_PAIR_ANGLE);
    TERN_CHECK(batch->score || batch->negative, "angle: %lld rows without scores", (long long)batch->n);
    const double *given = batch->score ? tern_loss_score("angle", batch) : NULL;
    double *score = tern_arena_alloc(tern_tape_arena(tape), tern_tensor_size(s) * sizeof *score);
    for (int64_t i = 0; i < batch->n; i++) {
        double y = given ? given[i] : 1;
        for (int64_t j = 0; j < s->cols; j++)
            score[i * s->cols + j] = j == 0 ? y : 1 - y;
    }
    return tern_cosent(tape, s, score, tern_loss_nonzero_or(options->scale, 20));
}
