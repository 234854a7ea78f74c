/* The losses' functions, for the table alone: users call tern_loss_value. */
#ifndef TERN_LOSSES_FUNCTIONS_H
#define TERN_LOSSES_FUNCTIONS_H

#include "losses/loss.h"

#include <math.h>

#define TERN_LOSS(name, needs, in_batch, help)                                                                         \
    tern_tensor *tern_loss_##name(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);
#include "losses/loss_list.h"
#undef TERN_LOSS

/* Options that were not said: NAN, or a scale or temperature of 0. */
static inline double tern_loss_or(double said, double own)
{
    return isnan(said) ? own : said;
}

static inline double tern_loss_nonzero_or(double said, double own)
{
    return said == 0 ? own : said;
}

/* The scale that options ask for; own is that of cosines where they don't. */
static inline double tern_loss_scale(const tern_loss_options *options, double own)
{
    return tern_loss_nonzero_or(options->scale, options->similarity == TERN_BY_DOT ? 1 : own);
}

/* What the wrappers go around: the loss with Matryoshka where options ask for it, at one layer. */
tern_tensor *tern_loss_at_layer(const tern_loss *loss, const tern_loss_options *options, tern_tape *tape,
                                const tern_loss_batch *batch);

#endif
