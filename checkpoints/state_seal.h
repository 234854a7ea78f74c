/* The user block of a state file: magic, length and checksum, as checkpoints/state.h draws it. */
#ifndef TERN_CHECKPOINTS_STATE_SEAL_H
#define TERN_CHECKPOINTS_STATE_SEAL_H

#include "base/error.h"

enum { TERN_STATE_USER_BLOCK = 512 };

/* Computes the checksum of the file at path and writes its user block; fsyncs. say: the name for the error's text. */
int tern_state_seal(const char *path, const char *say, tern_error *error);
/* Fails unless path is a whole, undamaged state file. */
int tern_state_verify(const char *path, tern_error *error);

#endif
