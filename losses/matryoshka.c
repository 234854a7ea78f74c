/* Matryoshka representation learning (Kusupati et al. 2022, eq. 1), as MatryoshkaLoss of sentence-transformers 6.2:
 *     L = sum over m of w_m loss(x[:, 0 .. m) / |x[:, 0 .. m)|)      for each row x of the batch
 * over all dims m, or over those that are drawn for this step. */
#include "losses/matryoshka.h"

#include "autograd/ops.h"
#include "losses/draw.h"

static tern_tensor *shrink(tern_tape *tape, tern_tensor *x, int64_t dim)
{
    if (!x)
        return NULL;
    if (dim < x->cols)
        x = tern_columns_of(tape, x, 0, dim);
    return tern_normalize(tape, x);
}

tern_tensor *tern_matryoshka(const tern_loss *loss, const tern_loss_options *options, tern_tape *tape,
                             const tern_loss_batch *batch)
{
    tern_tensor *value[TERN_MAX_DIMS];
    double weight[TERN_MAX_DIMS];
    int chosen[TERN_MAX_DIMS];
    TERN_CHECK(options->n_dims > 0 && options->n_dims <= TERN_MAX_DIMS, "matryoshka: %d dims", options->n_dims);
    int n = tern_loss_draw(TERN_DRAW_DIMS, batch->seed, batch->step, options->n_dims, options->dims_per_step, chosen);
    for (int i = 0; i < n; i++) {
        int64_t dim = options->dims[chosen[i]];
        TERN_CHECK(dim > 0 && dim <= batch->anchor->cols, "matryoshka: the first %lld of %lld components",
                   (long long)dim, (long long)batch->anchor->cols);
        tern_loss_batch part = *batch;
        part.anchor = shrink(tape, batch->anchor, dim);
        part.positive = shrink(tape, batch->positive, dim);
        part.negative = shrink(tape, batch->negative, dim);
        value[i] = loss->value(options, tape, &part);
        weight[i] = options->dim_weights[chosen[i]] == 0 ? 1 : options->dim_weights[chosen[i]];
    }
    return tern_weighted_sum(tape, value, weight, n);
}
