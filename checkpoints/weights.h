/* The weights of an encoder, from and to the safetensors files of a model folder. */
#ifndef TERN_CHECKPOINTS_WEIGHTS_H
#define TERN_CHECKPOINTS_WEIGHTS_H

#include "checkpoints/folder.h"

/* Makes the encoder that the folder describes and copies its weights once, out of the mapped files. Names and shapes
 * are checked before memory is taken, so a lying config.json can't ask for more than the files hold. NULL: failed. */
tern_encoder *tern_weights_read(const tern_folder *folder, tern_error *error);

/* Files that stay mapped because weights lie in them, and the memory of the weights that had to be copied. */
typedef struct tern_mapped_weights tern_mapped_weights;
/* The same without a copy, for an encoder that is never trained: float32 weights are used where the files have them,
 * read-only, their pages brought in as they are needed. Copied are other types, and tensors that the encoder uses as
 * one but the file has apart (query, key, value). Rows of a table of embeddings aren't checked for NaN: one that is
 * used makes a vector that isn't finite. *files is freed after the encoder, with tern_mapped_weights_free. */
tern_encoder *tern_weights_map(const tern_folder *folder, tern_mapped_weights **files, tern_error *error);
/* Fails when one of the files was written into since it was opened. */
int tern_mapped_weights_check(const tern_mapped_weights *files, tern_error *error);
/* Accepts NULL. */
void tern_mapped_weights_free(tern_mapped_weights *files);

/* Writes model.safetensors into folder, and I_Dense/model.safetensors for each Dense module. */
int tern_weights_write(const tern_encoder *encoder, const char *folder, tern_error *error);

#endif
