/* What files hold, for tern info: one function a kind. Each returns an object whose first key is "kind", or NULL with
 * the error; values are strings, numbers, lists of them, or lists of flat objects (rows). */
#ifndef TERN_CLI_INFO_H
#define TERN_CLI_INFO_H

#include "base/error.h"

#include <jansson.h>

json_t *tern_info_model(const char *path, tern_error *error);
json_t *tern_info_safetensors(const char *path, tern_error *error);
/* A .h5 file: a training state, or the embedding store. */
json_t *tern_info_state(const char *path, tern_error *error);
json_t *tern_info_npy(const char *path, tern_error *error);
json_t *tern_info_jsonl(const char *path, tern_error *error);
json_t *tern_info_csv(const char *path, tern_error *error);
json_t *tern_info_beir(const char *path, tern_error *error);
json_t *tern_info_result(const char *path, tern_error *error);
json_t *tern_info_recipe(const char *path, tern_error *error);

/* Prints an object as aligned lines, "key  value"; rows as a table below. */
void tern_info_print(const json_t *info);

#endif
