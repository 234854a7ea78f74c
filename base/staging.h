/* Outputs that appear whole or not at all: a file or a folder is made under a temporary name beside its own, and takes
 * its place when it is finished.
 *
 *     tern_staged *staged = tern_staged_folder("runs/x/model", force, &error);
 *     if (staged && write_files(tern_staged_path(staged), &error) < 0)
 *         tern_staged_discard(staged);
 *     else if (staged && tern_staged_place(staged, &error) < 0) ...     // the old one is still there
 *
 * Temporary names are .tern-PID-RANDOM.tmp: no other program can have made one beforehand, and none is ever followed
 * through a link. A process holds a lock on each of its own, so that what a killed one left is known from what is still
 * being written: making an output also removes what was left beside it.
 *
 * An output that is a symbolic link stays one: what it names is written. One thread at a time makes outputs. */
#ifndef TERN_BASE_STAGING_H
#define TERN_BASE_STAGING_H

#include "base/error.h"

typedef struct tern_staged tern_staged;

/* A new empty file that will be path, with the permissions of the file it replaces, else by umask. overwrite 0: fails
 * when there is a file, now or when it takes its place. NULL on failure. */
tern_staged *tern_staged_file(const char *path, int overwrite, tern_error *error);
/* The same for a folder; those above it must be there. An empty folder is always replaced. With overwrite, a folder
 * that is there is removed with all in it: the caller has looked into it. */
tern_staged *tern_staged_folder(const char *path, int overwrite, tern_error *error);

/* The temporary name, and the path that is written in the end (links followed); both are the staged output's. */
const char *tern_staged_path(const tern_staged *staged);
const char *tern_staged_target(const tern_staged *staged);
/* The file, open for reading and writing; it stays the staged output's. */
int tern_staged_fd(const tern_staged *staged);

/* Puts it in its place: in one step where the file system can, with fsync of a file and of the folder it lies in. What
 * a staged folder holds must be on disk already. Frees staged in any case; on failure the temporary one is removed. */
int tern_staged_place(tern_staged *staged, tern_error *error);
/* Removes the temporary one. Accepts NULL. */
void tern_staged_discard(tern_staged *staged);
/* Removes all that this process has not placed yet. It is called at exit, and when memory runs out. */
void tern_staged_discard_all(void);

/* Removes what processes that are gone left in a folder under temporary names. */
void tern_staged_sweep(const char *folder);

/* The path that an output of this name writes: links are followed, also one to a file that isn't there yet; slashes at
 * the end are left out. A new string, or NULL. */
char *tern_output_path(const char *path, tern_error *error);

/* Makes a folder's entries durable. File systems that can't do that for folders are no failure; a disk's error is. */
int tern_folder_sync(const char *folder, tern_error *error);

#endif
