/* Rows from JSONL, CSV and TSV: one table with two readers behind it, and the columns that play a role. */
#include "data/rows_build.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "data/csv.h"
#include "data/jsonl.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* Exactly one of them. */
typedef struct table {
    tern_csv *csv;
    tern_jsonl *jsonl;
} table;

/* Column names; NULL: the file has none of this role. */
typedef struct roles {
    const char *anchor, *positive, *label, *score;
    const char *negative_base;
    char *negative[TERN_MAX_NEGATIVES];
    int n_negatives;
} roles;

static const char *ending_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && !strchr(dot, '/') ? dot + 1 : "";
}

static int table_open(table *t, const char *path, int replace, tern_error *error)
{
    const char *ending = ending_of(path);
    *t = (table){0};
    if (tern_folder_exists(path))
        return tern_fail(error, "%s: it is a folder; a folder in BEIR form is given as beir, rows as a file", path);
    if (strcasecmp(ending, "jsonl") == 0 || strcasecmp(ending, "ndjson") == 0 || strcasecmp(ending, "json") == 0)
        t->jsonl = tern_jsonl_open(path, replace, error);
    else if (strcasecmp(ending, "csv") == 0)
        t->csv = tern_csv_open(path, ',', replace, error);
    else if (strcasecmp(ending, "tsv") == 0 || strcasecmp(ending, "tab") == 0)
        t->csv = tern_csv_open(path, '\t', replace, error);
    else
        return tern_fail(error, "%s: its form can't be told from its name; rows are read from .jsonl, .csv and .tsv",
                         path);
    return t->csv || t->jsonl ? 0 : -1;
}

static void table_close(table *t)
{
    tern_csv_close(t->csv);
    tern_jsonl_close(t->jsonl);
}

static int table_next(table *t, tern_error *error)
{
    return t->csv ? tern_csv_next(t->csv, error) : tern_jsonl_next(t->jsonl, error);
}

static const char *table_path(const table *t)
{
    return t->csv ? tern_csv_path(t->csv) : tern_jsonl_path(t->jsonl);
}

static long long table_line(const table *t)
{
    return (long long)(t->csv ? tern_csv_line(t->csv) : tern_jsonl_line(t->jsonl));
}

static int table_has(const table *t, const char *name)
{
    return t->csv ? tern_csv_find(t->csv, name) >= 0 : json_object_get(tern_jsonl_object(t->jsonl), name) != NULL;
}

static int table_text(const table *t, const char *name, const char **text, size_t *n, tern_error *error)
{
    if (t->jsonl)
        return tern_jsonl_string(t->jsonl, name, text, n, error);
    *text = tern_csv_field(t->csv, tern_csv_find(t->csv, name), n);
    return 0;
}

/* A label as text: numbers and truth values of JSON as they would be written. */
static int table_label(const table *t, const char *name, char **label, tern_error *error)
{
    const char *text;
    size_t n;
    const json_t *value = t->jsonl ? json_object_get(tern_jsonl_object(t->jsonl), name) : NULL;
    if (json_is_integer(value) || json_is_real(value) || json_is_boolean(value)) {
        char *written = json_dumps(value, JSON_ENCODE_ANY);
        TERN_CHECK(written, "a number that was read can't be written");
        *label = tern_strdup(written);
        free(written);
        return 0;
    }
    if (table_text(t, name, &text, &n, error) < 0)
        return -1;
    *label = tern_strndup(text, n);
    return 0;
}

/* Decimal and finite, to the last character. */
static int parse_number(const char *text, double *value)
{
    char *end;
    *value = 0;
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return -1;
    *value = strtod(text, &end);
    return *end == 0 && isfinite(*value) ? 0 : -1;
}

static int table_number(const table *t, const char *name, double *value, tern_error *error)
{
    const json_t *given = t->jsonl ? json_object_get(tern_jsonl_object(t->jsonl), name) : NULL;
    if (json_is_number(given)) {
        *value = json_number_value(given);
        return 0;
    }
    if (t->jsonl)
        return tern_fail(error, "%s:%lld: \"%s\" is %s where a number is expected", table_path(t), table_line(t), name,
                         tern_json_kind(given));
    const char *text = tern_csv_field(t->csv, tern_csv_find(t->csv, name), NULL);
    if (parse_number(text, value) == 0)
        return 0;
    return tern_fail(error, "%s:%lld: \"%s\" is \"%.60s\" where a number is expected", table_path(t), table_line(t),
                     name, text);
}

static size_t table_columns(const table *t, const char ***names)
{
    size_t n = 0, most = t->csv ? (size_t)tern_csv_columns(t->csv) : json_object_size(tern_jsonl_object(t->jsonl));
    *names = tern_alloc(most, sizeof **names);
    if (t->csv) {
        for (; n < most; n++)
            (*names)[n] = tern_csv_name(t->csv, (int)n);
        return n;
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)tern_jsonl_object(t->jsonl), key, value)(*names)[n++] = key;
    return n;
}

static int fail_column(const table *t, const char *role, const char *name, tern_error *error)
{
    const char **names;
    size_t n = table_columns(t, &names);
    const char *near = tern_nearest(name, names, n);
    long long line = t->csv ? 1 : table_line(t);
    tern_buffer list = {0};
    tern_buffer_add(&list, "", 0);
    for (size_t i = 0; i < n; i++)
        tern_buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    if (near)
        tern_fail(error, "%s:%lld: there is no column \"%s\"; did you mean \"%s\"?", table_path(t), line, name, near);
    else
        tern_fail(error, "%s:%lld: there is no column \"%s\"; of its columns (%s), say which one is the %s",
                  table_path(t), line, name, list.data, role);
    tern_buffer_free(&list);
    free(names);
    return -1;
}

/* *name: the column's name; NULL when it wasn't asked for by name and isn't there. */
static int find_role(const table *t, const char *role, const char *wanted, int required, const char **name,
                     tern_error *error)
{
    *name = wanted ? wanted : role;
    if (table_has(t, *name))
        return 0;
    if (wanted || required)
        return fail_column(t, role, *name, error);
    *name = NULL;
    return 0;
}

static int add_negative(const table *t, roles *r, char *name, tern_error *error)
{
    if (!table_has(t, name)) {
        free(name);
        return 0;
    }
    if (r->n_negatives == TERN_MAX_NEGATIVES) {
        free(name);
        return tern_fail(error, "%s:%lld: more than %d negatives a row", table_path(t), table_line(t),
                         TERN_MAX_NEGATIVES);
    }
    r->negative[r->n_negatives++] = name;
    return 0;
}

/* negative, then negative_0, negative_1, ... as far as they are there. */
static int find_negatives(const table *t, const char *wanted, roles *r, tern_error *error)
{
    r->negative_base = wanted ? wanted : "negative";
    if (add_negative(t, r, tern_strdup(r->negative_base), error) < 0)
        return -1;
    for (int i = 0; i < 4 * TERN_MAX_NEGATIVES; i++)
        if (add_negative(t, r, tern_format("%s_%d", r->negative_base, i), error) < 0)
            return -1;
    return wanted && r->n_negatives == 0 ? fail_column(t, "negative", wanted, error) : 0;
}

static int find_roles(const table *t, const tern_rows_source *source, roles *r, tern_error *error)
{
    if (find_role(t, "anchor", source->anchor, 1, &r->anchor, error) < 0 ||
        find_role(t, "positive", source->positive, 0, &r->positive, error) < 0 ||
        find_role(t, "label", source->label, 0, &r->label, error) < 0 ||
        find_role(t, "score", source->score, 0, &r->score, error) < 0)
        return -1;
    return find_negatives(t, source->negative, r, error);
}

static int is_negative(const roles *r, const char *key)
{
    size_t n = strlen(r->negative_base);
    if (strncmp(key, r->negative_base, n) != 0)
        return 0;
    return key[n] == 0 || (key[n] == '_' && key[n + 1] && key[n + 1 + strspn(key + n + 1, "0123456789")] == 0);
}

/* JSONL: a row must not bring a role that the first one lacked, since it would be dropped in silence. A role that it
 * lacks itself is found out when it is read. */
static int check_same_roles(const table *t, const roles *r, tern_error *error)
{
    const char *key;
    json_t *value;
    int negatives = 0;
    if (!t->jsonl)
        return 0;
    json_object_foreach((json_t *)tern_jsonl_object(t->jsonl), key, value)
    {
        int extra = (!r->positive && strcmp(key, "positive") == 0) || (!r->label && strcmp(key, "label") == 0) ||
                    (!r->score && strcmp(key, "score") == 0);
        negatives += is_negative(r, key);
        if (extra || negatives > r->n_negatives)
            return tern_fail(error,
                             "%s:%lld: the row has \"%s\", which the first row lacks; all rows need the same roles",
                             table_path(t), table_line(t), key);
    }
    return 0;
}

static int read_text(const table *t, tern_texts *texts, const char *name, int64_t *id, tern_error *error)
{
    const char *text;
    size_t n, blank = 0;
    if (table_text(t, name, &text, &n, error) < 0)
        return -1;
    if (memchr(text, 0, n))
        return tern_fail(error, "%s:%lld: \"%s\" holds a NUL character (\\u0000)", table_path(t), table_line(t), name);
    while (blank < n && isspace((unsigned char)text[blank]))
        blank++;
    if (blank == n)
        return tern_fail(error, "%s:%lld: \"%s\" is empty; fill it in or leave the row out", table_path(t),
                         table_line(t), name);
    *id = tern_texts_add(texts, text, n);
    return 0;
}

static int read_numbers(const table *t, const roles *r, tern_rows_build *build, tern_texts *labels, tern_error *error)
{
    tern_rows *rows = build->rows;
    if (r->score) {
        TERN_GROW(rows->score, build->n_score, build->score_capacity);
        if (table_number(t, r->score, &rows->score[build->n_score++], error) < 0)
            return -1;
    }
    if (r->label) {
        char *label;
        if (table_label(t, r->label, &label, error) < 0)
            return -1;
        TERN_GROW(rows->label, build->n_label, build->label_capacity);
        rows->label[build->n_label++] = tern_texts_add(labels, label, strlen(label));
        free(label);
    }
    return 0;
}

static int read_row(const table *t, const roles *r, tern_rows_build *build, tern_texts *labels, tern_error *error)
{
    tern_rows *rows = build->rows;
    TERN_GROW(rows->anchor, build->n_anchor, build->anchor_capacity);
    if (read_text(t, rows->texts, r->anchor, &rows->anchor[build->n_anchor++], error) < 0)
        return -1;
    if (r->positive) {
        TERN_GROW(rows->positive, build->n_positive, build->positive_capacity);
        if (read_text(t, rows->texts, r->positive, &rows->positive[build->n_positive++], error) < 0)
            return -1;
    }
    for (int i = 0; i < r->n_negatives; i++) {
        TERN_GROW(rows->negative, build->n_negative, build->negative_capacity);
        if (read_text(t, rows->texts, r->negative[i], &rows->negative[build->n_negative++], error) < 0)
            return -1;
    }
    rows->n++;
    return read_numbers(t, r, build, labels, error);
}

/* Labels that are all numbers are scores too. */
static void score_by_labels(tern_rows *rows, const tern_texts *labels)
{
    int64_t n = tern_texts_count(labels);
    double *value = tern_alloc((size_t)n, sizeof *value);
    int numeric = n > 0;
    for (int64_t i = 0; numeric && i < n; i++)
        numeric = parse_number(tern_texts_get(labels, i, NULL), &value[i]) == 0;
    if (numeric) {
        rows->score = tern_alloc((size_t)rows->n, sizeof *rows->score);
        for (int64_t i = 0; i < rows->n; i++)
            rows->score[i] = value[rows->label[i]];
        rows->has_score = 1;
    }
    free(value);
}

static int read_rows(table *t, const tern_rows_source *source, roles *r, tern_rows_build *build, tern_texts *labels,
                     tern_error *error)
{
    int status;
    while ((status = table_next(t, error)) > 0) {
        if (build->rows->n == 0 && find_roles(t, source, r, error) < 0)
            return -1;
        if (check_same_roles(t, r, error) < 0 || read_row(t, r, build, labels, error) < 0)
            return -1;
    }
    if (status == 0 && build->rows->n == 0)
        return tern_fail(error, "%s: it holds no rows", table_path(t));
    return status;
}

int tern_rows_read_file(tern_rows_build *build, const tern_rows_source *source, tern_error *error)
{
    table t;
    roles r = {0};
    tern_rows *rows = build->rows;
    if (table_open(&t, source->file, source->invalid_utf8_replace, error) < 0)
        return -1;
    tern_texts *labels = tern_texts_create();
    int status = read_rows(&t, source, &r, build, labels, error);
    rows->n_negatives = r.n_negatives;
    rows->has_positive = r.positive != NULL;
    rows->has_label = r.label != NULL;
    rows->has_score = r.score != NULL;
    if (status == 0 && r.label && !r.score)
        score_by_labels(rows, labels);
    for (int i = 0; i < r.n_negatives; i++)
        free(r.negative[i]);
    tern_texts_free(labels);
    table_close(&t);
    return status;
}
