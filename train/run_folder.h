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

#include <stddef.h>
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

enum {
    TERN_RUN_FORCE = 1,    /* what a run of tern's left goes, whatever its recipe */
    TERN_RUN_OWN_BASE = 2, /* the base of the new run is the folder's own model/: it stays until the new one replaces
                              it, and a copy of it in base/model is what the run reads when it goes on */
};

/* What a folder holds, without touching it. identity: tern_recipe_identity and what else must agree. Fails when it
 * holds another run, naming the first line that differs, or what no run of tern's wrote and this one would overwrite,
 * or, without TERN_RUN_FORCE, lie beside. */
int tern_run_folder_look(const char *path, const char *identity, int flags, tern_run_found *found, tern_error *error);
/* Makes the folder, locks it, looks again, and ties it to identity; with TERN_RUN_NONE all that an earlier run of
 * tern's left there is removed first, name by name (run_files.h): what others left in it stays, and is the warning.
 * Fails when it can't be written or another process trains into it. Where the file system has no locks that isn't
 * known, which is a warning too. */
int tern_run_folder_open(tern_run_folder *folder, const char *path, const char *identity, int flags, tern_error *error);
void tern_run_folder_close(tern_run_folder *folder);
/* folder/name, a new string. */
char *tern_run_path(const tern_run_folder *folder, const char *name);

/* run.json, {"tern": "run 1", "identity": ..}: its identity from its text [n], which path names in the sentence. A new
 * string; NULL when it is not what tern_run_identity_text makes, as another program's run.json, whose folder is not
 * tern's to empty. */
char *tern_run_identity_parse(const char *text, size_t n, const char *path, tern_error *error);
/* The text of run.json, new. */
char *tern_run_identity_text(const char *identity);

/* The file of the checkpoint of a step, a new string. */
char *tern_run_checkpoint_path(const tern_run_folder *folder, int64_t step);
/* Steps that have a checkpoint, newest first; *steps is the caller's. Returns how many. */
int64_t tern_run_checkpoints(const tern_run_folder *folder, int64_t **steps);
/* Removes all but the newest keep checkpoints (at least one stays). */
int tern_run_prune(const tern_run_folder *folder, int64_t keep, tern_error *error);

#endif
