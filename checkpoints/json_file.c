#include "checkpoints/json_file.h"

#include "base/file.h"
#include "data/json_text.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_FILE = 64 << 20 };

json_t *tern_json_file(const char *path, size_t flags, char **text, tern_error *error)
{
    char *content;
    size_t n;
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        tern_fail(error, "%s: it is not a file", path);
        return NULL;
    }
    if (tern_file_read(path, MAX_FILE, &content, &n, error) < 0)
        return NULL;
    json_t *object = tern_json_parse(content, n, flags, path, error);
    if (object && !json_is_object(object)) {
        tern_fail(error, "%s: it holds no JSON object", path);
        json_decref(object);
        object = NULL;
    }
    if (text && object)
        *text = content;
    else
        free(content);
    return object;
}

/* The field, NULL when it is missing or null. */
static const json_t *field(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

int tern_json_int(const json_t *object, const char *key, int64_t fallback, int64_t *value, const char *path,
                  tern_error *error)
{
    const json_t *found = field(object, key);
    if (!found && fallback == TERN_JSON_REQUIRED)
        return tern_fail(error, "%s: it has no \"%s\"", path, key);
    if (found && !json_is_integer(found))
        return tern_fail(error, "%s: its \"%s\" is not a whole number", path, key);
    *value = found ? json_integer_value(found) : fallback;
    return 0;
}

int tern_json_real(const json_t *object, const char *key, double fallback, double *value, const char *path,
                   tern_error *error)
{
    const json_t *found = field(object, key);
    if (found && !json_is_number(found))
        return tern_fail(error, "%s: its \"%s\" is not a number", path, key);
    *value = found ? json_number_value(found) : fallback;
    return 0;
}

int tern_json_bool(const json_t *object, const char *key, int fallback, int *value, const char *path, tern_error *error)
{
    const json_t *found = field(object, key);
    if (found && !json_is_boolean(found))
        return tern_fail(error, "%s: its \"%s\" is neither true nor false", path, key);
    *value = found ? json_is_true(found) : fallback;
    return 0;
}

int tern_json_text(const json_t *object, const char *key, const char **value, const char *path, tern_error *error)
{
    const json_t *found = field(object, key);
    if (found && !json_is_string(found))
        return tern_fail(error, "%s: its \"%s\" is not a string", path, key);
    *value = json_string_value(found);
    return 0;
}
