/* Reading the small JSON files of model folders, with one sentence for what is wrong. */
#ifndef TERN_CHECKPOINTS_JSON_FILE_H
#define TERN_CHECKPOINTS_JSON_FILE_H

#include "base/error.h"

#include <stdint.h>

#include <jansson.h>

/* The object in the file, at most 64 MB; the caller's (json_decref). flags: jansson's. text (NULL: not wanted): the
 * file as it is, freed with free(). NULL when it can't be read or is no object. */
json_t *tern_json_file(const char *path, size_t flags, char **text, tern_error *error);

/* Fields of an object; path is for the error's text. A missing or null key gives the fallback; a fallback of
 * TERN_JSON_REQUIRED makes that an error. */
#define TERN_JSON_REQUIRED INT64_MIN
int tern_json_int(const json_t *object, const char *key, int64_t fallback, int64_t *value, const char *path,
                  tern_error *error);
int tern_json_real(const json_t *object, const char *key, double fallback, double *value, const char *path,
                   tern_error *error);
int tern_json_bool(const json_t *object, const char *key, int fallback, int *value, const char *path,
                   tern_error *error);
/* *value is borrowed; NULL when the key is missing. */
int tern_json_text(const json_t *object, const char *key, const char **value, const char *path, tern_error *error);

#endif
