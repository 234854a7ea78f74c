#include "losses/loss.h"

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

static tern_loss_options with_defaults(const tern_loss_options *options)
{
    tern_loss_options full = *options;
    if (full.scale == 0)
        full.scale = 20;
    if (full.margin < 0)
        full.margin = 5;
    return full;
}

tern_tensor *tern_loss_value(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    const tern_loss *loss = tern_loss_find(options->name);
    TERN_CHECK(loss, "there is no loss named %s", options->name);
    TERN_CHECK_SHAPE(loss->name, batch->anchor, batch->n, batch->anchor->cols);
    TERN_CHECK_SHAPE(loss->name, batch->positive, batch->n, batch->anchor->cols);
    tern_loss_options full = with_defaults(options);
    if (full.n_dims > 0)
        return tern_matryoshka(loss, &full, tape, batch);
    return loss->value(&full, tape, batch);
}
