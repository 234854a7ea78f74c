#include "recipes/keys.h"

#include "base/file.h"
#include "base/memory.h"

#include <math.h>
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

/* What a loss has its own values for, and 0 would be one of them. */
static void start_loss(tern_recipe_loss *loss)
{
    loss->margin = loss->negative_margin = NAN;
    loss->mean_weight = loss->second_moment_weight = NAN;
    loss->last_layer_weight = loss->prior_layers_weight = loss->kl_weight = loss->kl_temperature = NAN;
    loss->distance = -1;
    loss->similarity = -1;
}

static tern_recipe *create(const char *path)
{
    tern_recipe *recipe = tern_calloc(1, sizeof *recipe);
    recipe->notes = tern_calloc(1, sizeof *recipe->notes);
    recipe->notes->path = tern_strdup(path);
    recipe->notes->folder = folder_of(path);
    recipe->notes->origin = tern_calloc((size_t)tern_n_keys(), sizeof *recipe->notes->origin);
    recipe->notes->where = tern_calloc((size_t)tern_n_keys(), sizeof *recipe->notes->where);
    for (int i = 0; i < TERN_RECIPE_MOST_LOSSES; i++) {
        start_loss(&recipe->losses[i]);
        for (int k = 0; k < TERN_RECIPE_MOST_SOURCES; k++)
            start_loss(&recipe->sources[k].losses[i]);
    }
    return recipe;
}

void tern_recipe_free(tern_recipe *recipe)
{
    if (!recipe)
        return;
    struct tern_recipe_notes *notes = recipe->notes;
    for (int i = 0; i < tern_n_keys(); i++) {
        if (tern_key_is_used(recipe, i))
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
    char *advice = tern_key_advice(path);
    tern_fail(error, "--set %.120s: there is no such key; %s", path,
              advice ? advice : "tern help recipe-keys lists them all");
    free(advice);
    return -1;
}

/* Cuts "384, 256" or "[384, 256]" into the words of a list, in place. */
static int split_list(char *text, tern_value *value, const char *where, tern_error *error)
{
    size_t n = strlen(text);
    value->n = 0;
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
        for (size_t end = strlen(word); end > 0 && word[end - 1] == ' '; end--)
            word[end - 1] = 0;
        if (value->n == TERN_VALUE_MOST)
            return tern_fail(error, "%s: it has more than %d items", where, TERN_VALUE_MOST);
        value->words[value->n++] = word;
    }
    return 0;
}

/* Where a name ends and its number begins; NULL: the name stands alone, as one does whose only "=" is an option's,
 * "bm25:stemmer=none". */
static char *number_of(char *word, int bare)
{
    char *equals = strrchr(word, '='), *options = strchr(word, ':');
    return bare && equals && options && options < equals && strchr(options, '=') == equals ? NULL : equals;
}

/* Cuts "embeddings.*=0.1, *.bias=2" into names and words, in place; bare: names may stand alone. */
static int split_pairs(char *text, int bare, tern_value *value, const char *where, tern_error *error)
{
    if (split_list(text, value, where, error) < 0)
        return -1;
    value->is_list = 0;
    for (int i = 0; i < value->n; i++) {
        char *word = text + (value->words[i] - text), *equals = number_of(word, bare);
        if (!equals && bare)
            continue;
        if (!equals)
            return tern_fail(error, "%s: \"%.80s\" is not PATTERN=NUMBER", where, word);
        *equals = 0;
        value->names[i] = word;
        value->words[i] = equals + 1;
    }
    return 0;
}

/* A --set may add the next data set or loss, but leave none out. */
static int check_next(const tern_recipe *recipe, const char *path, tern_error *error)
{
    tern_key_path at;
    TERN_CHECK(tern_key_path_parse(path, &at) == 0, "%s is no path", path);
    if (at.place.source > recipe->n_sources)
        return tern_fail(error, "--set %s: the next data set is data.train[%d]", path, recipe->n_sources);
    int losses = tern_key_losses(recipe, at.place.source);
    if (at.place.loss > losses)
        return tern_fail(error, "--set %s: the next loss there is loss[%d]", path, losses);
    return 0;
}

static int set_key(tern_recipe *recipe, const char *path, char *text, const char *folder, tern_error *error)
{
    tern_key_path at;
    int is_loss = tern_key_is_item(path) && tern_key_path_parse(path, &at) == 0 && at.scope == TERN_SCOPE_LOSS;
    char *full = tern_format("%s%s", path, is_loss ? ".name" : ""), *where = tern_format("--set %s", path);
    int key = tern_key_find(full), status = 0;
    tern_value value = {.words = {text}, .n = 1};
    if (key < 0)
        status = fail_unknown_set(path, error);
    else if (tern_key_is_list(tern_key_get(key)))
        status = split_list(text, &value, where, error);
    else if (tern_key_get(key)->kind == TERN_KEY_RATES)
        status = split_pairs(text, tern_key_get(key)->choices != NULL, &value, where, error);
    if (status == 0)
        status = check_next(recipe, full, error);
    if (status == 0)
        status = tern_value_set(recipe, key, &value, TERN_FROM_SET, where, folder, error);
    free(full);
    free(where);
    return status;
}

static int apply_set(tern_recipe *recipe, const char *set, const char *folder, tern_error *error)
{
    size_t n = strcspn(set, "=");
    if (set[n] != '=' || n == 0)
        return tern_fail(error, "--set %.120s: write it as key=value, e.g. --set train.batch_size=32", set);
    char *path = tern_strndup(set, n), *text = tern_strdup(set + n + 1);
    int status = set_key(recipe, path, text, folder, error);
    free(path);
    free(text);
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
    if (tern_pipe_read(path, TERN_RECIPE_MOST_BYTES, &text, &n, error) < 0)
        return NULL;
    tern_recipe *recipe = tern_recipe_parse(text, n, path, sets, n_sets, error);
    free(text);
    return recipe;
}

/* A section's own line, or that of the one around it. */
static const char *section_line(const tern_recipe *recipe, const char *path)
{
    const struct tern_recipe_notes *notes = recipe->notes;
    const tern_recipe_section *best = NULL;
    for (size_t i = 0; i < notes->n_sections; i++)
        if (tern_section_within(path, notes->sections[i].path) &&
            (!best || strlen(best->path) < strlen(notes->sections[i].path)))
            best = &notes->sections[i];
    return best ? best->where : notes->path;
}

const char *tern_recipe_line(const tern_recipe *recipe, const char *key)
{
    const struct tern_recipe_notes *notes = recipe->notes;
    tern_key_path path;
    int at = tern_key_find(key);
    TERN_CHECK(at >= 0 || tern_key_is_section(key), "no key %s", key);
    if (at >= 0 && notes->where[at])
        return notes->where[at];
    TERN_CHECK(tern_key_path_parse(key, &path) == 0, "no key %s", key);
    if (path.scope != TERN_SCOPE_LOSS || path.place.source < 0 || !notes->copied[path.place.source])
        return section_line(recipe, key);
    /* A copy of the recipe's own loss, which is where its text stands. */
    char *own = tern_format("loss[%d]%s", path.place.loss, path.rest);
    const char *line = tern_recipe_line(recipe, own);
    free(own);
    return line;
}

int tern_recipe_given(const tern_recipe *recipe, const char *key)
{
    TERN_CHECK(tern_key_find(key) >= 0 || tern_key_is_section(key), "no key %s", key);
    for (int i = 0; i < tern_n_keys(); i++)
        if (recipe->notes->origin[i] >= TERN_FROM_FILE && tern_key_within(i, key))
            return 1;
    return 0;
}

int tern_recipe_each_input(const tern_recipe *recipe, int (*visit)(void *context, const char *where, const char *path),
                           void *context)
{
    const struct tern_recipe_notes *notes = recipe->notes;
    int status = 0;
    for (int key = 0; status == 0 && key < tern_n_keys(); key++) {
        const tern_key_row *row = tern_key_get(key);
        if ((row->kind != TERN_KEY_INPUT && row->kind != TERN_KEY_MODEL) || !tern_key_is_used(recipe, key))
            continue;
        const char *path = *(char **)tern_key_field(recipe, key);
        if (path)
            status = visit(context, notes->where[key] ? notes->where[key] : notes->path, path);
    }
    return status == 0 ? visit(context, notes->path, notes->path) : status;
}

void tern_recipe_keep_memory(tern_recipe *recipe, int64_t bytes)
{
    int key = tern_key_find("train.memory");
    if (recipe->notes->origin[key] >= TERN_FROM_FILE)
        return;
    recipe->train.memory = bytes;
    recipe->notes->origin[key] = TERN_FROM_DEFAULT;
}

void tern_recipe_keep_metric(tern_recipe *recipe, const char *name)
{
    char *copy = tern_strdup(name);
    free(recipe->eval.metric);
    recipe->eval.metric = copy;
}

int64_t tern_recipe_stored_memory(const char *resolved)
{
    tern_error error = {{0}};
    tern_recipe *recipe = tern_recipe_parse(resolved, strlen(resolved), "recipe.yaml", NULL, 0, &error);
    int64_t bytes = recipe ? recipe->train.memory : 0;
    tern_recipe_free(recipe);
    return bytes;
}
