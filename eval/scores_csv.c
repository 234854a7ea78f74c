/* Per-query scores as a CSV (RFC 4180): query_id,<column>,... and a row a query; for spreadsheets, with ids that none
 * takes for a formula. */
#include "base/file.h"
#include "base/memory.h"
#include "data/csv.h"
#include "eval/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first column's names. */
static const char PLAIN[] = "query_id", GUARDED[] = "guarded_query_id";

/* Spreadsheets take a field that begins so for a formula, and run it: OWASP, CSV Injection. Full-width signs are among
 * them, which some turn into the plain ones. */
static int is_formula(const char *text)
{
    static const char *const wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (!strncmp(text, wide[i], 3))
            return 1;
    return *text && strchr("=+-@\t\r\n", *text) != NULL;
}

/* Semicolons and tabs stand in quotes too: a name full of them, in a header, would be taken for several. */
static void write_field(FILE *f, const char *text, int guard)
{
    const char *apostrophe = guard && (is_formula(text) || *text == '\'') ? "'" : "";
    if (!text[strcspn(text, ",;\t\"\r\n")]) {
        fprintf(f, "%s%s", apostrophe, text);
        return;
    }
    fprintf(f, "\"%s", apostrophe);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

void tern_scores_print(const tern_scores *scores, FILE *f, int how)
{
    int guard = how & TERN_SCORES_SPREADSHEET;
    fputs(guard ? GUARDED : PLAIN, f);
    for (int c = 0; c < scores->n_columns; c++) {
        fputc(',', f);
        write_field(f, scores->columns[c], 0);
    }
    for (int64_t q = 0; q < scores->n_queries; q++) {
        fputc('\n', f);
        write_field(f, scores->query_ids[q], guard);
        for (int c = 0; c < scores->n_columns; c++)
            fprintf(f, ",%.17g", scores->per_query[q * scores->n_columns + c]);
    }
    fputc('\n', f);
}

int tern_scores_write(const tern_scores *scores, const char *path, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite & TERN_SCORES_OVERWRITE, error);
    if (!writer)
        return -1;
    tern_scores_print(scores, tern_writer_stream(writer), overwrite);
    return tern_writer_commit(writer, error);
}

static int same_queries(const tern_scores *a, const tern_scores *b)
{
    if (a->n_queries != b->n_queries)
        return 0;
    for (int64_t q = 0; q < a->n_queries; q++)
        if (strcmp(a->query_ids[q], b->query_ids[q]) != 0)
            return 0;
    return 1;
}

/* Where a side's metric comes from; NULL: it has no such one, or other queries than the first side. */
static const tern_origin *origin_of(const tern_side *sides, int i, const char *metric)
{
    int at = tern_scores_find(sides[i].scores, metric);
    return at >= 0 && same_queries(sides[0].scores, sides[i].scores) ? &sides[i].scores->origins[at] : NULL;
}

/* The metric's column of each side, and before them the scores that a correlation is with. */
static void start_sides(tern_scores *out, const tern_side *sides, int n, const char *metric)
{
    char **columns = tern_calloc((size_t)n + 1, sizeof *columns);
    int first = origin_of(sides, 0, metric)->score < 0; /* means need no scores beside them */
    columns[0] = tern_strdup(TERN_COLUMN_SCORE);
    for (int i = 0; i < n; i++)
        columns[1 + i] =
            tern_format("%s_%s", sides[i].name, sides[i].scores->columns[origin_of(sides, i, metric)->column]);
    tern_scores_start(out, (const char *const *)columns + first, n + 1 - first, sides[0].scores->n_queries);
    for (int i = 0; i <= n; i++)
        free(columns[i]);
    free(columns);
}

int tern_scores_write_sides(const tern_side *sides, int n, const char *metric, const char *path, int overwrite,
                            tern_error *error)
{
    for (int i = 0; i < n; i++)
        if (!origin_of(sides, i, metric))
            return tern_fail(error, "%s: the evaluations of %s and %s model are not of the same queries and metric %s",
                             path, sides[0].name, sides[i > 0 ? i : 1].name, metric);
    tern_scores out;
    start_sides(&out, sides, n, metric);
    for (int i = 0; i < n; i++) {
        const tern_scores *from = sides[i].scores;
        const tern_origin *origin = origin_of(sides, i, metric);
        int first = out.n_columns - n;
        for (int64_t q = 0; q < out.n_queries; q++) {
            const double *row = from->per_query + q * from->n_columns;
            double *to = out.per_query + q * out.n_columns;
            to[first + i] = row[origin->column];
            if (first && i == 0)
                to[0] = row[origin->score];
            if (i == 0)
                out.query_ids[q] = tern_strdup(from->query_ids[q]);
        }
    }
    int status = tern_scores_write(&out, path, overwrite, error);
    tern_scores_free(&out);
    return status;
}

static int read_value(const tern_csv *csv, int column, double *value, tern_error *error)
{
    size_t n;
    const char *text = tern_csv_field(csv, column, &n);
    char *end;
    *value = strtod(text, &end);
    if (n == 0 || end != text + n || !isfinite(*value))
        return tern_fail(error, "%s:%lld: \"%.40s\" in column %s is not a number", tern_csv_path(csv),
                         (long long)tern_csv_line(csv), text, tern_csv_name(csv, column));
    return 0;
}

/* Rows as they come, before their number is known. */
typedef struct rows {
    char **ids;
    double *values; /* [n, n_columns] */
    size_t n, capacity;
} rows;

static int read_rows(tern_csv *csv, int n_columns, rows *r, tern_error *error)
{
    int status, guarded = !strcmp(tern_csv_name(csv, 0), GUARDED);
    while ((status = tern_csv_next(csv, error)) > 0) {
        if (r->n == r->capacity) {
            TERN_GROW(r->ids, r->n, r->capacity);
            r->values = tern_realloc(r->values, r->capacity, (size_t)n_columns * sizeof *r->values);
        }
        const char *id = tern_csv_field(csv, 0, NULL);
        r->ids[r->n++] = tern_strdup(guarded && *id == '\'' ? id + 1 : id);
        for (int c = 0; c < n_columns; c++)
            if (read_value(csv, c + 1, r->values + (r->n - 1) * (size_t)n_columns + c, error) < 0)
                return -1;
    }
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A text that occurs twice, or NULL. */
static const char *find_twice(char *const *texts, size_t n)
{
    const char **sorted = tern_alloc(n, sizeof *sorted), *twice = NULL;
    for (size_t i = 0; i < n; i++)
        sorted[i] = texts[i];
    qsort(sorted, n, sizeof *sorted, by_text);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(sorted[i], sorted[i - 1]))
            twice = sorted[i];
    free(sorted);
    return twice;
}

static int check_rows(const rows *r, const char *path, tern_error *error)
{
    if (r->n == 0)
        return tern_fail(error, "%s: no query follows the header", path);
    const char *twice = find_twice(r->ids, r->n);
    return twice ? tern_fail(error, "%s: query \"%.80s\" occurs twice", path, twice) : 0;
}

/* Each column is named, not as the ids are, and no two metrics are named alike: x_similarity makes x_spearman, which
 * may be a column too. */
static int check_names(const tern_scores *scores, const char *path, tern_error *error)
{
    for (int c = 0; c < scores->n_columns; c++) {
        const char *name = scores->columns[c];
        if (!*name || !strcmp(name, PLAIN) || !strcmp(name, GUARDED))
            return tern_fail(error, "%s:1: column %d is named \"%s\", which is no metric", path, c + 2, name);
    }
    const char *twice = find_twice(scores->names, (size_t)scores->n_metrics);
    return twice ? tern_fail(error, "%s:1: its columns give the metric %.80s twice; take one of them out", path, twice)
                 : 0;
}

/* Moves the ids over, copies the values. */
static void make_scores(tern_scores *scores, const tern_csv *csv, int n_columns, rows *r)
{
    const char **names = tern_alloc((size_t)n_columns, sizeof *names);
    for (int c = 0; c < n_columns; c++)
        names[c] = tern_csv_name(csv, c + 1);
    tern_scores_start(scores, names, n_columns, (int64_t)r->n);
    memcpy(scores->query_ids, r->ids, r->n * sizeof *r->ids);
    memcpy(scores->per_query, r->values, r->n * (size_t)n_columns * sizeof *r->values);
    tern_scores_finish(scores);
    r->n = 0;
    free(names);
}

/* Of a file that was opened, or not (NULL); closes it. */
static int read_opened(tern_scores *scores, tern_csv *csv, tern_error *error)
{
    if (!csv)
        return -1;
    rows r = {0};
    int n_columns = tern_csv_columns(csv) - 1, status = -1;
    if (n_columns < 1 || (strcmp(tern_csv_name(csv, 0), PLAIN) && strcmp(tern_csv_name(csv, 0), GUARDED))) {
        tern_fail(error, "%s:1: the header is not query_id and metrics; give a file that tern eval --per-query wrote",
                  tern_csv_path(csv));
        goto out;
    }
    if (read_rows(csv, n_columns, &r, error) < 0 || check_rows(&r, tern_csv_path(csv), error) < 0)
        goto out;
    make_scores(scores, csv, n_columns, &r);
    status = check_names(scores, tern_csv_path(csv), error);
    if (status < 0)
        tern_scores_free(scores);
out:
    for (size_t i = 0; i < r.n; i++)
        free(r.ids[i]);
    free(r.ids);
    free(r.values);
    tern_csv_close(csv);
    return status;
}

int tern_scores_read(tern_scores *scores, const char *path, tern_error *error)
{
    return read_opened(scores, tern_csv_open(path, ',', 0, error), error);
}

int tern_scores_of_memory(tern_scores *scores, const char *name, const char *data, size_t n, tern_error *error)
{
    return read_opened(scores, tern_csv_of_memory(name, data, n, ',', 0, error), error);
}
