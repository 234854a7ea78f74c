/* Keys in words: the page of one key, and what a flag of that name should have been. */
#include "recipes/keys.h"
#include "recipes/other_tools.h"

#include "base/memory.h"
#include "base/words.h"

#include <string.h>

/* The name with '_' for '-', as keys have it. A new string. */
static char *as_key(const char *name)
{
    char *text = tern_strdup(name);
    for (char *c = text; *c; c++)
        if (*c == '-')
            *c = '_';
    return text;
}

/* The path of the key with that path or last part, or NULL. */
static const char *key_named(const char *name)
{
    int key = tern_key_find(name);
    return key >= 0 ? tern_key_get(key)->path : tern_key_elsewhere(name);
}

/* 1 when the word is a value that the key can have, as far as its form says. */
static int suits(const tern_key_row *row, const char *word)
{
    switch (row->kind) {
    case TERN_KEY_INT:
        return strspn(word, "0123456789") == strlen(word);
    case TERN_KEY_REAL:
        return strspn(word, "0123456789.eE+-") == strlen(word);
    case TERN_KEY_BOOL:
        return !strcmp(word, "true") || !strcmp(word, "false");
    case TERN_KEY_CHOICE: {
        char *spaced = tern_format("|%s|", word), *all = tern_format("|%s|", row->choices);
        int found = strstr(all, spaced) != NULL;
        free(spaced);
        free(all);
        return found;
    }
    default:
        return 1;
    }
}

/* A value as --set takes it, where the one that was given will not do. A new string. */
static char *example_value(const tern_key_row *row, const char *given)
{
    const tern_other_name *loss = given && !strcmp(row->path, "loss.name") ? tern_other_name_find(given) : NULL;
    if (loss && loss->value)
        return tern_strdup(loss->value);
    if (given && *given && suits(row, given))
        return tern_strdup(given);
    if (row->kind == TERN_KEY_CHOICE)
        return tern_strdup(row->choices);
    return tern_strdup(row->kind == TERN_KEY_INT ? "N" : row->kind == TERN_KEY_REAL ? "X" : "VALUE");
}

static char *set_advice(const char *path, const char *note, const char *value)
{
    const tern_key_row *row = tern_key_get(tern_key_find(path));
    char *word = example_value(row, value), *shell = tern_shell_word(word);
    char *advice = tern_format("give --set %s=%s, or %s in the recipe%s%s%s", path, shell, path, note ? " (" : "",
                               note ? note : "", note ? ")" : "");
    free(word);
    free(shell);
    return advice;
}

char *tern_recipe_flag_advice(const char *name, const char *value, int nearby)
{
    char *plain = as_key(name), *advice = NULL;
    const tern_other_name *other = tern_other_name_find(name);
    const char *path = strcmp(plain, "loss") ? key_named(plain) : "loss.name";
    char *near = !path && !other && nearby ? tern_key_nearest(plain) : NULL;
    if (path)
        advice = set_advice(path, NULL, value);
    else if (other && other->key && tern_key_find(other->key) >= 0)
        advice = set_advice(other->key, other->note, value);
    else if (other)
        advice = tern_other_name_advice(other);
    else if (near && tern_key_find(near) >= 0)
        advice = set_advice(near, NULL, value);
    free(near);
    free(plain);
    return advice;
}

/* "train: {epochs: 3}": how a recipe writes a key. */
static void write_nested(tern_buffer *out, const char *path, const char *value)
{
    int depth = 0;
    for (size_t n; path[n = strcspn(path, ".")]; path += n + 1, depth++)
        tern_buffer_printf(out, "%.*s: {", (int)n, path);
    tern_buffer_printf(out, "%s: %s", path, value);
    while (depth-- > 0)
        tern_buffer_printf(out, "}");
}

static const char *sample(const tern_key_row *row)
{
    switch (row->kind) {
    case TERN_KEY_BOOL:
        return "true";
    case TERN_KEY_INTS:
        return "[384, 256, 128]";
    case TERN_KEY_REALS:
        return "[1, 0.5]";
    case TERN_KEY_RANGE:
        return "[0, 5]";
    case TERN_KEY_TEXTS:
        return "[embeddings]";
    case TERN_KEY_RATES:
        if (row->choices)
            return "{dense: 0.5, bm25: 0.5}";
        return "{\"embeddings.*\": 0.1}";
    case TERN_KEY_SIZE:
        return "2GB";
    case TERN_KEY_GRADE:
        return row->least > 0 ? "\">=1\"" : "\"<=0\"";
    case TERN_KEY_INT:
        return "N";
    case TERN_KEY_REAL:
        return "X";
    default:
        return "VALUE";
    }
}

static void write_key(tern_buffer *out, const tern_key_row *row)
{
    const char *fallback = row->fallback ? row->fallback : "";
    char *takes = tern_key_takes(row);
    const char *own = *fallback && *fallback != '=' ? fallback : NULL;
    char *first = row->kind == TERN_KEY_CHOICE ? tern_strndup(row->choices, strcspn(row->choices, "|")) : NULL;
    tern_buffer_printf(out, "%s\n%s\n\nTakes:   %s\n", row->path, row->help, takes);
    tern_buffer_printf(out, "Default: %s\n", *fallback ? fallback + (*fallback == '=') : "none");
    tern_buffer_printf(out, "Recipe:  ");
    write_nested(out, row->path, own && row->kind != TERN_KEY_GRADE ? own : first ? first : sample(row));
    tern_buffer_printf(out, "\n");
    free(first);
    free(takes);
}

/* All keys below a section, with the first sentence of what they mean. */
static void write_section(tern_buffer *out, const char *section)
{
    tern_buffer_printf(out, "The keys of %s; tern help KEY says more of one:\n\n", section);
    for (int i = 0; i < tern_n_key_rows; i++) {
        const tern_key_row *row = &tern_key_rows[i];
        const char *stop = strstr(row->help, ". ");
        size_t n = stop ? (size_t)(stop - row->help) + 1 : strlen(row->help);
        if (tern_path_within(row->path, section))
            tern_buffer_printf(out, "%s\n    %.*s\n", row->path, (int)n, row->help);
    }
}

char *tern_recipe_help(const char *name)
{
    char *plain = as_key(name);
    const tern_other_name *other = tern_other_name_find(name);
    const char *path = key_named(plain);
    tern_buffer page = {0};
    if (!path && tern_key_is_section(plain)) {
        write_section(&page, plain);
    } else if (path) {
        write_key(&page, tern_key_get(tern_key_find(path)));
    } else if (other) {
        char *advice = tern_other_name_advice(other);
        tern_buffer_printf(&page, "%s: %s\n", other->theirs, advice);
        free(advice);
        if (other->key && !other->value && tern_key_find(other->key) >= 0) {
            tern_buffer_printf(&page, "\n");
            write_key(&page, tern_key_get(tern_key_find(other->key)));
        }
    }
    free(plain);
    return page.data;
}

char *tern_recipe_help_near(const char *name)
{
    char *plain = as_key(name), *near = tern_key_nearest(plain);
    free(plain);
    return near;
}
