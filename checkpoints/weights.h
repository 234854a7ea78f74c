/* The weights of an encoder, from and to the safetensors files of a model folder. */
#ifndef TERN_CHECKPOINTS_WEIGHTS_H
#define TERN_CHECKPOINTS_WEIGHTS_H

#include "checkpoints/folder.h"

/* Makes the encoder that the folder describes and copies its weights once, out of the mapped files. Names and shapes
 * are checked before memory is taken, so a lying config.json can't ask for more than the files hold. NULL: failed. */
tern_encoder *tern_weights_read(const tern_folder *folder, tern_error *error);
/* Writes model.safetensors into folder, and I_Dense/model.safetensors for each Dense module. */
int tern_weights_write(const tern_encoder *encoder, const char *folder, tern_error *error);

#endif
