/* Values: from the words of a file or of --set into the recipe's fields. Numbers are parsed to their last character;
 * nothing is rounded, cut or guessed. */
#include "recipes/keys.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static int wrong_value(const tern_key *key, const char *word, const char *where, const char *why, tern_error *error)
{
    char *takes = tern_key_takes(key);
    tern_fail(error, "%s: %s is \"%.80s\"%s%s; it takes %s", where, key->path, word, *why ? ", " : "", why, takes);
    free(takes);
    return -1;
}

/* 010 is eight to some readers and ten to others, so it is neither. */
static int has_leading_zero(const char *word)
{
    word += *word == '-' || *word == '+';
    return word[0] == '0' && word[1] >= '0' && word[1] <= '9';
}

static int parse_int(const tern_key *key, const char *word, int64_t *out, const char *where, tern_error *error)
{
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    if (end == word || *end || strspn(word, "+-0123456789") != strlen(word))
        return wrong_value(key, word, where, "", error);
    if (has_leading_zero(word))
        return wrong_value(key, word, where, "which begins with a needless 0", error);
    if (errno == ERANGE || (double)number < key->least || (double)number > key->most)
        return wrong_value(key, word, where, "out of range", error);
    *out = number;
    return 0;
}

static int parse_real(const tern_key *key, const char *word, double *out, const char *where, tern_error *error)
{
    char *end;
    double number = strtod(word, &end);
    if (end == word || *end || strspn(word, "+-.0123456789eE") != strlen(word))
        return wrong_value(key, word, where, "", error);
    if (has_leading_zero(word))
        return wrong_value(key, word, where, "which begins with a needless 0", error);
    if (!isfinite(number) || number < key->least || number > key->most)
        return wrong_value(key, word, where, "out of range", error);
    *out = number;
    return 0;
}

static int parse_bool(const tern_key *key, const char *word, int *out, const char *where, tern_error *error)
{
    if (strcmp(word, "true") && strcmp(word, "false"))
        return wrong_value(key, word, where, "", error);
    *out = !strcmp(word, "true");
    return 0;
}

static int parse_choice(const tern_key *key, const char *word, int *out, const char *where, tern_error *error)
{
    int n = 0;
    for (const char *choice = key->choices; *choice; n++) {
        size_t length = strcspn(choice, "|");
        if (strlen(word) == length && !strncmp(word, choice, length)) {
            *out = n;
            return 0;
        }
        choice += length + (choice[length] == '|');
    }
    return wrong_value(key, word, where, "", error);
}

static int parse_grade(const tern_key *key, const char *word, int64_t *out, const char *where, tern_error *error)
{
    if (strncmp(word, ">=", 2))
        return wrong_value(key, word, where, "", error);
    return parse_int(key, word + 2 + strspn(word + 2, " "), out, where, error);
}

/* A model is a folder when one is there, or when it is written as a path; otherwise a name for the cache. */
static char *model_value(const char *word, const char *folder)
{
    char *path = tern_path_absolute(folder, word);
    int is_path = *word == '/' || !strncmp(word, "./", 2) || !strncmp(word, "../", 3);
    if (is_path || tern_folder_exists(path))
        return path;
    free(path);
    return tern_strdup(word);
}

static int parse_path(const tern_key *key, const char *word, char **out, const char *where, const char *folder,
                      tern_error *error)
{
    char *text = tern_path_expand(word, where, error);
    if (!text)
        return -1;
    if (!*text) {
        free(text);
        return tern_fail(error, "%s: %s is empty; it takes a path", where, key->path);
    }
    if (key->kind == TERN_KEY_OUTPUT) {
        *out = text;
        return 0;
    }
    *out = key->kind == TERN_KEY_MODEL ? model_value(text, folder) : tern_path_absolute(folder, text);
    free(text);
    return 0;
}

/* A plain word that YAML would take for nothing at all. */
static int is_null(const tern_value *value, int i, tern_key_origin origin)
{
    const char *word = value->words[i];
    return origin == TERN_FROM_FILE && !value->quoted[i] &&
           (!*word || !strcmp(word, "~") || !strcmp(word, "null") || !strcmp(word, "Null") || !strcmp(word, "NULL"));
}

static int check_form(const tern_key *key, const tern_value *value, tern_key_origin origin, const char *where,
                      tern_error *error)
{
    int wants_list = key->kind == TERN_KEY_INTS || key->kind == TERN_KEY_REALS;
    if (value->is_list && !wants_list) {
        char *takes = tern_key_takes(key);
        tern_fail(error, "%s: %s is a list; it takes %s", where, key->path, takes);
        free(takes);
        return -1;
    }
    if (wants_list && value->n == 0)
        return tern_fail(error, "%s: %s is an empty list; leave it out", where, key->path);
    for (int i = 0; i < value->n; i++) {
        if (is_null(value, i, origin))
            return tern_fail(error, "%s: %s has no value; write one, or leave the key out%s", where, key->path,
                             key->kind == TERN_KEY_TEXT ? " (\"\" is the empty text)" : "");
        if (value->quoted[i] && key->kind != TERN_KEY_GRADE && key->kind != TERN_KEY_CHOICE && !tern_key_is_text(key))
            return wrong_value(key, value->words[i], where, "text in quotes", error);
    }
    return 0;
}

static int parse_list(tern_recipe *recipe, int key, const tern_value *value, const char *where, tern_error *error)
{
    tern_recipe_ints ints = {{0}, value->n};
    tern_recipe_reals reals = {{0}, value->n};
    int is_ints = tern_keys[key].kind == TERN_KEY_INTS;
    for (int i = 0; i < value->n; i++)
        if (is_ints ? parse_int(&tern_keys[key], value->words[i], &ints.items[i], where, error)
                    : parse_real(&tern_keys[key], value->words[i], &reals.items[i], where, error))
            return -1;
    if (is_ints)
        *(tern_recipe_ints *)tern_key_field(recipe, key) = ints;
    else
        *(tern_recipe_reals *)tern_key_field(recipe, key) = reals;
    return 0;
}

/* Well-formed UTF-8 by table 3-7 of the Unicode standard. What --set and the environment bring is checked by nobody
 * else, and the resolved recipe must be read again. */
static int is_utf8(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        int more = *c < 0x80                 ? 0
                   : *c >= 0xC2 && *c < 0xE0 ? 1
                   : (*c & 0xF0) == 0xE0     ? 2
                   : *c >= 0xF0 && *c < 0xF5 ? 3
                                             : -1;
        unsigned least = *c == 0xE0 ? 0xA0 : *c == 0xF0 ? 0x90 : 0x80;
        unsigned most = *c == 0xED ? 0x9F : *c == 0xF4 ? 0x8F : 0xBF;
        if (more < 0 || (more > 0 && (c[1] < least || c[1] > most)))
            return 0;
        for (; more > 0; more--)
            if ((*++c & 0xC0) != 0x80)
                return 0;
    }
    return 1;
}

static int parse_text(tern_recipe *recipe, int key, const char *word, const char *where, const char *folder,
                      tern_error *error)
{
    char **field = tern_key_field(recipe, key), *text = NULL;
    if (tern_keys[key].kind == TERN_KEY_TEXT)
        text = tern_strdup(word);
    else if (parse_path(&tern_keys[key], word, &text, where, folder, error) < 0)
        return -1;
    if (!is_utf8(text)) {
        free(text);
        return tern_fail(error, "%s: %s is not valid UTF-8", where, tern_keys[key].path);
    }
    free(*field);
    *field = text;
    return 0;
}

static int parse_value(tern_recipe *recipe, int at, const tern_value *value, const char *where, const char *folder,
                       tern_error *error)
{
    const tern_key *key = &tern_keys[at];
    void *field = tern_key_field(recipe, at);
    switch (key->kind) {
    case TERN_KEY_INT:
        return parse_int(key, value->words[0], field, where, error);
    case TERN_KEY_REAL:
        return parse_real(key, value->words[0], field, where, error);
    case TERN_KEY_BOOL:
        return parse_bool(key, value->words[0], field, where, error);
    case TERN_KEY_CHOICE:
        return parse_choice(key, value->words[0], field, where, error);
    case TERN_KEY_GRADE:
        return parse_grade(key, value->words[0], field, where, error);
    case TERN_KEY_INTS:
    case TERN_KEY_REALS:
        return parse_list(recipe, at, value, where, error);
    case TERN_KEY_TEXT:
    case TERN_KEY_INPUT:
    case TERN_KEY_MODEL:
    case TERN_KEY_OUTPUT:
        return parse_text(recipe, at, value->words[0], where, folder, error);
    }
    TERN_CHECK(0, "key %s has kind %d", key->path, (int)key->kind);
    return -1;
}

int tern_value_set(tern_recipe *recipe, int key, const tern_value *value, tern_key_origin origin, const char *where,
                   const char *folder, tern_error *error)
{
    struct tern_recipe_notes *notes = recipe->notes;
    if (check_form(&tern_keys[key], value, origin, where, error) < 0 ||
        parse_value(recipe, key, value, where, folder, error) < 0)
        return -1;
    notes->origin[key] = origin;
    if (origin != TERN_FROM_DEFAULT) {
        free(notes->where[key]);
        notes->where[key] = tern_strdup(where);
    }
    return 0;
}

void tern_value_clear(tern_recipe *recipe, int key)
{
    char **text = tern_key_field(recipe, key);
    if (tern_key_is_text(&tern_keys[key])) {
        free(*text);
        *text = NULL;
    }
    recipe->notes->origin[key] = TERN_FROM_NOTHING;
}
