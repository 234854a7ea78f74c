/* Contrastive loss (Hadsell, Chopra, LeCun 2006, eq. 4; ContrastiveLoss of sentence-transformers 6.2):
 *     L = mean over i of (y_i d_i^2 + (1 - y_i) max(0, margin - d_i)^2) / 2
 * with d the cosine distance, Euclidean or Manhattan, of anchor and positive, and y 1 for pairs that belong together, 0
 * for others. */
#include "losses/pairs.h"

tern_tensor *tern_loss_contrastive(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    const double *y = tern_loss_score("contrastive", batch);
    tern_arena *arena = tern_tape_arena(tape);
    double *pull = tern_arena_alloc(arena, (size_t)batch->n * sizeof *pull);
    double *push = tern_arena_alloc(arena, (size_t)batch->n * sizeof *push);
    for (int64_t i = 0; i < batch->n; i++) {
        pull[i] = 0.5 * y[i] / (double)batch->n;
        push[i] = 0.5 * (1 - y[i]) / (double)batch->n;
    }
    return tern_pull_push(tape, tern_loss_distances(options, tape, batch), pull, push,
                          tern_loss_or(options->margin, 0.5));
}
