#include "recipes/keys.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>
#include <unistd.h>

static char *working_folder(void)
{
    char *folder = realpath(".", NULL);
    return folder ? folder : tern_strdup("/");
}

/* The folder that a file lies in, absolute and without links above it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *here = working_folder();
    char *name = slash ? tern_strndup(path, (size_t)(slash - path) + 1) : tern_strdup(".");
    char *folder = realpath(name, NULL);
    if (!folder)
        folder = tern_path_absolute(here, name);
    free(here);
    free(name);
    return folder;
}

static tern_recipe *create(const char *path)
{
    tern_recipe *recipe = tern_calloc(1, sizeof *recipe);
    recipe->notes = tern_calloc(1, sizeof *recipe->notes);
    recipe->notes->path = tern_strdup(path);
    recipe->notes->folder = folder_of(path);
    recipe->notes->origin = tern_calloc((size_t)tern_n_keys, sizeof *recipe->notes->origin);
    recipe->notes->where = tern_calloc((size_t)tern_n_keys, sizeof *recipe->notes->where);
    return recipe;
}

void tern_recipe_free(tern_recipe *recipe)
{
    if (!recipe)
        return;
    struct tern_recipe_notes *notes = recipe->notes;
    for (int i = 0; i < tern_n_keys; i++) {
        tern_value_clear(recipe, i);
        free(notes->where[i]);
    }
    for (size_t i = 0; i < notes->n_sections; i++) {
        free(notes->sections[i].path);
        free(notes->sections[i].where);
    }
    free(notes->sections);
    free(notes->where);
    free(notes->origin);
    free(notes->folder);
    free(notes->path);
    free(notes);
    free(recipe);
}

static int fail_unknown_set(const char *path, tern_error *error)
{
    if (tern_key_is_section(path))
        return tern_fail(error, "--set %s: it is a section; set one of the keys inside it", path);
    char *near = tern_key_nearest(path);
    if (near)
        tern_fail(error, "--set %.120s: there is no such key; did you mean %s?", path, near);
    else
        tern_fail(error, "--set %.120s: there is no such key; tern help recipe-keys lists them all", path);
    free(near);
    return -1;
}

/* Cuts "384, 256" or "[384, 256]" into the words of a list, in place. */
static int split_list(char *text, tern_value *value, const char *where, tern_error *error)
{
    size_t n = strlen(text);
    value->is_list = 1;
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text[n - 1] = 0;
        text++;
    }
    for (char *word = text, *next; word; word = next) {
        next = strchr(word, ',');
        if (next)
            *next++ = 0;
        word += strspn(word, " ");
        word[strcspn(word, " ")] = 0;
        if (value->n == TERN_VALUE_MOST)
            return tern_fail(error, "%s: it has more than %d items", where, TERN_VALUE_MOST);
        value->words[value->n++] = word;
    }
    return 0;
}

static int apply_set(tern_recipe *recipe, const char *set, const char *folder, tern_error *error)
{
    size_t n = strcspn(set, "=");
    if (set[n] != '=' || n == 0)
        return tern_fail(error, "--set %.120s: write it as key=value, e.g. --set train.batch_size=32", set);
    char *path = tern_strndup(set, n), *text = tern_strdup(set + n + 1), *where = tern_format("--set %s", path);
    int key = tern_key_find(strcmp(path, "loss") ? path : "loss.name"), status = -1;
    tern_value value = {{text}, {0}, 1, 0};
    if (key < 0) {
        fail_unknown_set(path, error);
    } else if (tern_keys[key].kind == TERN_KEY_INTS || tern_keys[key].kind == TERN_KEY_REALS) {
        value.n = 0;
        status = split_list(text, &value, where, error);
    } else {
        status = 0;
    }
    if (status == 0)
        status = tern_value_set(recipe, key, &value, TERN_FROM_SET, where, folder, error);
    free(path);
    free(text);
    free(where);
    return status;
}

static int apply_sets(tern_recipe *recipe, const char *const *sets, int n_sets, tern_error *error)
{
    char *folder = working_folder();
    int status = 0;
    for (int i = 0; i < n_sets && status == 0; i++)
        status = apply_set(recipe, sets[i], folder, error);
    free(folder);
    return status;
}

tern_recipe *tern_recipe_parse(const char *text, size_t n, const char *path, const char *const *sets, int n_sets,
                               tern_error *error)
{
    tern_recipe *recipe = create(path);
    if (tern_yaml_read(recipe, text, n, error) == 0 && apply_sets(recipe, sets, n_sets, error) == 0 &&
        tern_rules_apply(recipe, error) == 0)
        return recipe;
    tern_recipe_free(recipe);
    return NULL;
}

tern_recipe *tern_recipe_read(const char *path, const char *const *sets, int n_sets, tern_error *error)
{
    char *text;
    size_t n;
    if (tern_file_read(path, TERN_RECIPE_MOST_BYTES, &text, &n, error) < 0)
        return NULL;
    tern_recipe *recipe = tern_recipe_parse(text, n, path, sets, n_sets, error);
    free(text);
    return recipe;
}

const char *tern_recipe_line(const tern_recipe *recipe, const char *key)
{
    const struct tern_recipe_notes *notes = recipe->notes;
    int at = tern_key_find(key);
    TERN_CHECK(at >= 0 || tern_key_is_section(key), "no key %s", key);
    if (at >= 0 && notes->where[at])
        return notes->where[at];
    const tern_recipe_section *best = NULL;
    for (size_t i = 0; i < notes->n_sections; i++)
        if (tern_key_within(key, notes->sections[i].path) &&
            (!best || strlen(best->path) < strlen(notes->sections[i].path)))
            best = &notes->sections[i];
    return best ? best->where : notes->path;
}

int tern_recipe_given(const tern_recipe *recipe, const char *key)
{
    TERN_CHECK(tern_key_find(key) >= 0 || tern_key_is_section(key), "no key %s", key);
    for (int i = 0; i < tern_n_keys; i++)
        if (recipe->notes->origin[i] >= TERN_FROM_FILE && tern_key_within(tern_keys[i].path, key))
            return 1;
    return 0;
}
