/* Keys by number and by path: a row of the table at a data set and a loss. */
#include "recipes/keys.h"

#include "base/memory.h"

#include <string.h>

enum { MOST_LOSSES = TERN_RECIPE_MOST_LOSSES, MOST_SOURCES = TERN_RECIPE_MOST_SOURCES };

static const char source_path[] = "data.train", loss_path[] = "loss";

int tern_n_keys(void)
{
    return tern_n_key_rows * TERN_KEY_PLACES;
}

int tern_key_at(int row, tern_key_place place)
{
    switch (tern_key_rows[row].scope) {
    case TERN_SCOPE_RECIPE:
        return row * TERN_KEY_PLACES;
    case TERN_SCOPE_SOURCE:
        return row * TERN_KEY_PLACES + place.source;
    case TERN_SCOPE_LOSS:
        return row * TERN_KEY_PLACES + (place.source + 1) * MOST_LOSSES + place.loss;
    }
    return -1;
}

const tern_key_row *tern_key_get(int key)
{
    return &tern_key_rows[key / TERN_KEY_PLACES];
}

tern_key_place tern_key_where(int key)
{
    int number = key % TERN_KEY_PLACES;
    switch (tern_key_get(key)->scope) {
    case TERN_SCOPE_RECIPE:
        return (tern_key_place){-1, -1};
    case TERN_SCOPE_SOURCE:
        return (tern_key_place){number, -1};
    case TERN_SCOPE_LOSS:
        return (tern_key_place){number / MOST_LOSSES - 1, number % MOST_LOSSES};
    }
    return (tern_key_place){-1, -1};
}

int tern_key_losses(const tern_recipe *recipe, int source)
{
    return source < 0 ? recipe->n_losses : recipe->sources[source].n_losses;
}

int tern_key_is_used(const tern_recipe *recipe, int key)
{
    tern_key_place place = tern_key_where(key);
    if (tern_key_get(key)->scope == TERN_SCOPE_RECIPE)
        return key % TERN_KEY_PLACES == 0;
    return place.source < recipe->n_sources && place.loss < tern_key_losses(recipe, place.source);
}

void *tern_key_field(const tern_recipe *recipe, int key)
{
    const tern_key_row *row = tern_key_get(key);
    tern_key_place place = tern_key_where(key);
    const void *base = recipe;
    if (row->scope == TERN_SCOPE_SOURCE)
        base = &recipe->sources[place.source];
    else if (row->scope == TERN_SCOPE_LOSS)
        base = place.source < 0 ? &recipe->losses[place.loss] : &recipe->sources[place.source].losses[place.loss];
    return (char *)(uintptr_t)base + row->offset;
}

void tern_key_reach(tern_recipe *recipe, tern_key_place place)
{
    if (place.source >= recipe->n_sources)
        recipe->n_sources = place.source + 1;
    int *losses = place.source < 0 ? &recipe->n_losses : &recipe->sources[place.source].n_losses;
    if (place.loss >= *losses)
        *losses = place.loss + 1;
}

int tern_path_within(const char *path, const char *section)
{
    size_t n = strlen(section);
    return !strncmp(path, section, n) && (path[n] == '.' || path[n] == 0);
}

/* What follows name in a path that begins with it as a whole part, or NULL. */
static const char *after(const char *path, const char *name)
{
    size_t n = strlen(name);
    return !strncmp(path, name, n) && (path[n] == 0 || path[n] == '.' || path[n] == '[') ? path + n : NULL;
}

/* Reads "[3]", or nothing for 0; NULL unless the part ends there and the number is below most. */
static const char *read_place(const char *text, int most, int *place)
{
    *place = 0;
    if (*text == '[') {
        size_t n = strspn(++text, "0123456789");
        if (n == 0 || n > 2 || (n > 1 && *text == '0') || text[n] != ']')
            return NULL;
        *place = (int)strtol(text, NULL, 10);
        text += n + 1;
    }
    return *place < most && (*text == 0 || *text == '.') ? text : NULL;
}

int tern_key_path_parse(const char *path, tern_key_path *out)
{
    *out = (tern_key_path){TERN_SCOPE_RECIPE, {-1, -1}, path};
    const char *rest = after(path, source_path), *loss = rest ? NULL : after(path, loss_path);
    if (rest) {
        out->scope = TERN_SCOPE_SOURCE;
        out->rest = read_place(rest, MOST_SOURCES, &out->place.source);
        loss = out->rest && *out->rest ? after(out->rest + 1, loss_path) : NULL;
    }
    if (loss) {
        out->scope = TERN_SCOPE_LOSS;
        out->rest = read_place(loss, MOST_LOSSES, &out->place.loss);
    }
    return out->rest ? 0 : -1;
}

/* The part of a row's path that a tern_key_path of its scope has as rest. */
static const char *tail_of(const tern_key_row *row)
{
    size_t skipped[] = {0, sizeof source_path - 1, sizeof loss_path - 1};
    return row->path + skipped[row->scope];
}

int tern_key_find(const char *path)
{
    tern_key_path at;
    if (tern_key_path_parse(path, &at) < 0)
        return -1;
    for (int i = 0; i < tern_n_key_rows; i++)
        if (tern_key_rows[i].scope == at.scope && !strcmp(tail_of(&tern_key_rows[i]), at.rest))
            return tern_key_at(i, at.place);
    return -1;
}

int tern_key_is_section(const char *path)
{
    tern_key_path at;
    if (tern_key_path_parse(path, &at) < 0)
        return 0;
    for (int i = 0; i < tern_n_key_rows; i++) {
        const tern_key_row *row = &tern_key_rows[i];
        const char *known = at.scope == TERN_SCOPE_RECIPE ? row->path : tail_of(row);
        if ((at.scope == TERN_SCOPE_RECIPE || row->scope == at.scope) && tern_path_within(known, at.rest) &&
            strcmp(known, at.rest))
            return 1;
    }
    return 0;
}

int tern_key_is_item(const char *path)
{
    tern_key_path at;
    return tern_key_path_parse(path, &at) == 0 && at.scope != TERN_SCOPE_RECIPE && *at.rest == 0;
}

static int path_within(tern_key_path path, tern_key_path section)
{
    if (section.scope == TERN_SCOPE_RECIPE) {
        /* Nothing outside data and data.train is above what is in a data set. */
        const char *above = path.place.source >= 0          ? source_path
                            : path.scope == TERN_SCOPE_LOSS ? loss_path
                                                            : path.rest;
        return tern_path_within(above, section.rest);
    }
    if (section.place.source != path.place.source)
        return 0;
    if (section.scope == TERN_SCOPE_SOURCE && path.scope == TERN_SCOPE_LOSS)
        return *section.rest == 0;
    return section.scope == path.scope && section.place.loss == path.place.loss &&
           tern_path_within(path.rest, section.rest);
}

int tern_section_within(const char *path, const char *section)
{
    tern_key_path a, b;
    return tern_key_path_parse(path, &a) == 0 && tern_key_path_parse(section, &b) == 0 && path_within(a, b);
}

int tern_key_within(int key, const char *section)
{
    const tern_key_row *row = tern_key_get(key);
    tern_key_path path = {row->scope, tern_key_where(key), tail_of(row)}, at;
    return tern_key_path_parse(section, &at) == 0 && path_within(path, at);
}

char *tern_place_name(const tern_recipe *recipe, tern_key_place place)
{
    tern_buffer name = {0};
    if (place.source >= 0)
        tern_buffer_printf(&name, "%s", source_path);
    if (place.source > 0 || (place.source == 0 && recipe->n_sources > 1))
        tern_buffer_printf(&name, "[%d]", place.source);
    if (place.loss >= 0)
        tern_buffer_printf(&name, "%s%s", name.n ? "." : "", loss_path);
    if (place.loss > 0 || (place.loss == 0 && tern_key_losses(recipe, place.source) > 1))
        tern_buffer_printf(&name, "[%d]", place.loss);
    return name.data;
}

char *tern_key_name(const tern_recipe *recipe, int key)
{
    const tern_key_row *row = tern_key_get(key);
    if (row->scope == TERN_SCOPE_RECIPE)
        return tern_strdup(row->path);
    char *place = tern_place_name(recipe, tern_key_where(key)), *name = tern_format("%s%s", place, tail_of(row));
    free(place);
    return name;
}

/* Adds the keys of a run of rows with one scope, at one place. */
static int add_run(int first, int end, tern_key_place place, int *keys, int n)
{
    for (int row = first; row < end; row++)
        keys[n++] = tern_key_at(row, place);
    return n;
}

static void find_run(tern_key_scope scope, int *first, int *end)
{
    for (*first = 0; tern_key_rows[*first].scope != scope;)
        ++*first;
    for (*end = *first; *end < tern_n_key_rows && tern_key_rows[*end].scope == scope;)
        ++*end;
}

static int add_losses(const tern_recipe *recipe, int source, int *keys, int n)
{
    int first, end;
    find_run(TERN_SCOPE_LOSS, &first, &end);
    for (int loss = 0; loss < tern_key_losses(recipe, source); loss++)
        n = add_run(first, end, (tern_key_place){source, loss}, keys, n);
    return n;
}

int tern_keys_in_order(const tern_recipe *recipe, int *keys)
{
    int n = 0, first, end;
    find_run(TERN_SCOPE_SOURCE, &first, &end);
    for (int row = 0; row < tern_n_key_rows; row++) {
        tern_key_scope scope = tern_key_rows[row].scope;
        if (scope == TERN_SCOPE_RECIPE)
            keys[n++] = tern_key_at(row, (tern_key_place){-1, -1});
        else if (tern_key_rows[row - 1].scope == scope)
            continue;
        else if (scope == TERN_SCOPE_LOSS)
            n = add_losses(recipe, -1, keys, n);
        else
            for (int source = 0; source < recipe->n_sources; source++) {
                n = add_run(first, end, (tern_key_place){source, -1}, keys, n);
                n = add_losses(recipe, source, keys, n);
            }
    }
    return n;
}
