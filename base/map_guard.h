/* What happens when a mapped file gets shorter, or its disk fails, while it is read: the system sends SIGBUS, which
 * ends a process without a word. The guard's handler finds out which mapped file it was of, says so in one sentence and
 * ends the process with status 1. */
#ifndef TERN_BASE_MAP_GUARD_H
#define TERN_BASE_MAP_GUARD_H

#include <stddef.h>

/* Installs the handler, once, for a program's main; other users of the library keep theirs. */
void tern_map_guard(void);

/* For tern_map_open and tern_map_close: [data, data + n) is the content of path from here on, or no longer. Any thread.
 */
void tern_map_guard_add(const void *data, size_t n, const char *path);
void tern_map_guard_remove(const void *data);

#endif
