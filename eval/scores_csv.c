/* Per-query scores as a CSV (RFC 4180): query_id,<metric>,... and a row a query. */
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
    for (int m = 0; m < scores->n_metrics; m++)
        fprintf(f, ",%s", scores->names[m]);
    for (int64_t q = 0; q < scores->n_queries; q++) {
        fputc('\n', f);
        write_field(f, scores->query_ids[q]);
        for (int m = 0; m < scores->n_metrics; m++)
            fprintf(f, ",%.17g", scores->per_query[q * scores->n_metrics + m]);
    }
    fputc('\n', f);
    return tern_writer_commit(writer, error);
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
    double *values; /* [n, n_metrics] */
    size_t n, capacity;
} rows;

static int read_rows(tern_csv *csv, int n_metrics, rows *r, tern_error *error)
{
    int status;
    while ((status = tern_csv_next(csv, error)) > 0) {
        if (r->n == r->capacity) {
            TERN_GROW(r->ids, r->n, r->capacity);
            r->values = tern_realloc(r->values, r->capacity, (size_t)n_metrics * sizeof *r->values);
        }
        r->ids[r->n++] = tern_strdup(tern_csv_field(csv, 0, NULL));
        for (int m = 0; m < n_metrics; m++)
            if (read_value(csv, m + 1, r->values + (r->n - 1) * (size_t)n_metrics + m, error) < 0)
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
static void make_scores(tern_scores *scores, const tern_csv *csv, int n_metrics, rows *r)
{
    const char **names = tern_alloc((size_t)n_metrics, sizeof *names);
    for (int m = 0; m < n_metrics; m++)
        names[m] = tern_csv_name(csv, m + 1);
    tern_scores_start(scores, names, n_metrics, (int64_t)r->n);
    memcpy(scores->query_ids, r->ids, r->n * sizeof *r->ids);
    memcpy(scores->per_query, r->values, r->n * (size_t)n_metrics * sizeof *r->values);
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
    int n_metrics = tern_csv_columns(csv) - 1, status = -1;
    if (n_metrics < 1 || strcmp(tern_csv_name(csv, 0), "query_id")) {
        tern_fail(error, "%s:1: the header is not query_id and metrics; give a file that tern eval --per-query wrote",
                  path);
        goto out;
    }
    if (read_rows(csv, n_metrics, &r, error) < 0 || check_rows(&r, path, error) < 0)
        goto out;
    make_scores(scores, csv, n_metrics, &r);
    status = 0;
out:
    for (size_t i = 0; i < r.n; i++)
        free(r.ids[i]);
    free(r.ids);
    free(r.values);
    tern_csv_close(csv);
    return status;
}
