#include "data/json_text.h"

#include "base/lfs.h"

#include <string.h>

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

json_t *tern_json_parse(const char *text, size_t n, size_t flags, const char *path, tern_error *error)
{
    json_error_t why;
    const char *nul = memchr(text, 0, n); /* jansson steps over one behind a number */
    if (nul) {
        tern_fail(error, "%s:%d: it is not valid JSON: it holds a NUL byte; the file is damaged", path,
                  line_of(text, nul));
        return NULL;
    }
    json_t *value = json_loadb(text, n, flags, &why);
    if (value)
        return value;
    enum json_error_code code = json_error_code(&why);
    if (tern_lfs_is_pointer(text, n))
        tern_lfs_fail(error, path);
    else if (code == json_error_null_character || code == json_error_null_byte_in_key)
        tern_fail(error, "%s:%d: a string holds a NUL character (\\u0000), which tern can't carry; take it out", path,
                  why.line);
    else
        tern_fail(error, "%s:%d: it is not valid JSON: %s", path, why.line, why.text);
    return NULL;
}
