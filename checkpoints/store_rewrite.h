/* A store that has no room is written anew: larger, and without what was not used for the longest time. */
#ifndef TERN_CHECKPOINTS_STORE_REWRITE_H
#define TERN_CHECKPOINTS_STORE_REWRITE_H

#include "checkpoints/store_disk.h"
#include "checkpoints/store_file.h"

/* Under the lock of those who write: replaces the store at path by one with room for n vectors of dim more, twice as
 * large as it has to be where limit bytes allow that. file is the one that is there (its fd -1: none, or none that can
 * be used), and becomes the new one. What goes are vectors that are damaged, and, when limit asks for it, those that
 * were used least recently, down to three quarters of the limit; never those of session. Returns for how many of the n
 * there is room, 0 with file as it was when there is none. Negative with the reason, file as it was too, when the disk
 * has no room for the new one beside the old one, which stays until the new one is whole, or it can't be written. */
int64_t tern_store_rewrite(tern_store_file *file, const char *path, int64_t limit, const tern_store_disk *disk,
                           uint64_t session, int64_t n, int64_t dim, tern_error *error);

#endif
