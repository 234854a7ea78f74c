/* The loss at the last layer and at earlier ones, as AdaptiveLayerLoss and, around Matryoshka, Matryoshka2dLoss of
 * sentence-transformers 6.2 have it (Li, Li, Li, Xie, Li 2024): with V earlier layers' vectors x_v, the
 * last layer's x and the temperature t
 *     L = w_last loss(x) + w_prior / V sum over v of loss(x_v)
 *         + w_kl t sum over v of mean over texts of KL(softmax(x / t) || softmax(x_v / t))
 * where x in the last term is a constant; t 0 leaves that term out. Inside it vectors are whole, whatever Matryoshka
 * cuts away elsewhere. Each layer draws its own dims where dims are drawn. */
#include "losses/adaptive_layer.h"

#include "autograd/ops.h"
#include "base/hash.h"
#include "losses/functions.h"

/* Mean over all texts of KL(softmax(last / t) || softmax(layer / t)). */
static tern_tensor *divergence(tern_tape *tape, const tern_loss_batch *last, const tern_loss_roles *layer, double t)
{
    tern_tensor *x[] = {layer->anchor, layer->positive, layer->negative}, *part[3];
    tern_tensor *target[] = {last->anchor, last->positive, last->negative};
    double weight[3], texts = 0;
    int n = 0;
    for (int r = 0; r < 3; r++) {
        if (!x[r])
            continue;
        part[n] = tern_softmax_kl(tape, x[r], target[r], t, t);
        weight[n] = (double)x[r]->rows;
        texts += weight[n++];
    }
    for (int i = 0; i < n; i++)
        weight[i] /= texts;
    return tern_weighted_sum(tape, part, weight, n);
}

static tern_loss_batch batch_at(const tern_loss_batch *batch, int view)
{
    tern_loss_batch part = *batch;
    part.anchor = batch->layer_roles[view].anchor;
    part.positive = batch->layer_roles[view].positive;
    part.negative = batch->layer_roles[view].negative;
    part.n_layer_views = 0;
    part.seed = tern_mix(batch->seed ^ tern_mix((uint64_t)batch->layer[view]));
    return part;
}

tern_tensor *tern_adaptive_layer(const tern_loss *loss, const tern_loss_options *options, tern_tape *tape,
                                 const tern_loss_batch *batch)
{
    enum { MOST = 1 + 2 * TERN_MAX_LAYER_VIEWS };
    tern_tensor *term[MOST];
    double weight[MOST], t = tern_loss_or(options->kl_temperature, 0.3);
    double prior = tern_loss_or(options->prior_layers_weight, 1), kl = tern_loss_or(options->kl_weight, 1);
    TERN_CHECK(batch->n_layer_views >= 0 && batch->n_layer_views <= TERN_MAX_LAYER_VIEWS, "adaptive layer: %d layers",
               batch->n_layer_views);
    int n = 0;
    weight[n] = tern_loss_or(options->last_layer_weight, 1);
    term[n++] = tern_loss_at_layer(loss, options, tape, batch);
    for (int v = 0; v < batch->n_layer_views; v++) {
        tern_loss_batch part = batch_at(batch, v);
        weight[n] = prior / batch->n_layer_views;
        term[n++] = tern_loss_at_layer(loss, options, tape, &part);
        if (t <= 0 || kl == 0)
            continue;
        weight[n] = kl * t;
        term[n++] = divergence(tape, batch, &batch->layer_roles[v], t);
    }
    return tern_weighted_sum(tape, term, weight, n);
}
