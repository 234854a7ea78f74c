/* What a folder is that someone gave for a model's: a model, a run, a cache, an adapter, ... Private to checkpoints/.
 */
#ifndef TERN_CHECKPOINTS_FOLDER_KIND_H
#define TERN_CHECKPOINTS_FOLDER_KIND_H

#include "base/error.h"

/* 1 when it has a modules.json or a config.json, right or wrong. */
int tern_folder_is_model(const char *path);
/* 1 when it has the files of a tokenizer, and isn't an adapter's. */
int tern_folder_is_tokenizer(const char *path);
/* The model of a run whose folder path is, as a new string; NULL: it is no run's, or the run has no model yet. */
char *tern_folder_run_model(const char *path);
/* Fails with what the folder, which is no model, holds instead and what to give; returns -1. */
int tern_folder_fail_kind(const char *path, tern_error *error);
/* Fails when the folder holds an adapter beside, or instead of, a model. */
int tern_folder_check_adapter(const char *path, tern_error *error);
/* Fails with what weights the folder has where there is no model.safetensors; returns -1. */
int tern_folder_fail_weights(const char *path, tern_error *error);

#endif
