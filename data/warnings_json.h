/* Warnings as a list of JSON strings, for the objects that commands print and result.json. */
#ifndef TERN_DATA_WARNINGS_JSON_H
#define TERN_DATA_WARNINGS_JSON_H

#include "base/warnings.h"

#include <jansson.h>

/* A new list; NULL: an empty one. */
json_t *tern_warnings_json(const tern_warnings *warnings);

/* A string of JSON, which is UTF-8, of a file's name or a flag's text, which may not be: U+FFFD for what isn't. */
json_t *tern_json_of_bytes(const char *text);

#endif
