#include "data/table.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/words.h"
#include "data/blank.h"
#include "data/csv.h"
#include "data/input.h"
#include "data/jsonl.h"
#include "data/roles.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* Exactly one of the readers. */
struct tern_table {
    tern_csv *csv;
    tern_jsonl *jsonl;
    tern_form form;
};

/* In messages: columns that are listed, and that a near name is looked for among. */
enum { MOST_LISTED = 20, MOST_COMPARED = 1000 };

tern_form tern_form_of(const char *path)
{
    static const struct {
        const char *ending;
        tern_form form;
    } forms[] = {{"jsonl", TERN_FORM_JSONL}, {"ndjson", TERN_FORM_JSONL}, {"json", TERN_FORM_JSONL},
                 {"csv", TERN_FORM_CSV},     {"tsv", TERN_FORM_TSV},      {"tab", TERN_FORM_TSV}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof forms / sizeof *forms; i++)
        if (strcasecmp(dot + 1, forms[i].ending) == 0)
            return forms[i].form;
    return TERN_FORM_OTHER;
}

/* A reader of that form, NULL for none; data NULL: of the file. */
static tern_table *open_form(const char *path, const char *data, size_t n, int replace, tern_error *error)
{
    tern_table t = {.form = tern_form_of(path)};
    char separator = t.form == TERN_FORM_TSV ? '\t' : ',';
    if (t.form == TERN_FORM_JSONL)
        t.jsonl = data ? tern_jsonl_of_memory(path, data, n, replace, error) : tern_jsonl_open(path, replace, error);
    else
        t.csv = data ? tern_csv_of_memory(path, data, n, separator, replace, error)
                     : tern_csv_open(path, separator, replace, error);
    if (!t.csv && !t.jsonl)
        return NULL;
    tern_table *table = tern_alloc(1, sizeof *table);
    *table = t;
    return table;
}

tern_table *tern_table_open(const char *path, int invalid_utf8_replace, tern_error *error)
{
    tern_input input;
    if (tern_folder_exists(path)) {
        tern_fail(error, "%s: it is a folder; a folder in BEIR form is given as beir, rows as a file", path);
        return NULL;
    }
    if (tern_form_of(path) != TERN_FORM_OTHER)
        return open_form(path, NULL, 0, invalid_utf8_replace, error);
    /* What can't be a table at all is named for what it is. */
    if (tern_input_open(&input, path, 1, error) < 0)
        return NULL;
    tern_input_close(&input);
    tern_fail(error,
              "%s: its form can't be told from its name; rows are read from .jsonl, .csv and .tsv, so give it one of "
              "these endings",
              path);
    return NULL;
}

tern_table *tern_table_of_memory(const char *name, const char *data, size_t n, int invalid_utf8_replace,
                                 tern_error *error)
{
    TERN_CHECK(tern_form_of(name) != TERN_FORM_OTHER, "%s has no form", name);
    return open_form(name, n ? data : "", n, invalid_utf8_replace, error);
}

void tern_table_close(tern_table *table)
{
    if (!table)
        return;
    tern_csv_close(table->csv);
    tern_jsonl_close(table->jsonl);
    free(table);
}

tern_form tern_table_form(const tern_table *table)
{
    return table->form;
}

const char *tern_table_path(const tern_table *table)
{
    return table->csv ? tern_csv_path(table->csv) : tern_jsonl_path(table->jsonl);
}

int tern_table_quoting(const tern_table *table)
{
    return table->form == TERN_FORM_TSV && tern_csv_quotes(table->csv) ? tern_csv_is_quoted(table->csv) : -1;
}

int tern_table_next(tern_table *table, tern_error *error)
{
    return table->csv ? tern_csv_next(table->csv, error) : tern_jsonl_next(table->jsonl, error);
}

long long tern_table_line(const tern_table *table)
{
    return (long long)(table->csv ? tern_csv_line(table->csv) : tern_jsonl_line(table->jsonl));
}

size_t tern_table_columns(const tern_table *table, const char ***names)
{
    const json_t *object = table->csv ? NULL : tern_jsonl_object(table->jsonl);
    size_t n = 0, most = table->csv ? (size_t)tern_csv_columns(table->csv) : json_object_size(object);
    *names = tern_alloc(most, sizeof **names);
    for (; table->csv && n < most; n++)
        (*names)[n] = tern_csv_name(table->csv, (int)n);
    for (void *at = json_object_iter((json_t *)object); at; at = json_object_iter_next((json_t *)object, at))
        (*names)[n++] = json_object_iter_key(at);
    return n;
}

const char *tern_table_field(const tern_table *table, size_t column, size_t *n)
{
    return tern_csv_field(table->csv, (int)column, n);
}

int tern_table_has(const tern_table *table, const char *name)
{
    return table->csv ? tern_csv_find(table->csv, name) >= 0 : tern_table_value(table, name) != NULL;
}

const json_t *tern_table_value(const tern_table *table, const char *name)
{
    return table->jsonl ? json_object_get(tern_jsonl_object(table->jsonl), name) : NULL;
}

int tern_table_text(const tern_table *table, const char *name, const char **text, size_t *n, tern_error *error)
{
    if (table->jsonl)
        return tern_jsonl_string(table->jsonl, name, text, n, error);
    *text = tern_csv_field(table->csv, tern_csv_find(table->csv, name), n);
    return 0;
}

int tern_table_fail_nul(const tern_table *table, const char *name, tern_error *error)
{
    return tern_fail(error,
                     "%s:%lld: \"%s\" holds a NUL character (\\u0000); mend it, or have it replaced with "
                     "--invalid-utf8 replace (in a recipe data.invalid_utf8: replace)",
                     tern_table_path(table), tern_table_line(table), name);
}

int tern_table_label(const tern_table *table, const char *name, char **label, tern_error *error)
{
    const char *text;
    size_t n;
    const json_t *value = tern_table_value(table, name);
    if (json_is_integer(value) || json_is_real(value) || json_is_boolean(value)) {
        char *written = json_dumps(value, JSON_ENCODE_ANY);
        TERN_CHECK(written, "a number that was read can't be written");
        *label = tern_strdup(written);
        free(written);
        return 0;
    }
    if (tern_table_text(table, name, &text, &n, error) < 0)
        return -1;
    if (memchr(text, 0, n))
        return tern_table_fail_nul(table, name, error);
    text = tern_trim_blanks(text, &n);
    if (n == 0)
        return tern_fail(error, "%s:%lld: \"%s\" is empty; fill it in or leave the row out", tern_table_path(table),
                         tern_table_line(table), name);
    *label = tern_strndup(text, n);
    return 0;
}

int tern_parse_number(const char *text, double *value)
{
    char *end;
    *value = 0;
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return -1;
    *value = strtod(text, &end);
    return *end == 0 && isfinite(*value) ? 0 : -1;
}

/* What is likely wrong with a number; "" when nothing comes to mind. */
static const char *number_hint(const char *text)
{
    size_t digits = strspn(text, "+-0123456789"), n = strlen(text);
    if (text[digits] == ',' && digits + 1 < n && digits + 1 + strspn(text + digits + 1, "0123456789") == n)
        return "; write the decimal comma as a point";
    if (n > 1 && text[n - 1] == '%' && strspn(text, "+-.0123456789") == n - 1)
        return "; leave out the %, and in a recipe say score_range: [0, 100]";
    return "";
}

int tern_table_number(const tern_table *table, const char *name, double *value, tern_error *error)
{
    const json_t *given = tern_table_value(table, name);
    if (json_is_number(given)) {
        *value = json_number_value(given);
        return 0;
    }
    if (table->jsonl)
        return tern_fail(error, "%s:%lld: \"%s\" is %s where a number is expected", tern_table_path(table),
                         tern_table_line(table), name, tern_json_kind(given));
    size_t n;
    const char *field = tern_csv_field(table->csv, tern_csv_find(table->csv, name), &n);
    field = tern_trim_blanks(field, &n);
    char *text = tern_strndup(field, n);
    int status = tern_parse_number(text, value);
    if (status < 0)
        tern_fail(error, "%s:%lld: \"%s\" is \"%.60s\" where a number is expected%s", tern_table_path(table),
                  tern_table_line(table), name, text, number_hint(text));
    free(text);
    return status;
}

/* A name that differs in its case alone, or the nearest one. */
static const char *find_near(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(name, names[i]) == 0)
            return names[i];
    return tern_nearest(name, names, n < MOST_COMPARED ? n : MOST_COMPARED);
}

static int fail_no_header(const tern_table *table, const char *first, size_t n, tern_error *error)
{
    const char *path = tern_table_path(table), *tab = table->form == TERN_FORM_TSV ? "\\t" : ",";
    char *in = tern_shell_word(path);
    char *names = n == 1 ? tern_strdup("anchor") : tern_format("anchor%spositive%s", tab, n == 2 ? "" : "...");
    tern_fail(error,
              "%s:1: the first line holds texts (\"%.60s\") where the columns' names are expected; put names above it, "
              "e.g.: { printf '%s\\n'; cat %s; } >NEW",
              path, first, names, in);
    free(names);
    free(in);
    return -1;
}

/* "a, b, c", and how many more there are. A new string. */
static char *list_names(const char *const *names, size_t n)
{
    tern_buffer list = {0};
    tern_buffer_add(&list, "", 0);
    for (size_t i = 0; i < n && i < MOST_LISTED; i++)
        tern_buffer_printf(&list, "%s%s", i ? ", " : "", *names[i] ? names[i] : "\"\"");
    if (n > MOST_LISTED)
        tern_buffer_printf(&list, " and %zu more", n - MOST_LISTED);
    return list.data;
}

char *tern_table_list_columns(const tern_table *table)
{
    const char **names;
    size_t n = tern_table_columns(table, &names);
    char *list = list_names(names, n);
    free(names);
    return list;
}

/* The only column whose name is like the role's; NULL: none, or several. */
static const char *find_like(const char *role, const char *const *names, size_t n)
{
    const char *found = NULL;
    for (size_t i = 0; role && i < n; i++) {
        const char *like = tern_role_like(names[i]);
        if (like && strcmp(like, role) == 0) {
            if (found)
                return NULL;
            found = names[i];
        }
    }
    return found;
}

int tern_table_fail_column(const tern_table *table, const char *role, const char *name, tern_error *error)
{
    const char **names, *path = tern_table_path(table);
    size_t n = tern_table_columns(table, &names);
    long long line = table->csv ? 1 : tern_table_line(table);
    const char *near = find_near(name, names, n), *like = find_like(role, names, n);
    char *list = list_names(names, n);
    if (near)
        tern_fail(error, "%s:%lld: there is no column \"%s\"; did you mean \"%s\"?", path, line, name, near);
    else if (table->csv && tern_names_are_texts(names, n))
        fail_no_header(table, names[0], n, error);
    else if (role)
        tern_fail(error, "%s:%lld: there is no column \"%s\"; of its columns (%s), say which one is the %s%s%s%s", path,
                  line, name, list, role, like ? " (" : "", like ? like : "", like ? " looks like it)" : "");
    else
        tern_fail(error, "%s:%lld: there is no column \"%s\"; its columns are %s", path, line, name, list);
    free(list);
    free(names);
    return -1;
}
