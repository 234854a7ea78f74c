/* The user block of a state file: magic, length and checksum, as checkpoints/state.h draws it. */
#ifndef TERN_CHECKPOINTS_STATE_SEAL_H
#define TERN_CHECKPOINTS_STATE_SEAL_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { TERN_STATE_USER_BLOCK = 512 };

/* Computes the checksum of the file at path and writes its user block; fsyncs. say: the name for the error's text. */
int tern_state_seal(const char *path, const char *say, tern_error *error);
/* A descriptor of path, the caller's to close, and the file's size; -1 unless it is a whole, undamaged state file. */
int tern_state_open_verified(const char *path, int64_t *size, tern_error *error);
/* Reads n bytes at offset, all or a sentence. path is for that. */
int tern_state_read_at(int fd, const char *path, int64_t offset, void *data, size_t n, tern_error *error);

#endif
