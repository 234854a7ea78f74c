/* What a model's vectors depend on, as 128 bits. */
#ifndef TERN_CHECKPOINTS_FINGERPRINT_H
#define TERN_CHECKPOINTS_FINGERPRINT_H

#include "checkpoints/model.h"
#include "checkpoints/store_file.h"

/* Of all that decides a text's vector but the text and the prompt before it: weights, sizes and modules, tokenizer,
 * longest text, truncate_dim, float32 or int8, the instruction set, the version of tern and the compiler; and of the
 * vectors of a few texts, which are encoded for it, so that kernels which compute other bits without a new version
 * are noticed too. Takes as long as reading the weights and encoding some 300 tokens. Fails as tern_model_embed does.
 */
int tern_model_fingerprint(tern_model *model, tern_store_key *out, tern_error *error);

#endif
