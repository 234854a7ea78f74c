/* Files: read whole, mapped, and written so that a reader sees the old one or the new one, never a half.
 *
 *     tern_writer *w = tern_writer_open("out/model.safetensors", 0, &error);
 *     fwrite(data, 1, n, tern_writer_stream(w));
 *     if (tern_writer_commit(w, &error) < 0) ...      // flush, fsync, rename; on failure the old file stays
 */
#ifndef TERN_BASE_FILE_H
#define TERN_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Reads a whole file, with a 0 after its last byte. *text is the caller's, freed with free(); *n (NULL:
 * not wanted) is its length. limit: the greatest length taken, 0 for none. */
int tern_file_read(const char *path, size_t limit, char **text, size_t *n, tern_error *error);

/* A file mapped read-only; data is NULL when it is empty. */
typedef struct tern_map {
    const unsigned char *data;
    size_t n;
} tern_map;
int tern_map_open(tern_map *map, const char *path, tern_error *error);
void tern_map_close(tern_map *map);

/* A file written under a temporary name beside its own. overwrite 0: fails when the file is there. */
typedef struct tern_writer tern_writer;
tern_writer *tern_writer_open(const char *path, int overwrite, tern_error *error);
FILE *tern_writer_stream(tern_writer *writer);
/* Flushes, checks for write errors, fsyncs and renames into place; frees the writer in any case. */
int tern_writer_commit(tern_writer *writer, tern_error *error);
/* Removes the temporary file and frees the writer. Accepts NULL. */
void tern_writer_discard(tern_writer *writer);

/* Writes n bytes to path atomically, over what is there. */
int tern_file_write(const char *path, const void *bytes, size_t n, tern_error *error);
/* Renames from to to and makes the change durable: both files' folder is fsynced. */
int tern_file_replace(const char *from, const char *to, tern_error *error);
int tern_file_copy(const char *from, const char *to, tern_error *error);

/* Makes a folder and those above it; fine when it is there. */
int tern_make_folder(const char *path, tern_error *error);
int tern_file_exists(const char *path);
int tern_folder_exists(const char *path);
/* Removes a file, or a folder with all in it; fine when it is not there. */
int tern_remove_all(const char *path, tern_error *error);

/* folder/name as a new string (an absolute name stays as it is). */
char *tern_path_join(const char *folder, const char *name);
/* Folder for what tern keeps between runs: $XDG_CACHE_HOME/tern or ~/.cache/tern, as a new string. */
char *tern_cache_folder(void);

#endif
