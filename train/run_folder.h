/* The output folder of a run: locked against a second process, tied to one recipe.
 *
 *     tern_run_folder folder;
 *     if (tern_run_folder_open(&folder, "runs/x", identity, force, &error) < 0) ...
 *     if (folder.found == TERN_RUN_STARTED) ...                // go on from its newest checkpoint
 *     tern_run_folder_close(&folder);
 */
#ifndef TERN_TRAIN_RUN_FOLDER_H
#define TERN_TRAIN_RUN_FOLDER_H

#include "base/error.h"

#include <stdint.h>

typedef enum tern_run_found {
    TERN_RUN_NONE,     /* nothing of a run: a new one begins */
    TERN_RUN_STARTED,  /* the same run, not finished */
    TERN_RUN_FINISHED, /* the same run, with its result.json and model */
} tern_run_found;

typedef struct tern_run_folder {
    char *path;
    tern_run_found found;
    int lock;      /* file descriptor */
    char *warning; /* what the user must be told of the folder, or NULL */
} tern_run_folder;

/* What a folder holds, without touching it. identity: tern_recipe_identity and what else must agree. Fails when it
 * holds another run, naming the first line that differs, or a model of no run. force 1: as if it were empty. */
int tern_run_folder_look(const char *path, const char *identity, int force, tern_run_found *found, tern_error *error);
/* Makes the folder, locks it, looks again, and ties it to identity; with TERN_RUN_NONE all that an earlier run left
 * there is removed first. Fails when it can't be written or another process trains into it. Where the file
 * system has no locks that isn't known, which is the warning. */
int tern_run_folder_open(tern_run_folder *folder, const char *path, const char *identity, int force, tern_error *error);
void tern_run_folder_close(tern_run_folder *folder);
/* folder/name, a new string. */
char *tern_run_path(const tern_run_folder *folder, const char *name);

/* The file of the checkpoint of a step, a new string. */
char *tern_run_checkpoint_path(const tern_run_folder *folder, int64_t step);
/* Steps that have a checkpoint, newest first; *steps is the caller's. Returns how many. */
int64_t tern_run_checkpoints(const tern_run_folder *folder, int64_t **steps);
/* Removes all but the newest keep checkpoints (at least one stays). */
int tern_run_prune(const tern_run_folder *folder, int64_t keep, tern_error *error);

#endif
