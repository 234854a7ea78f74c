/* What a model's vectors depend on, as 128 bits. */
#ifndef TERN_CHECKPOINTS_FINGERPRINT_H
#define TERN_CHECKPOINTS_FINGERPRINT_H

#include "checkpoints/model.h"
#include "checkpoints/store_file.h"

/* The build: a hash of the sources that decide a vector's bits (kernels, encoders, tokenizers, readers of models) and
 * of the compiler's flags. */
extern const char tern_build[];

/* Of all that decides a text's vector but the text and the prompt before it: weights, sizes and modules, tokenizer,
 * longest text, truncate_dim, float32 or int8, the instruction set that runs, the build (tern_build), the version of
 * tern, the compiler and utf8proc; and of the vectors of a few texts, which are encoded for it, so that a machine that
 * computes other bits with the same program is noticed too. Takes as long as reading the weights and encoding some 300
 * tokens. Fails as tern_model_embed does. */
int tern_model_fingerprint(tern_model *model, const char *build, tern_store_key *out, tern_error *error);

#endif
