/* A model between two: weights of one and of the one it was tuned from, averaged (WiSE-FT; Wortsman et al. 2022,
 * "Robust fine-tuning of zero-shot models", equation 1). It often keeps most of what tuning gained, and loses less
 * elsewhere.
 *
 *     tern_model_mix(tuned, base, 0.5, &error);        // tuned now holds the mixture
 */
#ifndef TERN_CHECKPOINTS_MIX_H
#define TERN_CHECKPOINTS_MIX_H

#include "checkpoints/model.h"

/* weight = share * model + (1 - share) * base, each computed in double and rounded once, for share in [0, 1]: 1 leaves
 * the model, 0 gives the base's weights. All but the weights stays the model's. Fails, with nothing changed, unless
 * both have the same tensors (but for BERT's unused pooler), vocabulary, heads and modules; which one they differ in is
 * said. */
int tern_model_mix(tern_model *model, const tern_model *base, double share, tern_error *error);

#endif
