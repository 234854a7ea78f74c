#include "train/groups.h"

#include "base/memory.h"
#include "base/nearest.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char LAYERS[] = "layers:", EMBEDDINGS[] = "embeddings";

static int starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The transformer layer that a parameter is of; -1: none. */
static int64_t layer_of(const char *name)
{
    static const char prefix[] = "encoder.layer.";
    return starts_with(name, prefix) ? strtoll(name + sizeof prefix - 1, NULL, 10) : -1;
}

/* N of "layers:N"; -1: it is no number. */
static int64_t count_of_layers(const char *pattern)
{
    const char *digits = pattern + sizeof LAYERS - 1;
    size_t n = strspn(digits, "0123456789");
    return n > 0 && n < 10 && !digits[n] ? strtoll(digits, NULL, 10) : -1;
}

static int matches(const char *pattern, const char *name)
{
    if (strcmp(pattern, EMBEDDINGS) == 0)
        return starts_with(name, "embeddings.");
    if (starts_with(pattern, LAYERS))
        return layer_of(name) >= 0 && layer_of(name) < count_of_layers(pattern);
    return fnmatch(pattern, name, 0) == 0;
}

typedef struct names {
    char **items;
    size_t n, capacity;
} names;

static void add_name(names *list, char *owned)
{
    TERN_GROW(list->items, list->n, list->capacity);
    list->items[list->n++] = owned;
}

/* A name, and patterns of parts of it: "encoder.layer.*", "*.weight", "*.LayerNorm.*". */
static void add_patterns(names *list, const char *name)
{
    add_name(list, tern_strdup(name));
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
        size_t part = strcspn(dot + 1, ".");
        add_name(list, tern_format("%.*s.*", (int)(dot - name), name));
        add_name(list, tern_format("*%s", dot));
        add_name(list, tern_format("*.%.*s.*", (int)part, dot + 1));
    }
}

/* What one could have meant; a new string, or NULL. */
static char *nearest(const char *pattern, const tern_params *params, int64_t layers)
{
    names list = {0};
    add_name(&list, tern_strdup(EMBEDDINGS));
    for (int64_t n = 1; n <= layers; n++)
        add_name(&list, tern_format("%s%lld", LAYERS, (long long)n));
    for (size_t i = 0; i < params->n; i++)
        add_patterns(&list, params->table[i].name);
    char *found = tern_strdup(tern_nearest(pattern, (const char *const *)list.items, list.n));
    for (size_t i = 0; i < list.n; i++)
        free(list.items[i]);
    free(list.items);
    return found;
}

static int fail_unmatched(const char *line, const char *pattern, const tern_params *params, int64_t layers,
                          tern_error *error)
{
    char *near = nearest(pattern, params, layers);
    if (near)
        tern_fail(error, "%s: no parameter of the model is named \"%.80s\"; did you mean \"%s\"?", line, pattern, near);
    else
        tern_fail(error,
                  "%s: no parameter of the model is named \"%.80s\"; write \"embeddings\", \"layers:N\", or a pattern "
                  "of names such as encoder.layer.0.output.dense.weight",
                  line, pattern);
    free(near);
    return -1;
}

/* Fails unless the pattern is one of some parameter, with open set: of one that isn't frozen. */
static int check_pattern(const char *line, const char *pattern, const tern_params *params, int64_t layers, int open,
                         tern_error *error)
{
    size_t matching = 0, unfrozen = 0;
    int64_t asked = starts_with(pattern, LAYERS) ? count_of_layers(pattern) : layers;
    if (asked < 1 || asked > layers)
        return tern_fail(error, "%s: \"%.80s\" is not layers:N with N from 1 to %lld, the model's layers", line,
                         pattern, (long long)layers);
    for (size_t i = 0; i < params->n; i++)
        if (matches(pattern, params->table[i].name)) {
            matching++;
            unfrozen += !(params->table[i].flags & TERN_PARAM_FROZEN);
        }
    if (matching == 0)
        return fail_unmatched(line, pattern, params, layers, error);
    if (open && unfrozen == 0)
        return tern_fail(error, "%s: all parameters named \"%.80s\" are frozen, so a rate says nothing; leave it out",
                         line, pattern);
    return 0;
}

/* The tensors that FOLLOW another one are computed with it, as one. */
static int check_whole(const char *line, const tern_params *params, tern_error *error)
{
    for (size_t i = 1; i < params->n; i++) {
        const tern_param *p = &params->table[i], *before = p - 1;
        if ((p->flags & TERN_PARAM_FOLLOWS) && ((p->flags ^ before->flags) & TERN_PARAM_FROZEN))
            return tern_fail(error,
                             "%s: it freezes one of %s and %s, but not both; query, key and value of a layer are "
                             "computed as one: freeze all three or none",
                             line, before->name, p->name);
    }
    return 0;
}

static int freeze(const tern_recipe *recipe, tern_params *params, int64_t layers, tern_error *error)
{
    const tern_recipe_texts *patterns = &recipe->train.freeze;
    const char *line = tern_recipe_line(recipe, "train.freeze");
    for (int k = 0; k < patterns->n; k++) {
        if (check_pattern(line, patterns->items[k], params, layers, 0, error) < 0)
            return -1;
        for (size_t i = 0; i < params->n; i++)
            if (matches(patterns->items[k], params->table[i].name))
                params->table[i].flags |= TERN_PARAM_FROZEN;
    }
    if (tern_groups_count_learned(params) == 0)
        return tern_fail(error, "%s: it freezes all parameters of the model; leave some of them to learn", line);
    return check_whole(line, params, error);
}

/* layer_decay to the power of how many transformer layers are above the parameter. */
static double depth_factor(const char *name, double decay, int64_t layers)
{
    int64_t layer = layer_of(name);
    if (starts_with(name, "embeddings."))
        return pow(decay, (double)layers);
    return layer >= 0 ? pow(decay, (double)(layers - 1 - layer)) : 1;
}

int tern_groups_resolve(const tern_recipe *recipe, tern_params *params, const tern_encoder_config *config, double *rate,
                        tern_error *error)
{
    const tern_recipe_rates *rates = &recipe->train.rates;
    int64_t layers = config->bert.layers;
    if (freeze(recipe, params, layers, error) < 0)
        return -1;
    for (size_t i = 0; i < params->n; i++)
        rate[i] = 1;
    for (int k = 0; k < rates->n; k++) {
        if (check_pattern(tern_recipe_line(recipe, "train.rates"), rates->names[k], params, layers, 1, error) < 0)
            return -1;
        for (size_t i = 0; i < params->n; i++)
            if (matches(rates->names[k], params->table[i].name))
                rate[i] = rates->items[k];
    }
    for (size_t i = 0; i < params->n; i++)
        rate[i] *= depth_factor(params->table[i].name, recipe->train.layer_decay, layers);
    return 0;
}

int64_t tern_groups_count_learned(const tern_params *params)
{
    int64_t count = 0;
    for (size_t i = 0; i < params->n; i++)
        if (!(params->table[i].flags & TERN_PARAM_FROZEN))
            count += params->table[i].tensor->rows * params->table[i].tensor->cols;
    return count;
}
