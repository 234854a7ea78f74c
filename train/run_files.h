/* What a run writes into its folder, name by name: all that --force may remove there, and nothing else. */
#ifndef TERN_TRAIN_RUN_FILES_H
#define TERN_TRAIN_RUN_FILES_H

#include "base/error.h"

#include <stdint.h>

/* The step of a checkpoint's file, by its name as a run writes it ("step-40.h5"); -1: it is none. */
int64_t tern_run_checkpoint_step(const char *name);
/* The first thing in the folder that has a name of a run's, checkpoints/ and base/ with whatever in them too, relative
 * to the folder and as a new string; NULL when there is none. run.json isn't asked for. */
char *tern_run_files_any(const char *folder);
/* The same of what a run would overwrite or take for its own: another program's checkpoints/ is none of it, a file
 * checkpoints/step-40.h5 is. without_model: nor is model/. */
char *tern_run_files_first(const char *folder, int without_model);
/* Fails when the run's model, or the copy of its base, can't be replaced since it holds files of others. */
int tern_run_files_check(const char *folder, tern_error *error);
/* Removes all of a run but run.json, and with keep_model its model and base/model; result.json goes first, so that what
 * is left when this is interrupted doesn't look finished. Others' files in checkpoints/ and base/ stay, and are in
 * *strangers as a new string ("checkpoints/notes.txt and 2 more"), NULL when there are none. */
int tern_run_files_remove(const char *folder, int keep_model, char **strangers, tern_error *error);
/* Copies model/ to base/model, whole or not at all: the base of a run whose own model takes its place. */
int tern_run_files_keep_base(const char *folder, tern_error *error);
/* 1 when an input is, or lies in, what a run that writes into the folder removes or replaces: *name is which, a static
 * string. Links are followed on both sides. */
int tern_run_files_hold(const char *folder, const char *input, const char **name);

#endif
