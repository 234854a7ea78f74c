#include "data/warnings_json.h"

#include "data/utf8.h"

#include <stdlib.h>
#include <string.h>

json_t *tern_warnings_json(const tern_warnings *warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; warnings && i < warnings->n; i++) {
        size_t n;
        char *text = tern_utf8_replace(warnings->items[i], strlen(warnings->items[i]), &n); /* it may quote a path */
        json_array_append_new(list, json_stringn(text, n));
        free(text);
    }
    return list;
}
