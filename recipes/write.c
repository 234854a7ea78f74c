/* The recipe as text: resolved, and as an identity. */
#include "recipes/keys.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* The character at text and its length in bytes; text is valid UTF-8. */
static unsigned decode(const char *text, size_t *n)
{
    const unsigned char *c = (const unsigned char *)text;
    *n = c[0] < 0x80 ? 1 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
    unsigned code = *n == 1 ? c[0] : c[0] & (0x7FU >> *n);
    for (size_t i = 1; i < *n; i++)
        code = code << 6 | (c[i] & 0x3FU);
    return code;
}

/* What libyaml does not read from a file as it stands: control characters, its line breaks, the byte order mark. */
static int needs_escape(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
           code == 0xFFFE || code == 0xFFFF;
}

static void add_quoted(tern_buffer *out, const char *text)
{
    tern_buffer_add(out, "\"", 1);
    for (size_t n; *text; text += n) {
        unsigned code = decode(text, &n);
        if (needs_escape(code))
            tern_buffer_printf(out, "\\u%04X", code);
        else
            tern_buffer_printf(out, "%s%.*s", code == '"' || code == '\\' ? "\\" : "", (int)n, text);
    }
    tern_buffer_add(out, "\"", 1);
}

char *tern_yaml_quote(const char *text)
{
    tern_buffer quoted = {0};
    add_quoted(&quoted, text);
    return quoted.data;
}

/* The shortest form that reads back as the same double. */
static void add_real(tern_buffer *out, double number)
{
    char text[40] = "none";
    for (int digits = 6; digits <= 17 && !isnan(number); digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    tern_buffer_printf(out, "%s", text);
}

static void add_choice(tern_buffer *out, const char *choices, int n)
{
    while (n-- > 0)
        choices += strcspn(choices, "|") + 1;
    tern_buffer_add(out, choices, strcspn(choices, "|"));
}

static void add_choices(tern_buffer *out, const char *choices, unsigned bits)
{
    const char *before = "[";
    for (int i = 0; bits >> i; i++) {
        if (!(bits >> i & 1))
            continue;
        tern_buffer_printf(out, "%s", before);
        add_choice(out, choices, i);
        before = ", ";
    }
    tern_buffer_printf(out, "]");
}

/* In the largest unit that holds it in whole numbers. */
static void add_size(tern_buffer *out, int64_t bytes)
{
    static const char *const units[] = {"", "KB", "MB", "GB", "TB"};
    int unit = 0;
    for (; unit < 4 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    tern_buffer_printf(out, "%lld%s", (long long)bytes, units[unit]);
}

static void add_ints(tern_buffer *out, const tern_recipe_ints *list)
{
    for (int i = 0; i < list->n; i++)
        tern_buffer_printf(out, "%s%lld", i ? ", " : "[", (long long)list->items[i]);
    tern_buffer_printf(out, "]");
}

static void add_reals(tern_buffer *out, const tern_recipe_reals *list)
{
    for (int i = 0; i < list->n; i++) {
        tern_buffer_printf(out, "%s", i ? ", " : "[");
        add_real(out, list->items[i]);
    }
    tern_buffer_printf(out, "]");
}

static void add_texts(tern_buffer *out, const tern_recipe_texts *list)
{
    for (int i = 0; i < list->n; i++) {
        tern_buffer_printf(out, "%s", i ? ", " : "[");
        add_quoted(out, list->items[i]);
    }
    tern_buffer_printf(out, "]");
}

static void add_rates(tern_buffer *out, const tern_recipe_rates *list)
{
    for (int i = 0; i < list->n; i++) {
        tern_buffer_printf(out, "%s", i ? ", " : "{");
        add_quoted(out, list->names[i]);
        tern_buffer_printf(out, ": ");
        add_real(out, list->items[i]);
    }
    tern_buffer_printf(out, "}");
}

static void add_value(tern_buffer *out, const tern_recipe *recipe, int key)
{
    const tern_key_row *row = tern_key_get(key);
    const void *field = tern_key_field(recipe, key);
    switch (row->kind) {
    case TERN_KEY_INT:
        tern_buffer_printf(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case TERN_KEY_REAL:
        add_real(out, *(const double *)field);
        break;
    case TERN_KEY_BOOL:
        tern_buffer_printf(out, "%s", *(const int *)field ? "true" : "false");
        break;
    case TERN_KEY_CHOICE:
        add_choice(out, row->choices, *(const int *)field);
        break;
    case TERN_KEY_CHOICES:
        add_choices(out, row->choices, *(const unsigned *)field);
        break;
    case TERN_KEY_GRADE:
        tern_buffer_printf(out, "\"%s%lld\"", row->choices, (long long)*(const int64_t *)field);
        break;
    case TERN_KEY_SIZE:
        add_size(out, *(const int64_t *)field);
        break;
    case TERN_KEY_INTS:
        add_ints(out, field);
        break;
    case TERN_KEY_REALS:
    case TERN_KEY_RANGE:
        add_reals(out, field);
        break;
    case TERN_KEY_TEXTS:
        add_texts(out, field);
        break;
    case TERN_KEY_RATES:
        add_rates(out, field);
        break;
    case TERN_KEY_TEXT:
    case TERN_KEY_INPUT:
    case TERN_KEY_MODEL:
    case TERN_KEY_OUTPUT:
        add_quoted(out, *(char *const *)field);
        break;
    }
}

/* The parts of "data.train[1].file" one after the other: data, train, [1], file. *n: how long the part is. */
static const char *next_part(const char *path, size_t *n)
{
    path += *path == '.';
    *n = *path == '[' ? strcspn(path, "]") + 1 : strcspn(path, ".[");
    return path;
}

/* Opens the sections of path that the one before it was not in, then writes its last part. */
static void add_sections(tern_buffer *out, const char *path, const char *before)
{
    int depth = 0, same = 1, after_dash = 0;
    size_t n, n_before;
    for (path = next_part(path, &n); path[n]; path = next_part(path + n, &n), depth++) {
        before = next_part(before, &n_before);
        same = same && n == n_before && !strncmp(path, before, n);
        before += n_before;
        if (same)
            continue;
        tern_buffer_printf(out, "%*s", after_dash ? 0 : 2 * depth, "");
        after_dash = *path == '[';
        if (after_dash)
            tern_buffer_printf(out, "- ");
        else
            tern_buffer_printf(out, "%.*s:\n", (int)n, path);
    }
    tern_buffer_printf(out, "%*s%s: ", after_dash ? 0 : 2 * depth, "", path);
}

static int has_default(const tern_recipe *recipe, int key)
{
    const char *fallback = tern_key_get(key)->fallback;
    TERN_CHECK(fallback && *fallback != '=', "%s has no default that could be left out", tern_key_get(key)->path);
    tern_buffer value = {0};
    add_value(&value, recipe, key);
    int same = strcmp(value.data, fallback) == 0;
    free(value.data);
    return same;
}

static int is_left_out(const tern_recipe *recipe, int key, int left_out)
{
    int flags = tern_key_get(key)->flags & left_out;
    return recipe->notes->origin[key] == TERN_FROM_NOTHING || (flags & ~TERN_KEY_LATER) ||
           (flags && has_default(recipe, key));
}

/* left_out: flags of keys that are not written. */
static char *write_keys(const tern_recipe *recipe, int left_out)
{
    tern_buffer out = {0};
    int *keys = tern_alloc((size_t)tern_n_keys(), sizeof *keys), n = tern_keys_in_order(recipe, keys);
    char *before = tern_strdup("");
    for (int i = 0; i < n; i++) {
        if (is_left_out(recipe, keys[i], left_out))
            continue;
        char *name = tern_key_name(recipe, keys[i]);
        add_sections(&out, name, before);
        add_value(&out, recipe, keys[i]);
        tern_buffer_printf(&out, "\n");
        free(before);
        before = name;
    }
    free(before);
    free(keys);
    return out.data;
}

char *tern_recipe_resolved(const tern_recipe *recipe)
{
    return write_keys(recipe, TERN_KEY_FOLDED);
}

char *tern_recipe_identity(const tern_recipe *recipe)
{
    return write_keys(recipe, TERN_KEY_FOLDED | TERN_KEY_FREE | TERN_KEY_LATER);
}
