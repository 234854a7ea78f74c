/* Per-query scores as a CSV (RFC 4180): query_id,<column>,... and a row a query. */
#include "base/file.h"
#include "base/memory.h"
#include "data/csv.h"
#include "eval/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void write_field(FILE *f, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

int tern_scores_write(const tern_scores *scores, const char *path, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite, error);
    if (!writer)
        return -1;
    FILE *f = tern_writer_stream(writer);
    fputs("query_id", f);
    for (int c = 0; c < scores->n_columns; c++)
        fprintf(f, ",%s", scores->columns[c]);
    for (int64_t q = 0; q < scores->n_queries; q++) {
        fputc('\n', f);
        write_field(f, scores->query_ids[q]);
        for (int c = 0; c < scores->n_columns; c++)
            fprintf(f, ",%.17g", scores->per_query[q * scores->n_columns + c]);
    }
    fputc('\n', f);
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

int tern_scores_write_both(const tern_scores *base, const tern_scores *tuned, const char *metric, const char *path,
                           int overwrite, tern_error *error)
{
    int at_base = tern_scores_find(base, metric), at_tuned = tern_scores_find(tuned, metric);
    if (at_base < 0 || at_tuned < 0 || !same_queries(base, tuned))
        return tern_fail(error, "%s: the evaluations of base and tuned model are not of the same queries and metric %s",
                         path, metric);
    const tern_origin *a = &base->origins[at_base], *b = &tuned->origins[at_tuned];
    char *columns[] = {tern_strdup(TERN_COLUMN_SCORE), tern_format("base_%s", base->columns[a->column]),
                       tern_format("tuned_%s", tuned->columns[b->column])};
    int first = b->score < 0, n_columns = 3 - first; /* means need no scores beside them */
    tern_scores both;
    tern_scores_start(&both, (const char *const *)columns + first, n_columns, base->n_queries);
    for (int64_t q = 0; q < base->n_queries; q++) {
        const double *x = base->per_query + q * base->n_columns, *y = tuned->per_query + q * tuned->n_columns;
        double *row = both.per_query + q * n_columns;
        both.query_ids[q] = tern_strdup(base->query_ids[q]);
        if (!first)
            *row++ = y[b->score];
        row[0] = x[a->column];
        row[1] = y[b->column];
    }
    int status = tern_scores_write(&both, path, overwrite, error);
    tern_scores_free(&both);
    for (int i = 0; i < 3; i++)
        free(columns[i]);
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
    int status;
    while ((status = tern_csv_next(csv, error)) > 0) {
        if (r->n == r->capacity) {
            TERN_GROW(r->ids, r->n, r->capacity);
            r->values = tern_realloc(r->values, r->capacity, (size_t)n_columns * sizeof *r->values);
        }
        r->ids[r->n++] = tern_strdup(tern_csv_field(csv, 0, NULL));
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

static int check_rows(const rows *r, const char *path, tern_error *error)
{
    if (r->n == 0)
        return tern_fail(error, "%s: no query follows the header", path);
    const char **sorted = tern_alloc(r->n, sizeof *sorted), *twice = NULL;
    for (size_t i = 0; i < r->n; i++)
        sorted[i] = r->ids[i];
    qsort(sorted, r->n, sizeof *sorted, by_text);
    for (size_t i = 1; i < r->n; i++)
        if (!strcmp(sorted[i], sorted[i - 1]))
            twice = sorted[i];
    free(sorted);
    return twice ? tern_fail(error, "%s: query \"%.80s\" occurs twice", path, twice) : 0;
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

int tern_scores_read(tern_scores *scores, const char *path, tern_error *error)
{
    tern_csv *csv = tern_csv_open(path, ',', 0, error);
    if (!csv)
        return -1;
    rows r = {0};
    int n_columns = tern_csv_columns(csv) - 1, status = -1;
    if (n_columns < 1 || strcmp(tern_csv_name(csv, 0), "query_id")) {
        tern_fail(error, "%s:1: the header is not query_id and metrics; give a file that tern eval --per-query wrote",
                  path);
        goto out;
    }
    if (read_rows(csv, n_columns, &r, error) < 0 || check_rows(&r, path, error) < 0)
        goto out;
    make_scores(scores, csv, n_columns, &r);
    status = 0;
out:
    for (size_t i = 0; i < r.n; i++)
        free(r.ids[i]);
    free(r.ids);
    free(r.values);
    tern_csv_close(csv);
    return status;
}
