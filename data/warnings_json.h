/* Warnings as a list of JSON strings, for the objects that commands print and result.json. */
#ifndef TERN_DATA_WARNINGS_JSON_H
#define TERN_DATA_WARNINGS_JSON_H

#include "base/warnings.h"

#include <jansson.h>

/* A new list; NULL: an empty one. */
json_t *tern_warnings_json(const tern_warnings *warnings);

#endif
