/* EmbedDistillLoss of sentence-transformers 6.2 with its cosine distance:
 *     L = mean over texts of 1 - cos(P x, t)
 * with P a learned affine map where the teacher's vectors t have another width than the model's, else none. */
#include "losses/pairs.h"

static tern_tensor *mean_distance(tern_tape *tape, tern_tensor *x, tern_tensor *teacher)
{
    double share = 1 / (double)x->rows;
    if (teacher->cols > x->cols)
        teacher = tern_columns_of(tape, teacher, 0, x->cols);
    tern_tensor *sum = tern_sum(tape, tern_pair_rows(tape, x, teacher, TERN_PAIR_COSINE_DISTANCE));
    return tern_weighted_sum(tape, &sum, &share, 1);
}

tern_tensor *tern_loss_embedding_cosine(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    return tern_loss_against_vectors(options, tape, batch, mean_distance);
}
