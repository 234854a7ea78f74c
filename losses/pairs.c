#include "losses/pairs.h"

#include "losses/triplets.h"

tern_tensor *tern_loss_distances(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    return tern_pair_rows(tape, batch->anchor, batch->positive, tern_loss_pair_kind(options->distance));
}

tern_tensor *tern_loss_candidates(tern_tape *tape, const tern_loss_roles *roles, tern_pair_kind kind)
{
    tern_tensor *part[] = {tern_pair_rows(tape, roles->anchor, roles->positive, kind), NULL};
    if (!roles->negative)
        return part[0];
    part[1] = tern_pair_rows(tape, roles->anchor, roles->negative, kind);
    return tern_stack_columns(tape, part, 2);
}

tern_loss_roles tern_loss_roles_of(const tern_loss_batch *batch)
{
    return (tern_loss_roles){batch->anchor, batch->positive, batch->negative};
}

tern_tensor *tern_loss_constant(tern_tape *tape, const double *x, int64_t rows, int64_t cols)
{
    tern_tensor *t = tern_tape_tensor(tape, rows, cols);
    for (int64_t i = 0; i < rows * cols; i++)
        t->data[i] = (tern_real)x[i];
    return t;
}

const double *tern_loss_score(const char *loss, const tern_loss_batch *batch)
{
    TERN_CHECK(batch->score && batch->n_scores == 1, "%s: %d scores a row", loss, batch->n_scores);
    return batch->score;
}

tern_tensor *tern_loss_teacher(tern_tape *tape, const tern_loss_batch *batch)
{
    if (batch->score && batch->n_scores == 1 + batch->n_negatives)
        return tern_loss_constant(tape, batch->score, batch->n, batch->n_scores);
    return batch->other.anchor ? tern_loss_candidates(tape, &batch->other, TERN_PAIR_DOT) : NULL;
}

/* Inside Matryoshka x is narrower than the model's vectors: so is then the part of the projection that counts. */
static tern_tensor *project(const tern_loss_options *options, tern_tape *tape, tern_tensor *x)
{
    tern_tensor *w = options->weights.projection;
    if (!w)
        return x;
    if (w->cols > x->cols)
        w = tern_columns_of(tape, w, 0, x->cols);
    return tern_linear(tape, x, w, options->weights.projection_bias);
}

tern_tensor *tern_loss_against_vectors(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch,
                                       tern_tensor *(*value)(tern_tape *tape, tern_tensor *x, tern_tensor *teacher))
{
    tern_tensor *student[] = {batch->anchor, batch->positive, batch->negative}, *part[3];
    tern_tensor *teacher[] = {batch->other.anchor, batch->other.positive, batch->other.negative};
    double weight[3], texts = 0;
    int n = 0;
    for (int r = 0; r < 3; r++) {
        if (!student[r] || !teacher[r])
            continue;
        part[n] = value(tape, project(options, tape, student[r]), teacher[r]);
        weight[n] = (double)student[r]->rows;
        texts += weight[n++];
    }
    TERN_CHECK(n > 0, "%s: no vectors of a teacher", options->name);
    for (int i = 0; i < n; i++)
        weight[i] /= texts;
    return tern_weighted_sum(tape, part, weight, n);
}
