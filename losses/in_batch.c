#include "losses/in_batch.h"

#include "losses/functions.h"

_Static_assert((int)TERN_QUERY_TO_DOC == (int)TERN_A_TO_C && (int)TERN_DOC_TO_QUERY == (int)TERN_C_TO_A &&
                   (int)TERN_QUERY_TO_QUERY == (int)TERN_A_TO_A && (int)TERN_DOC_TO_DOC == (int)TERN_C_TO_C,
               "directions have one numbering");

tern_tensor *tern_in_batch_rows(tern_tape *tape, tern_tensor *x, tern_compare similarity)
{
    return similarity == TERN_BY_DOT ? x : tern_normalize(tape, x);
}

tern_tensor *tern_in_batch_candidates(tern_tape *tape, const tern_loss_roles *roles, tern_compare similarity)
{
    tern_tensor *candidate = roles->positive;
    if (roles->negative)
        candidate = tern_stack_rows(tape, candidate, roles->negative);
    return tern_in_batch_rows(tape, candidate, similarity);
}

static unsigned directions_of(const tern_loss_options *options)
{
    if (options->directions)
        return options->directions;
    return options->symmetric ? TERN_QUERY_TO_DOC | TERN_DOC_TO_QUERY : TERN_QUERY_TO_DOC;
}

tern_in_batch tern_in_batch_options(double own_scale, const tern_loss_options *options, const tern_loss_batch *batch)
{
    int others = options->hardness == TERN_HARDNESS_IN_BATCH || options->hardness == TERN_HARDNESS_ALL;
    int own = options->hardness == TERN_HARDNESS_HARD || options->hardness == TERN_HARDNESS_ALL;
    return (tern_in_batch){.scale = tern_loss_scale(options, own_scale),
                           .log_scale = options->weights.log_scale,
                           .directions = directions_of(options),
                           .joint = options->partition == TERN_JOINT,
                           .hardness = others ? options->hardness_strength : 0,
                           .own_hardness = own ? options->hardness_strength : 0,
                           .masked = batch->masked};
}

tern_tensor *tern_in_batch_loss(double own_scale, const tern_loss_options *options, tern_tape *tape,
                                const tern_loss_batch *batch)
{
    tern_loss_roles roles = {batch->anchor, batch->positive, batch->negative};
    tern_in_batch o = tern_in_batch_options(own_scale, options, batch);
    tern_tensor *candidates = tern_in_batch_candidates(tape, &roles, options->similarity);
    tern_tensor *anchors = tern_in_batch_rows(tape, batch->anchor, options->similarity);
    return tern_in_batch_softmax(tape, anchors, candidates, &o);
}
