/* What keys take, in words, and which key an unknown path most likely meant. */
#include "recipes/keys.h"
#include "recipes/other_tools.h"

#include "base/memory.h"
#include "base/nearest.h"

#include <string.h>

int tern_key_is_text(const tern_key_row *row)
{
    return row->kind == TERN_KEY_TEXT || row->kind == TERN_KEY_INPUT || row->kind == TERN_KEY_MODEL ||
           row->kind == TERN_KEY_OUTPUT;
}

int tern_key_is_list(const tern_key_row *row)
{
    return row->kind == TERN_KEY_INTS || row->kind == TERN_KEY_REALS || row->kind == TERN_KEY_TEXTS ||
           row->kind == TERN_KEY_RANGE || row->kind == TERN_KEY_CHOICES;
}

/* Where the last part of a dotted path begins. */
static size_t last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? (size_t)(dot - path) + 1 : 0;
}

/* The part of a known path that stands in the parent path[0..parent), e.g. "train" of data.train.beir in "data.". */
static char *child_of(const char *known, const char *path, size_t parent)
{
    if (strncmp(known, path, parent))
        return NULL;
    return tern_strndup(known + parent, strcspn(known + parent, "."));
}

/* The path with its places left out, as rows have it: data.train[1].loss[0].x is data.train.loss.x, and that is
 * loss.x. */
static char *as_row(const char *path)
{
    tern_key_path at;
    if (tern_key_path_parse(path, &at) < 0 || at.scope == TERN_SCOPE_RECIPE)
        return tern_strdup(path);
    return tern_format("%s%s", at.scope == TERN_SCOPE_LOSS ? "loss" : "data.train", at.rest);
}

static int depth_of(const char *path)
{
    int dots = 0;
    for (; *path; path++)
        dots += *path == '.';
    return dots;
}

const char *tern_key_elsewhere(const char *name)
{
    const char *best = NULL;
    for (int i = 0; i < tern_n_key_rows; i++) {
        const char *path = tern_key_rows[i].path;
        if (!strcmp(path + last_part(path), name) && (!best || depth_of(path) < depth_of(best)))
            best = path;
    }
    return best;
}

/* The same for the name that is nearest to a mistyped one. */
static const char *near_elsewhere(const char *name)
{
    const char **names = tern_alloc((size_t)tern_n_key_rows, sizeof *names);
    for (int i = 0; i < tern_n_key_rows; i++)
        names[i] = tern_key_rows[i].path + last_part(tern_key_rows[i].path);
    const char *near = tern_nearest(name, names, (size_t)tern_n_key_rows);
    free(names);
    return near ? tern_key_elsewhere(near) : NULL;
}

char *tern_key_nearest(const char *path)
{
    char *plain = as_row(path), *result = NULL;
    size_t parent = last_part(plain), n = 0;
    char **names = tern_alloc((size_t)tern_n_key_rows + 1, sizeof *names);
    for (int i = 0; i < tern_n_key_rows; i++)
        if ((names[n] = child_of(tern_key_rows[i].path, plain, parent)))
            n++;
    if (parent == strlen("data.train.") && tern_path_within(plain, "data.train"))
        names[n++] = tern_strdup("loss");
    const char *near = tern_nearest(plain + parent, (const char *const *)names, n);
    if (near)
        result = tern_format("%.*s%s", (int)last_part(path), path, near);
    const char *name = plain + parent, *there = tern_key_elsewhere(name);
    if (!result)
        result = tern_strdup(there ? there : near_elsewhere(name));
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(plain);
    return result;
}

/* The key that another tool's name is, in the section where the name was found if that section has it too: temp of
 * loss[1] is loss[1].temperature. A new string. */
static char *key_of_other(const tern_other_name *other, const char *path)
{
    char *here = tern_format("%.*s%s", (int)last_part(path), path, other->key + last_part(other->key));
    if (tern_key_find(here) >= 0)
        return here;
    free(here);
    return tern_strdup(other->key);
}

char *tern_key_advice(const char *path)
{
    const tern_other_name *other = tern_other_name_find(path);
    char *near = NULL, *advice = NULL;
    if (other && other->key && !other->value) {
        near = key_of_other(other, path);
        advice = tern_format("tern calls it %s%s%s%s", near, other->note ? " (" : "", other->note ? other->note : "",
                             other->note ? ")" : "");
    } else if (other) {
        advice = tern_other_name_advice(other);
    } else if ((near = tern_key_nearest(path))) {
        advice = tern_format("did you mean %s?", near);
    }
    free(near);
    return advice;
}

/* The largest whole number that every double around it can tell from its neighbours: as good as no limit. */
#define NO_LIMIT 9007199254740991.0

static char *number_takes(const tern_key_row *row, const char *noun)
{
    if (row->most >= NO_LIMIT)
        return tern_format("%s of %.15g or more", noun, row->least);
    return tern_format("%s from %.15g to %.15g", noun, row->least, row->most);
}

static char *choices_take(const char *choices, const char *before)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text, "%s", before);
    size_t start = text.n;
    while (*choices) {
        size_t n = strcspn(choices, "|");
        int last = choices[n] == 0;
        tern_buffer_printf(&text, "%s%.*s", text.n == start ? "" : last ? " or " : ", ", (int)n, choices);
        choices += n + !last;
    }
    return text.data;
}

char *tern_key_takes(const tern_key_row *row)
{
    switch (row->kind) {
    case TERN_KEY_INT:
        return number_takes(row, "a whole number");
    case TERN_KEY_REAL:
        return number_takes(row, row->flags & TERN_KEY_NONE ? "none, or a number" : "a number");
    case TERN_KEY_INTS:
        return number_takes(row, "a list of up to 16 whole numbers");
    case TERN_KEY_REALS:
        return number_takes(row, "a list of up to 16 numbers");
    case TERN_KEY_RANGE:
        return tern_strdup("[LEAST, MOST], two numbers such as [0, 5]");
    case TERN_KEY_RATES:
        return number_takes(row, row->choices ? "names, each with a number or alone,"
                                              : "up to 16 patterns, each with a number");
    case TERN_KEY_BOOL:
        return tern_strdup("true or false");
    case TERN_KEY_CHOICE:
        return choices_take(row->choices, "");
    case TERN_KEY_CHOICES:
        return choices_take(row->choices, "a list of ");
    case TERN_KEY_TEXT:
        return tern_strdup("text");
    case TERN_KEY_TEXTS:
        return tern_strdup("a list of up to 16 texts");
    case TERN_KEY_INPUT:
    case TERN_KEY_OUTPUT:
        return tern_strdup("a path");
    case TERN_KEY_MODEL:
        return tern_strdup("a folder or a name");
    case TERN_KEY_GRADE:
        return tern_strdup(row->least > 0 ? "\">=N\", N a whole number from 1 on" : "\"<=N\", N a whole number");
    case TERN_KEY_SIZE:
        return tern_strdup("a size such as 2GB, 1.5GB or 512MB, from 1MB to 1024TB");
    }
    TERN_CHECK(0, "key %s has kind %d", row->path, (int)row->kind);
    return NULL;
}
