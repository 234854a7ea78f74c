/* What losses learn beside the model: a scale's logarithm, a classifier, a projection to a teacher's width. */
#include "autograd/params.h"
#include "base/hash.h"
#include "base/memory.h"
#include "losses/draw.h"
#include "losses/functions.h"

#include <stdlib.h>
#include <string.h>

/* The scale that a loss multiplies similarities with before an in-batch softmax, unless options say one; 0: it has none
 * that could be learned. */
static double own_scale(const char *name)
{
    if (strcmp(name, "guided") == 0)
        return 100;
    return strcmp(name, "infonce") == 0 || strcmp(name, "multiple_negatives_ranking") == 0 ||
                   strcmp(name, "simcse") == 0
               ? 20
               : 0;
}

static int learns_projection(const char *name)
{
    return strcmp(name, "embedding_mse") == 0 || strcmp(name, "embedding_cosine") == 0;
}

static tern_tensor *declare(tern_params *params, const char *prefix, const char *name, int64_t rows, int64_t cols,
                            int flags)
{
    char *full = tern_format("%s%s", prefix, name);
    tern_tensor *t = tern_params_add(params, full, rows, cols, flags);
    free(full);
    return t;
}

void tern_loss_declare(tern_loss_options *options, const tern_loss_sizes *sizes, const char *prefix,
                       tern_params *params)
{
    const int vector = TERN_PARAM_NO_DECAY | TERN_PARAM_VECTOR;
    tern_loss_weights *w = &options->weights;
    if (options->learned_scale && own_scale(options->name) > 0)
        w->log_scale = declare(params, prefix, "log_scale", 1, 1, vector);
    if (strcmp(options->name, "softmax") == 0) {
        TERN_CHECK(sizes->n_labels > 0, "softmax: %lld labels", (long long)sizes->n_labels);
        w->classifier = declare(params, prefix, "classifier.weight", sizes->n_labels, 3 * sizes->dim, 0);
        w->classifier_bias = declare(params, prefix, "classifier.bias", 1, sizes->n_labels, vector);
    }
    if (learns_projection(options->name) && sizes->teacher_dim != sizes->dim) {
        TERN_CHECK(sizes->teacher_dim > 0, "%s: a teacher of %lld components", options->name,
                   (long long)sizes->teacher_dim);
        w->projection = declare(params, prefix, "projection.weight", sizes->teacher_dim, sizes->dim, 0);
        w->projection_bias = declare(params, prefix, "projection.bias", 1, sizes->teacher_dim, vector);
    }
}

/* torch.nn.Linear's start: weights and biases uniform in +-1/sqrt(inputs). */
static void start_linear(tern_tensor *weight, tern_tensor *bias, uint64_t seed)
{
    tern_tensor *const parts[] = {weight, bias};
    if (!weight)
        return;
    double bound = 1 / sqrt((double)weight->cols);
    for (uint64_t p = 0; p < 2; p++)
        for (size_t i = 0; i < tern_tensor_size(parts[p]); i++)
            parts[p]->data[i] = (tern_real)(bound * (2 * tern_random_unit(seed, TERN_DRAW_WEIGHTS, p, i) - 1));
}

void tern_loss_init(const tern_loss_options *options, uint64_t seed)
{
    const tern_loss_weights *w = &options->weights;
    if (w->log_scale)
        *w->log_scale->data = (tern_real)log(tern_loss_scale(options, own_scale(options->name)));
    start_linear(w->classifier, w->classifier_bias, seed);
    start_linear(w->projection, w->projection_bias, seed);
}

int tern_loss_layers(const tern_loss_options *options, int n_layers, uint64_t seed, uint64_t step, int *layer)
{
    int earlier = n_layers - 1, wanted = options->layers_per_step;
    if (!options->adaptive_layer || earlier <= 0)
        return 0;
    if (wanted <= 0 || wanted > earlier)
        wanted = earlier;
    if (wanted > TERN_MAX_LAYER_VIEWS)
        wanted = TERN_MAX_LAYER_VIEWS;
    return tern_loss_draw(TERN_DRAW_LAYERS, seed, step, earlier, wanted, layer);
}
