/* Paths of recipes: ${NAME} and what they are relative to. */
#include "recipes/keys.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

/* The longest path that Linux takes; a bound on what expansion may make of a hostile file. */
enum { PATH_MOST = 4096 };

static int fail_unset(const char *name, const char *where, tern_error *error)
{
    if (!strcmp(name, "TERN_DATA"))
        return tern_fail(error,
                         "%s: the environment variable TERN_DATA is not set; set it to the folder that holds the data "
                         "sets: export TERN_DATA=/path/to/data",
                         where);
    return tern_fail(error, "%s: the environment variable %s is not set; set it, or write the path itself", where,
                     name);
}

/* Adds the value of the variable whose ${NAME} begins at text; returns what follows it, or NULL. */
static const char *expand_one(tern_buffer *out, const char *text, const char *where, tern_error *error)
{
    size_t n = strcspn(text + 2, "}");
    if (text[2 + n] != '}' || n == 0 ||
        strspn(text + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                         "0123456789") != n) {
        tern_fail(error, "%s: \"%.80s\" is not ${NAME} with the name of an environment variable", where, text);
        return NULL;
    }
    char *name = tern_strndup(text + 2, n);
    const char *value = getenv(name);
    if (value)
        tern_buffer_printf(out, "%s", value);
    else
        fail_unset(name, where, error);
    free(name);
    return value ? text + n + 3 : NULL;
}

char *tern_path_expand(const char *text, const char *where, tern_error *error)
{
    tern_buffer out = {0};
    tern_buffer_add(&out, "", 0);
    while (text && *text && out.n < PATH_MOST) {
        if (!strncmp(text, "${", 2)) {
            text = expand_one(&out, text, where, error);
        } else {
            size_t n = text[0] == '$' ? 1 + strcspn(text + 1, "$") : strcspn(text, "$");
            tern_buffer_add(&out, text, n);
            text += n;
        }
    }
    if (text && out.n < PATH_MOST)
        return out.data;
    if (text)
        tern_fail(error, "%s: the path is longer than %d bytes, the most there can be", where, PATH_MOST - 1);
    tern_buffer_free(&out);
    return NULL;
}

/* The folders above path[n] without links and "..", as many of them as are there. */
static char *resolve_above(const char *path, size_t n)
{
    char *above = tern_strndup(path, n), *real = NULL;
    while (!(real = realpath(above, NULL))) {
        char *slash = strrchr(above, '/');
        if (!slash || slash == above)
            break;
        *slash = 0;
    }
    size_t kept = strlen(above);
    char *result = real ? tern_format("%s%.*s", strcmp(real, "/") ? real : "", (int)(n - kept), path + kept)
                        : tern_strndup(path, n);
    free(real);
    free(above);
    return result;
}

char *tern_path_absolute(const char *folder, const char *path)
{
    char *joined = tern_path_join(folder, path);
    for (size_t n = strlen(joined); n > 1 && joined[n - 1] == '/'; n--)
        joined[n - 1] = 0;
    char *slash = strrchr(joined, '/'), *name = slash ? slash + 1 : joined;
    if (!slash || !*name || !strcmp(name, "..") || !strcmp(name, ".")) {
        char *real = realpath(joined, NULL);
        if (!real)
            return joined;
        free(joined);
        return real;
    }
    if (slash == joined)
        return joined;
    /* The last part stays: a link named faq.csv may lead to a file whose name says nothing of its form. */
    char *above = resolve_above(joined, (size_t)(slash - joined)), *result = tern_format("%s/%s", above, name);
    free(above);
    free(joined);
    return result;
}
