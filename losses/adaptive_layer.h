/* The loss at earlier layers too: users ask for it with tern_loss_options.adaptive_layer. */
#ifndef TERN_LOSSES_ADAPTIVE_LAYER_H
#define TERN_LOSSES_ADAPTIVE_LAYER_H

#include "losses/loss.h"

/* last_layer_weight * loss + prior_layers_weight * mean over batch->layer_roles of the loss there
 * + kl_weight * the sum of how far each of them is from the last layer -> [1,1]; loss inside Matryoshka where options
 * ask for that too. */
tern_tensor *tern_adaptive_layer(const tern_loss *loss, const tern_loss_options *options, tern_tape *tape,
                                 const tern_loss_batch *batch);

#endif
