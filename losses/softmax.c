/* The classifier of Sentence-BERT (Reimers and Gurevych 2019, section 3; SoftmaxLoss of sentence-transformers 6.2):
 *     L = mean over i of -log softmax(W (a_i, p_i, |a_i - p_i|) + b)[label_i]
 * W [labels, 3 D] and b are learned beside the model. Inside Matryoshka the columns of W that belong to the components
 * cut away are left out. */
#include "losses/pairs.h"

tern_tensor *tern_loss_softmax(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch)
{
    tern_tensor *w = options->weights.classifier, *b = options->weights.classifier_bias;
    TERN_CHECK(w && b && batch->label, "softmax: %s", batch->label ? "no classifier" : "no labels");
    tern_tensor *x = tern_pair_features(tape, batch->anchor, batch->positive, w->cols / 3);
    return tern_cross_entropy(tape, tern_linear(tape, x, w, b), batch->label);
}
