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

/* A role of any number of columns: base, then base_0, base_1, ... as far as they are there. */
typedef struct columns {
    const char *base;
    char *name[TERN_MAX_SCORES];
    int n, most;
} columns;

/* Column names; NULL: the file has none of this role. */
typedef struct roles {
    const char *anchor, *positive, *label;
    columns negatives, scores;
    int score_is_list; /* one column, with a JSON list of numbers */
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

/* NULL for a CSV file and for a key that isn't there. */
static const json_t *table_value(const table *t, const char *name)
{
    return t->jsonl ? json_object_get(tern_jsonl_object(t->jsonl), name) : NULL;
}

/* A label as text: numbers and truth values of JSON as they would be written. */
static int table_label(const table *t, const char *name, char **label, tern_error *error)
{
    const char *text;
    size_t n;
    const json_t *value = table_value(t, name);
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
    const json_t *given = table_value(t, name);
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

static int add_column(const table *t, columns *c, char *name, const char *role, tern_error *error)
{
    if (!table_has(t, name)) {
        free(name);
        return 0;
    }
    if (c->n == c->most) {
        free(name);
        return tern_fail(error, "%s:%lld: more than %d %ss a row", table_path(t), table_line(t), c->most, role);
    }
    c->name[c->n++] = name;
    return 0;
}

static int find_columns(const table *t, const char *role, const char *wanted, int most, columns *c, tern_error *error)
{
    c->base = wanted ? wanted : role;
    c->most = most;
    if (add_column(t, c, tern_strdup(c->base), role, error) < 0)
        return -1;
    for (int i = 0; i < 4 * most; i++)
        if (add_column(t, c, tern_format("%s_%d", c->base, i), role, error) < 0)
            return -1;
    return wanted && c->n == 0 ? fail_column(t, role, wanted, error) : 0;
}

static int find_roles(const table *t, const tern_rows_source *source, roles *r, tern_error *error)
{
    if (find_role(t, "anchor", source->anchor, 1, &r->anchor, error) < 0 ||
        find_role(t, "positive", source->positive, 0, &r->positive, error) < 0 ||
        find_role(t, "label", source->label, 0, &r->label, error) < 0)
        return -1;
    return find_columns(t, "negative", source->negative, TERN_MAX_NEGATIVES, &r->negatives, error) < 0 ||
                   find_columns(t, "score", source->score, TERN_MAX_SCORES, &r->scores, error) < 0
               ? -1
               : 0;
}

static void free_columns(columns *c)
{
    for (int i = 0; i < c->n; i++)
        free(c->name[i]);
}

static int is_column(const columns *c, const char *key)
{
    size_t n = strlen(c->base);
    if (strncmp(key, c->base, n) != 0)
        return 0;
    return key[n] == 0 || (key[n] == '_' && key[n + 1] && key[n + 1 + strspn(key + n + 1, "0123456789")] == 0);
}

/* JSONL: a row must not bring a role that the first one lacked, since it would be dropped in silence. A role that it
 * lacks itself is found out when it is read. */
static int check_same_roles(const table *t, const roles *r, tern_error *error)
{
    const char *key;
    json_t *value;
    int negatives = 0, scores = 0;
    if (!t->jsonl)
        return 0;
    json_object_foreach((json_t *)tern_jsonl_object(t->jsonl), key, value)
    {
        int extra = (!r->positive && strcmp(key, "positive") == 0) || (!r->label && strcmp(key, "label") == 0);
        negatives += is_column(&r->negatives, key);
        scores += is_column(&r->scores, key);
        if (extra || negatives > r->negatives.n || scores > r->scores.n)
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

static void add_score(tern_rows_build *build, double value)
{
    TERN_GROW(build->rows->score, build->n_score, build->score_capacity);
    build->rows->score[build->n_score++] = value;
}

/* The scale that the source asks for, so that its ends become 0 and 1. */
static int scale_score(const table *t, const tern_rows_source *source, const char *name, double *value,
                       tern_error *error)
{
    double from = source->score_least, to = source->score_most;
    if (from == to)
        return 0;
    if (*value < fmin(from, to) || *value > fmax(from, to))
        return tern_fail(error, "%s:%lld: \"%s\" is %g, which isn't between %g and %g", table_path(t), table_line(t),
                         name, *value, from, to);
    /* Halves, since the whole difference may not fit a double. */
    *value = (0.5 * *value - 0.5 * from) / (0.5 * to - 0.5 * from);
    return 0;
}

static int read_list(const table *t, const roles *r, const tern_rows_source *source, tern_rows_build *build,
                     tern_error *error)
{
    const char *name = r->scores.name[0];
    const json_t *list = table_value(t, name);
    if (!json_is_array(list))
        return tern_fail(error, "%s:%lld: \"%s\" is %s where a list of numbers is expected, as in the first row",
                         table_path(t), table_line(t), name, tern_json_kind(list));
    if (json_array_size(list) != (size_t)build->rows->n_scores)
        return tern_fail(error, "%s:%lld: \"%s\" holds %zu numbers, those of the first row %d", table_path(t),
                         table_line(t), name, json_array_size(list), build->rows->n_scores);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        double value = json_number_value(item);
        if (!json_is_number(item))
            return tern_fail(error, "%s:%lld: \"%s\" holds %s where a number is expected", table_path(t), table_line(t),
                             name, tern_json_kind(item));
        if (scale_score(t, source, name, &value, error) < 0)
            return -1;
        add_score(build, value);
    }
    return 0;
}

static int read_scores(const table *t, const roles *r, const tern_rows_source *source, tern_rows_build *build,
                       tern_error *error)
{
    double value;
    if (r->score_is_list)
        return read_list(t, r, source, build, error);
    for (int i = 0; i < r->scores.n; i++) {
        if (table_number(t, r->scores.name[i], &value, error) < 0 ||
            scale_score(t, source, r->scores.name[i], &value, error) < 0)
            return -1;
        add_score(build, value);
    }
    return 0;
}

/* Labels that are all numbers, or true and false in JSON, are scores too, in a file that has no others. */
static int score_by_label(const table *t, const roles *r, const tern_rows_source *source, tern_rows_build *build,
                          const char *label, tern_error *error)
{
    const json_t *given = table_value(t, r->label);
    double value = json_is_true(given);
    if (build->labels_are_words)
        return 0;
    if (!json_is_boolean(given) && parse_number(label, &value) < 0) {
        build->labels_are_words = 1;
        return 0;
    }
    if (scale_score(t, source, r->label, &value, error) < 0)
        return -1;
    add_score(build, value);
    return 0;
}

static int read_label(const table *t, const roles *r, const tern_rows_source *source, tern_rows_build *build,
                      tern_texts *labels, tern_error *error)
{
    tern_rows *rows = build->rows;
    char *label;
    if (table_label(t, r->label, &label, error) < 0)
        return -1;
    TERN_GROW(rows->label, build->n_label, build->label_capacity);
    rows->label[build->n_label++] = tern_texts_add(labels, label, strlen(label));
    int status = r->scores.n ? 0 : score_by_label(t, r, source, build, label, error);
    free(label);
    return status;
}

static int read_row(const table *t, const roles *r, const tern_rows_source *source, tern_rows_build *build,
                    tern_texts *labels, tern_error *error)
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
    for (int i = 0; i < r->negatives.n; i++) {
        TERN_GROW(rows->negative, build->n_negative, build->negative_capacity);
        if (read_text(t, rows->texts, r->negatives.name[i], &rows->negative[build->n_negative++], error) < 0)
            return -1;
    }
    rows->n++;
    if (read_scores(t, r, source, build, error) < 0)
        return -1;
    return r->label ? read_label(t, r, source, build, labels, error) : 0;
}

/* What all rows must have, by the first one. */
static int begin(const table *t, const tern_rows_source *source, roles *r, tern_rows *rows, tern_error *error)
{
    if (find_roles(t, source, r, error) < 0)
        return -1;
    const json_t *first = r->scores.n == 1 ? table_value(t, r->scores.name[0]) : NULL;
    size_t n = json_array_size(first);
    r->score_is_list = json_is_array(first);
    if (r->score_is_list && (n == 0 || n > TERN_MAX_SCORES))
        return tern_fail(error, "%s:%lld: \"%s\" holds %zu numbers where 1 to %d are expected", table_path(t),
                         table_line(t), r->scores.name[0], n, (int)TERN_MAX_SCORES);
    rows->n_scores = r->score_is_list ? (int)n : r->scores.n;
    return 0;
}

/* After the last row. */
static int finish(const table *t, const tern_rows_source *source, const roles *r, tern_rows_build *build,
                  const tern_texts *labels, tern_error *error)
{
    tern_rows *rows = build->rows;
    rows->n_negatives = r->negatives.n;
    rows->has_positive = r->positive != NULL;
    rows->has_label = r->label != NULL;
    rows->n_labels = tern_texts_count(labels);
    if (!r->scores.n && r->label && !build->labels_are_words)
        rows->n_scores = 1;
    if (rows->n_scores == 0) {
        free(rows->score);
        rows->score = NULL;
        if (source->score_least != source->score_most)
            return tern_fail(error,
                             "%s: scores from %g to %g are expected, and it has none; name their column as score",
                             table_path(t), source->score_least, source->score_most);
    }
    rows->has_score = rows->n_scores > 0;
    return 0;
}

static int read_rows(table *t, const tern_rows_source *source, roles *r, tern_rows_build *build, tern_texts *labels,
                     tern_error *error)
{
    int status;
    while ((status = table_next(t, error)) > 0) {
        if (build->rows->n == 0 && begin(t, source, r, build->rows, error) < 0)
            return -1;
        if (check_same_roles(t, r, error) < 0 || read_row(t, r, source, build, labels, error) < 0)
            return -1;
    }
    if (status < 0)
        return -1;
    if (build->rows->n == 0)
        return tern_fail(error, "%s: it holds no rows", table_path(t));
    return finish(t, source, r, build, labels, error);
}

int tern_rows_read_file(tern_rows_build *build, const tern_rows_source *source, tern_error *error)
{
    table t;
    roles r = {0};
    if (table_open(&t, source->file, source->invalid_utf8_replace, error) < 0)
        return -1;
    tern_texts *labels = tern_texts_create();
    int status = read_rows(&t, source, &r, build, labels, error);
    free_columns(&r.negatives);
    free_columns(&r.scores);
    tern_texts_free(labels);
    table_close(&t);
    return status;
}
