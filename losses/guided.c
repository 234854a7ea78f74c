/* Guided in-sample selection of negatives (Solatorio 2024; GISTEmbedLoss of sentence-transformers 6.2): one softmax,
 * temperature 0.01, of the pair (a_i, p_i) over all positives, anchors (from a_i), positives (from p_i) and explicit
 * negatives, without those that the guide finds nearer to each other than it finds a_i to p_i:
 *     left out where g(x, y) > g(a_i, p_i) - margin           absolute
 *     left out where g(x, y) > g(a_i, p_i) - |g(a_i, p_i)| margin         relative
 * A text is never held against itself. g is the cosine, whatever the model's own vectors are compared by. */
#include "losses/functions.h"
#include "losses/in_batch.h"

tern_tensor *tern_loss_guided(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    const tern_loss_roles *other = &batch->other;
    tern_loss_roles own = {batch->anchor, batch->positive, batch->negative};
    tern_in_batch o = tern_in_batch_options(100, options, batch);
    TERN_CHECK(other->positive && !other->negative == !batch->negative, "guided: %s", "the guide lacks a role");
    o.directions =
        TERN_A_TO_C | (options->without_anchors ? 0 : TERN_A_TO_A) | (options->without_positives ? 0 : TERN_C_TO_C);
    o.joint = 1;
    o.only_positives = 1;
    o.guide_a = tern_normalize(tape, other->anchor);
    o.guide_c = tern_in_batch_candidates(tape, other, TERN_BY_COSINE);
    o.guide_margin = tern_loss_or(options->margin, 0);
    o.relative_margin = options->guide_margin == TERN_MARGIN_RELATIVE;
    return tern_in_batch_softmax(tape, tern_in_batch_rows(tape, batch->anchor, options->similarity),
                                 tern_in_batch_candidates(tape, &own, options->similarity), &o);
}
