#include "losses/loss.h"

#include "losses/adaptive_layer.h"
#include "losses/functions.h"
#include "losses/matryoshka.h"

#include <string.h>

const tern_loss tern_losses[] = {
#define TERN_LOSS(name, needs, in_batch, help) {#name, help, needs, in_batch, tern_loss_##name},
#include "losses/loss_list.h"
#undef TERN_LOSS
    {NULL, NULL, 0, 0, NULL},
};

const tern_loss *tern_loss_find(const char *name)
{
    for (const tern_loss *loss = tern_losses; loss->name; loss++)
        if (strcmp(loss->name, name) == 0)
            return loss;
    return NULL;
}

tern_loss_options tern_loss_defaults(const char *name)
{
    return (tern_loss_options){.name = name,
                               .margin = NAN,
                               .negative_margin = NAN,
                               .distance = strstr(name, "triplet") ? TERN_EUCLIDEAN : TERN_COSINE,
                               .mean_weight = NAN,
                               .second_moment_weight = NAN,
                               .last_layer_weight = NAN,
                               .prior_layers_weight = NAN,
                               .kl_weight = NAN,
                               .kl_temperature = NAN};
}

static void check_roles(const char *name, const tern_loss_batch *batch)
{
    int64_t n = batch->n, dim = batch->anchor->cols;
    TERN_CHECK_SHAPE(name, batch->anchor, n, dim);
    if (batch->positive)
        TERN_CHECK_SHAPE(name, batch->positive, n, dim);
    if (batch->negative)
        TERN_CHECK_SHAPE(name, batch->negative, n * batch->n_negatives, dim);
}

static void check_needs(const tern_loss *loss, const tern_loss_batch *batch)
{
    int needs = loss->needs;
    TERN_CHECK(!(needs & (TERN_NEEDS_POSITIVE | TERN_NEEDS_TWICE)) || batch->positive, "%s: rows without positives",
               loss->name);
    TERN_CHECK(!(needs & TERN_NEEDS_NEGATIVE) || batch->negative, "%s: rows without negatives", loss->name);
    TERN_CHECK(!(needs & TERN_NEEDS_LABEL) || batch->label, "%s: rows without labels", loss->name);
    TERN_CHECK(!(needs & TERN_NEEDS_SCORE) || batch->score, "%s: rows without scores", loss->name);
    TERN_CHECK(!(needs & TERN_NEEDS_TEACHER) || batch->score || batch->other.anchor,
               "%s: neither scores nor a teacher's vectors", loss->name);
    TERN_CHECK(!(needs & (TERN_NEEDS_GUIDE | TERN_NEEDS_TEACHER_VECTORS)) || batch->other.anchor,
               "%s: no second model's vectors", loss->name);
}

tern_tensor *tern_loss_at_layer(const tern_loss *loss, const tern_loss_options *options, tern_tape *tape,
                                const tern_loss_batch *batch)
{
    if (options->n_dims > 0)
        return tern_matryoshka(loss, options, tape, batch);
    return loss->value(options, tape, batch);
}

tern_tensor *tern_loss_value(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    const tern_loss *loss = tern_loss_find(options->name);
    TERN_CHECK(loss, "there is no loss named %s", options->name);
    check_roles(loss->name, batch);
    check_needs(loss, batch);
    if (options->adaptive_layer)
        return tern_adaptive_layer(loss, options, tape, batch);
    return tern_loss_at_layer(loss, options, tape, batch);
}
