/* What a state file holds and where in the file it lies, as libhdf5 tells it: asked in a process of its own.
 *
 * libhdf5 1.10 crashes on some files, loops on others and takes memory as they say, and a checksum that is right
 * doesn't make a file one of tern's. So a child process that was forked for nothing else opens the file, with little
 * memory and time; it gives back a table of names, types, shapes and places, and this process checks each of them and
 * reads the values from the file itself. All that a state may hold is what tern writes: hard links, each object once;
 * contiguous little-endian arrays of at most two dimensions, without filters and external files; text of fixed length.
 */
#ifndef TERN_CHECKPOINTS_STATE_INDEX_H
#define TERN_CHECKPOINTS_STATE_INDEX_H

#include "checkpoints/state.h"

/* Lists the file behind fd, of size bytes; items are sorted by name and lie within the file, together no longer than it
 * is. path is for sentences. into (NULL: not known) is what the values will be put into. listing is the caller's, and
 * empty on failure. No other thread may use libhdf5. */
int tern_state_index(int fd, const char *path, int64_t size, const tern_state *into, tern_state_listing *listing,
                     tern_error *error);

#endif
