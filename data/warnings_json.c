#include "data/warnings_json.h"

#include "data/utf8.h"

#include <stdlib.h>
#include <string.h>

json_t *tern_json_of_bytes(const char *text)
{
    size_t n;
    char *valid = tern_utf8_replace(text, strlen(text), &n);
    json_t *string = json_stringn(valid, n);
    free(valid);
    return string;
}

json_t *tern_warnings_json(const tern_warnings *warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; warnings && i < warnings->n; i++)
        json_array_append_new(list, tern_json_of_bytes(warnings->items[i])); /* it may quote a path */
    return list;
}
