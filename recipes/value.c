/* Values: from the words of a file or of --set into the recipe's fields. Numbers are parsed to their last character;
 * nothing is rounded, cut or guessed. */
#include "recipes/keys.h"
#include "recipes/other_tools.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

enum { MOST_CHOICES = 16 };

/* A word on its way into a field. */
typedef struct job {
    const tern_key_row *row;
    const char *name, *where, *folder; /* the key in words, its place, what inputs are relative to */
    tern_error *error;
} job;

static int wrong_value(const job *j, const char *word, const char *why)
{
    char *takes = tern_key_takes(j->row);
    tern_fail(j->error, "%s: %s is \"%.80s\"%s%s; it takes %s", j->where, j->name, word, *why ? ", " : "", why, takes);
    free(takes);
    return -1;
}

/* 010 is eight to some readers and ten to others, so it is neither. */
static int has_leading_zero(const char *word)
{
    word += *word == '-' || *word == '+';
    return word[0] == '0' && word[1] >= '0' && word[1] <= '9';
}

static int parse_int(const job *j, const char *word, int64_t *out)
{
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    if (end == word || *end || strspn(word, "+-0123456789") != strlen(word))
        return wrong_value(j, word, "");
    if (has_leading_zero(word))
        return wrong_value(j, word, "which begins with a needless 0");
    if (errno == ERANGE || (double)number < j->row->least || (double)number > j->row->most)
        return wrong_value(j, word, "out of range");
    *out = number;
    return 0;
}

static int parse_real(const job *j, const char *word, double *out)
{
    char *end;
    if ((j->row->flags & TERN_KEY_NONE) && strcmp(word, "none") == 0) {
        *out = NAN;
        return 0;
    }
    double number = strtod(word, &end);
    if (end == word || *end || strspn(word, "+-.0123456789eE") != strlen(word))
        return wrong_value(j, word, "");
    if (has_leading_zero(word))
        return wrong_value(j, word, "which begins with a needless 0");
    if (!isfinite(number) || number < j->row->least || number > j->row->most)
        return wrong_value(j, word, "out of range");
    *out = number;
    return 0;
}

/* A word that is none of the choices, but known elsewhere or near one of them. */
static int wrong_choice(const job *j, const char *word, const char *choices)
{
    const char *names[MOST_CHOICES], *near = NULL;
    char *all = tern_strdup(choices);
    size_t n = 0;
    for (char *name = strtok(all, "|"); name && n < MOST_CHOICES; name = strtok(NULL, "|"))
        names[n++] = name;
    for (size_t i = 0; i < n && !near; i++)
        if (tern_other_value_means(word, names[i]))
            near = names[i];
    if (!near)
        near = tern_nearest(word, names, n);
    char *takes = tern_key_takes(j->row);
    if (near)
        tern_fail(j->error, "%s: %s is \"%.80s\"; did you mean %s? It takes %s", j->where, j->name, word, near, takes);
    else
        wrong_value(j, word, "");
    free(takes);
    free(all);
    return -1;
}

static int parse_bool(const job *j, const char *word, int *out)
{
    if (strcmp(word, "true") && strcmp(word, "false"))
        return wrong_choice(j, word, "true|false");
    *out = !strcmp(word, "true");
    return 0;
}

static int parse_choice(const job *j, const char *word, int *out)
{
    int n = 0;
    for (const char *choice = j->row->choices; *choice; n++) {
        size_t length = strcspn(choice, "|");
        if (strlen(word) == length && !strncmp(word, choice, length)) {
            *out = n;
            return 0;
        }
        choice += length + (choice[length] == '|');
    }
    return wrong_choice(j, word, j->row->choices);
}

static int parse_grade(const job *j, const char *word, int64_t *out)
{
    if (strncmp(word, j->row->choices, 2))
        return wrong_value(j, word, "");
    return parse_int(j, word + 2 + strspn(word + 2, " "), out);
}

/* Bytes of a unit, all of 1024; 0 for one that there isn't. */
static double unit_bytes(const char *unit)
{
    static const char letters[] = "KMGT";
    const char *letter = *unit ? strchr(letters, *unit & ~0x20) : NULL;
    if (!letter)
        return *unit == 0 || !strcasecmp(unit, "B") ? 1 : 0;
    if (strcasecmp(unit + 1, "B") && strcasecmp(unit + 1, "iB"))
        return 0;
    return ldexp(1, 10 * (int)(letter - letters + 1));
}

/* A number that is exact in a double times a power of two: what is cut off is less than a byte. */
static int parse_size(const job *j, const char *word, int64_t *out)
{
    size_t digits = strspn(word, "0123456789."), gap = strspn(word + digits, " ");
    double unit = unit_bytes(word + digits + gap);
    char *number = tern_strndup(word, digits), *end;
    double bytes = floor(strtod(number, &end) * unit);
    int is_number = end != number && *end == 0 && unit > 0;
    free(number);
    if (!is_number)
        return wrong_value(j, word, "");
    if (has_leading_zero(word))
        return wrong_value(j, word, "which begins with a needless 0");
    if (!isfinite(bytes) || bytes < j->row->least || bytes > j->row->most)
        return wrong_value(j, word, "out of range");
    *out = (int64_t)bytes;
    return 0;
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

static int parse_path(const job *j, const char *word, char **out)
{
    char *text = tern_path_expand(word, j->where, j->error);
    if (!text)
        return -1;
    if (!*text) {
        free(text);
        return tern_fail(j->error, "%s: %s is empty; it takes a path", j->where, j->name);
    }
    if (j->row->kind == TERN_KEY_OUTPUT) {
        *out = text;
        return 0;
    }
    *out = j->row->kind == TERN_KEY_MODEL ? model_value(text, j->folder) : tern_path_absolute(j->folder, text);
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

/* Kinds whose words may be in quotes. */
static int takes_quotes(const tern_key_row *row)
{
    return tern_key_is_text(row) || row->kind == TERN_KEY_GRADE || row->kind == TERN_KEY_SIZE ||
           row->kind == TERN_KEY_CHOICE || row->kind == TERN_KEY_CHOICES || row->kind == TERN_KEY_TEXTS;
}

static int check_form(const job *j, const tern_value *value, tern_key_origin origin)
{
    if (value->is_list && !tern_key_is_list(j->row)) {
        char *takes = tern_key_takes(j->row);
        tern_fail(j->error, "%s: %s is a list; it takes %s", j->where, j->name, takes);
        free(takes);
        return -1;
    }
    if (value->n == 0)
        return tern_fail(j->error, "%s: %s is %s; leave it out", j->where, j->name,
                         value->is_list ? "an empty list" : "empty");
    for (int i = 0; i < value->n; i++) {
        if (is_null(value, i, origin))
            return tern_fail(j->error, "%s: %s has no value; write one, or leave the key out%s", j->where, j->name,
                             j->row->kind == TERN_KEY_TEXT ? " (\"\" is the empty text)" : "");
        if (value->quoted[i] && !takes_quotes(j->row))
            return wrong_value(j, value->words[i], "text in quotes");
    }
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

static int check_text(const job *j, const char *text)
{
    return is_utf8(text) ? 0 : tern_fail(j->error, "%s: %s is not valid UTF-8", j->where, j->name);
}

static int parse_ints(const job *j, const tern_value *value, tern_recipe_ints *out)
{
    tern_recipe_ints list = {{0}, value->n};
    for (int i = 0; i < value->n; i++)
        if (parse_int(j, value->words[i], &list.items[i]) < 0)
            return -1;
    *out = list;
    return 0;
}

static int parse_reals(const job *j, const tern_value *value, tern_recipe_reals *out)
{
    tern_recipe_reals list = {{0}, value->n};
    for (int i = 0; i < value->n; i++)
        if (parse_real(j, value->words[i], &list.items[i]) < 0)
            return -1;
    *out = list;
    return 0;
}

static int parse_range(const job *j, const tern_value *value, tern_recipe_reals *out)
{
    tern_recipe_reals range;
    if (parse_reals(j, value, &range) < 0)
        return -1;
    if (range.n != 2 || range.items[0] >= range.items[1]) {
        char *takes = tern_key_takes(j->row);
        tern_fail(j->error, "%s: %s takes %s", j->where, j->name, takes);
        free(takes);
        return -1;
    }
    *out = range;
    return 0;
}

static int parse_choices(const job *j, const tern_value *value, unsigned *out)
{
    unsigned bits = 0;
    for (int i = 0; i < value->n; i++) {
        int choice;
        if (parse_choice(j, value->words[i], &choice) < 0)
            return -1;
        bits |= 1U << choice;
    }
    *out = bits;
    return 0;
}

static void free_texts(char **items, int *n)
{
    for (int i = 0; i < *n; i++)
        free(items[i]);
    *n = 0;
}

static int parse_texts(const job *j, const tern_value *value, tern_recipe_texts *out)
{
    for (int i = 0; i < value->n; i++) {
        if (!*value->words[i])
            return tern_fail(j->error, "%s: %s has an empty text", j->where, j->name);
        if (check_text(j, value->words[i]) < 0)
            return -1;
    }
    free_texts(out->items, &out->n);
    for (; out->n < value->n; out->n++)
        out->items[out->n] = tern_strdup(value->words[out->n]);
    return 0;
}

/* YAML's keys have 1,024 characters at most; each of a pattern's may be written as six. */
enum { PATTERN_MOST = 160 };

static int check_rate(const job *j, const tern_value *value, int i)
{
    const char *name = value->names[i], *noun = j->row->choices ? j->row->choices : "pattern";
    if (!name || !*name)
        return tern_fail(j->error,
                         "%s: %s has a number without a %s; write PATTERN: NUMBER, with --set "
                         "PATTERN=NUMBER",
                         j->where, j->name, noun);
    if (strlen(name) > PATTERN_MOST)
        return tern_fail(j->error, "%s: %s has a %s of more than %d bytes", j->where, j->name, noun, PATTERN_MOST);
    for (int k = 0; k < i; k++)
        if (!strcmp(value->names[k], name))
            return tern_fail(j->error, "%s: %s has the %s \"%.80s\" twice; keep one of the two", j->where, j->name,
                             noun, name);
    return check_text(j, name);
}

/* Words without names are names with 1 where the row allows for it. */
static tern_value named(const job *j, const tern_value *value)
{
    tern_value all = *value;
    for (int i = 0; j->row->choices && i < all.n; i++)
        if (!all.names[i]) {
            all.names[i] = all.words[i];
            all.words[i] = "1";
        }
    return all;
}

static int parse_rates(const job *j, const tern_value *given, tern_recipe_rates *out)
{
    const tern_value all = named(j, given), *value = &all;
    tern_recipe_rates rates = {.n = value->n};
    for (int i = 0; i < value->n; i++)
        if (check_rate(j, value, i) < 0 || parse_real(j, value->words[i], &rates.items[i]) < 0)
            return -1;
    free_texts(out->names, &out->n);
    for (int i = 0; i < rates.n; i++)
        rates.names[i] = tern_strdup(value->names[i]);
    *out = rates;
    return 0;
}

static int parse_text(const job *j, const char *word, char **field)
{
    char *text = NULL;
    if (j->row->kind == TERN_KEY_TEXT)
        text = tern_strdup(word);
    else if (parse_path(j, word, &text) < 0)
        return -1;
    if (check_text(j, text) < 0) {
        free(text);
        return -1;
    }
    free(*field);
    *field = text;
    return 0;
}

static int parse_value(const job *j, const tern_value *value, void *field)
{
    const char *word = value->words[0];
    switch (j->row->kind) {
    case TERN_KEY_INT:
        return parse_int(j, word, field);
    case TERN_KEY_REAL:
        return parse_real(j, word, field);
    case TERN_KEY_BOOL:
        return parse_bool(j, word, field);
    case TERN_KEY_CHOICE:
        return parse_choice(j, word, field);
    case TERN_KEY_CHOICES:
        return parse_choices(j, value, field);
    case TERN_KEY_GRADE:
        return parse_grade(j, word, field);
    case TERN_KEY_SIZE:
        return parse_size(j, word, field);
    case TERN_KEY_INTS:
        return parse_ints(j, value, field);
    case TERN_KEY_REALS:
        return parse_reals(j, value, field);
    case TERN_KEY_RANGE:
        return parse_range(j, value, field);
    case TERN_KEY_TEXTS:
        return parse_texts(j, value, field);
    case TERN_KEY_RATES:
        return parse_rates(j, value, field);
    case TERN_KEY_TEXT:
    case TERN_KEY_INPUT:
    case TERN_KEY_MODEL:
    case TERN_KEY_OUTPUT:
        return parse_text(j, word, field);
    }
    TERN_CHECK(0, "key %s has kind %d", j->row->path, (int)j->row->kind);
    return -1;
}

int tern_value_set(tern_recipe *recipe, int key, const tern_value *value, tern_key_origin origin, const char *where,
                   const char *folder, tern_error *error)
{
    struct tern_recipe_notes *notes = recipe->notes;
    tern_key_reach(recipe, tern_key_where(key));
    char *name = tern_key_name(recipe, key);
    job j = {tern_key_get(key), name, where, folder, error};
    int status = check_form(&j, value, origin);
    if (status == 0)
        status = parse_value(&j, value, tern_key_field(recipe, key));
    free(name);
    if (status < 0)
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
    const tern_key_row *row = tern_key_get(key);
    void *field = tern_key_field(recipe, key);
    if (tern_key_is_text(row)) {
        free(*(char **)field);
        *(char **)field = NULL;
    } else if (row->kind == TERN_KEY_TEXTS) {
        free_texts(((tern_recipe_texts *)field)->items, &((tern_recipe_texts *)field)->n);
    } else if (row->kind == TERN_KEY_RATES) {
        free_texts(((tern_recipe_rates *)field)->names, &((tern_recipe_rates *)field)->n);
    } else if (row->kind == TERN_KEY_REALS || row->kind == TERN_KEY_RANGE) {
        ((tern_recipe_reals *)field)->n = 0;
    } else if (row->kind == TERN_KEY_CHOICES) {
        *(unsigned *)field = 0;
    }
    recipe->notes->origin[key] = TERN_FROM_NOTHING;
}
