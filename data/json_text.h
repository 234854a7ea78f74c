/* JSON files of models, from their text: what a C string can't hold is refused here, before anything is made of it. */
#ifndef TERN_DATA_JSON_TEXT_H
#define TERN_DATA_JSON_TEXT_H

#include "base/error.h"

#include <stddef.h>

#include <jansson.h>

/* The value in text [n], the content of path; flags: jansson's. NULL with one sentence, path and line in it, when it is
 * no JSON, holds a NUL byte or a string with \u0000, or is a Git LFS pointer. */
json_t *tern_json_parse(const char *text, size_t n, size_t flags, const char *path, tern_error *error);

#endif
