/* Files: read whole, mapped, and written so that a reader sees the old one or the new one, never a half (staging.h).
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
#include <time.h>

/* Reads a whole file, with a 0 after its last byte. One that gets shorter meanwhile is an error. *text is the caller's,
 * freed with free(); *n (NULL: not wanted) is its length. limit: the greatest length taken, 0 for none. What isn't a
 * file is refused; a pipe that nobody writes to would be waited for. */
int tern_file_read(const char *path, size_t limit, char **text, size_t *n, tern_error *error);
/* The same for what people may give as a pipe, such as <(zcat texts.gz): texts and recipes. Waits for its writer. */
int tern_pipe_read(const char *path, size_t limit, char **text, size_t *n, tern_error *error);

/* A file mapped read-only; data is NULL when it is empty. What is mapped is guarded by base/map_guard.h: for files that
 * are large or used for long. Texts are read. */
typedef struct tern_map {
    const unsigned char *data;
    size_t n;
    /* private */
    int fd;
    struct timespec changed; /* when it was last written, at the time of opening */
} tern_map;
int tern_map_open(tern_map *map, const char *path, tern_error *error);
void tern_map_close(tern_map *map);
/* Fails when the file was written into or cut since it was opened; one that was replaced by another (renamed over) is
 * fine. path: for the sentence. */
int tern_map_check(const tern_map *map, const char *path, tern_error *error);

/* A file that appears whole or not at all (staging.h): overwrite 0 fails when there is one, at once or, when it was
 * made meanwhile, at the commit. A link stays and what it names is written. A pipe and a device such as /dev/null are
 * written straight. */
typedef struct tern_writer tern_writer;
tern_writer *tern_writer_open(const char *path, int overwrite, tern_error *error);
FILE *tern_writer_stream(tern_writer *writer);
/* Flushes, checks for write errors, fsyncs and puts the file in its place; frees the writer in any case. */
int tern_writer_commit(tern_writer *writer, tern_error *error);
/* Removes the temporary file and frees the writer. Accepts NULL. */
void tern_writer_discard(tern_writer *writer);

/* Sees before the work what would fail after it: 0 when path can be written now. */
int tern_writer_check(const char *path, int overwrite, tern_error *error);

/* Writes n bytes to path atomically, over what is there. */
int tern_file_write(const char *path, const void *bytes, size_t n, tern_error *error);
int tern_file_copy(const char *from, const char *to, tern_error *error);

/* Makes a folder and those above it; fine when it is there. */
int tern_make_folder(const char *path, tern_error *error);
/* The same for those above it alone. */
int tern_make_folder_above(const char *path, tern_error *error);
int tern_file_exists(const char *path);
int tern_folder_exists(const char *path);
/* 1 when both are there and are one file or folder, by whatever names and links. */
int tern_same_file(const char *a, const char *b);
/* Removes a file, or a folder with all in it; fine when it is not there. */
int tern_remove_all(const char *path, tern_error *error);
/* Whether a folder may be removed: *stranger is the first path in it, relative to it, that is not ours, as a new
 * string, or NULL when all are, or when there is no folder. Folders are asked for too, then what is in them. */
int tern_folder_stranger(const char *folder, int (*is_ours)(const char *path), char **stranger, tern_error *error);

/* folder/name as a new string (an absolute name stays as it is). */
char *tern_path_join(const char *folder, const char *name);
/* The user's folder, as a new string: $HOME, else what the system knows of the user; NULL when it knows none. */
char *tern_home_folder(void);
/* Folder for what tern keeps between runs: $XDG_CACHE_HOME/tern or ~/.cache/tern, as a new string, or NULL. */
char *tern_cache_folder(void);

#endif
