/* OnlineContrastiveLoss of sentence-transformers 6.2: the contrastive loss over the hard pairs of the batch, as a sum:
 *     L = sum of d_i^2 over y_i = 1 with d_i above the least distance of the pairs with y = 0
 *       + sum of max(0, margin - d_i)^2 over y_i = 0 with d_i below the greatest distance of those with y = 1
 * Where one sort is missing, the other's mean takes the place of its bound. Pairs of any other y are left out. Which
 * pairs are hard is a constant for the gradient. */
#include "losses/pairs.h"

typedef struct side {
    int64_t n;
    double least, greatest, sum;
} side;

/* The distances of the pairs with this y. */
static side side_of(const tern_tensor *d, const double *y, double which)
{
    side s = {0};
    for (int64_t i = 0; i < d->rows; i++) {
        double distance = (double)d->data[i];
        if (y[i] != which)
            continue;
        if (s.n == 0 || distance < s.least)
            s.least = distance;
        if (s.n == 0 || distance > s.greatest)
            s.greatest = distance;
        s.sum += distance;
        s.n++;
    }
    return s;
}

tern_tensor *tern_loss_online_contrastive(const tern_loss_options *options, tern_tape *tape,
                                          const tern_loss_batch *batch)
{
    const double *y = tern_loss_score("online_contrastive", batch);
    tern_tensor *d = tern_loss_distances(options, tape, batch);
    side same = side_of(d, y, 1), other = side_of(d, y, 0);
    double beyond = other.n ? other.least : same.sum / (double)same.n;
    double within = same.n ? same.greatest : other.sum / (double)other.n;
    tern_arena *arena = tern_tape_arena(tape);
    double *pull = tern_arena_alloc(arena, (size_t)batch->n * sizeof *pull);
    double *push = tern_arena_alloc(arena, (size_t)batch->n * sizeof *push);
    for (int64_t i = 0; i < batch->n; i++) {
        pull[i] = y[i] == 1 && (double)d->data[i] > beyond;
        push[i] = y[i] == 0 && (double)d->data[i] < within;
    }
    return tern_pull_push(tape, d, pull, push, tern_loss_or(options->margin, 0.5));
}
