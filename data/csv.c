#include "data/csv.h"

#include "base/memory.h"
#include "data/input.h"

#include <string.h>

struct tern_csv {
    tern_input input;
    char *path;
    char separator;
    int quoted;       /* quotes have their meaning */
    int doubled_seen; /* a quoted field held "" */
    int64_t line;     /* of the byte at input.at */
    int64_t row_line;
    /* The row: field i is row.data[start[i]] .. row.data[start[i + 1] - 2], with a 0 behind it. */
    tern_buffer row;
    size_t *start;
    size_t n_fields, start_capacity;
    char **names;
    int n_names;
};

static void end_field(tern_csv *csv)
{
    tern_buffer_add(&csv->row, "", 1);
    csv->n_fields++;
    TERN_GROW(csv->start, csv->n_fields, csv->start_capacity);
    csv->start[csv->n_fields] = csv->row.n;
}

static void read_plain(tern_csv *csv)
{
    const char *data = csv->input.data;
    size_t from = csv->input.at, to = from;
    while (to < csv->input.n && data[to] != csv->separator && data[to] != '\n')
        to++;
    csv->input.at = to;
    int at_end = to == csv->input.n || data[to] == '\n';
    if (at_end && to > from && data[to - 1] == '\r')
        to--;
    tern_buffer_add(&csv->row, data + from, to - from);
    end_field(csv);
}

static int64_t count_lines(const char *text, size_t n)
{
    int64_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

/* After a closing quote: a separator or the end of the line. */
static int check_closed(tern_csv *csv, tern_error *error)
{
    const char *next = csv->input.data + csv->input.at;
    size_t left = csv->input.n - csv->input.at;
    if (left >= 1 && *next == '\r' && (left == 1 || next[1] == '\n')) {
        csv->input.at++;
        return 0;
    }
    if (left == 0 || *next == csv->separator || *next == '\n')
        return 0;
    return tern_fail(error,
                     "%s:%lld: text follows the closing quote of field %zu; write a quote inside a quoted "
                     "field twice",
                     csv->path, (long long)csv->line, csv->n_fields);
}

static int read_quoted(tern_csv *csv, tern_error *error)
{
    int64_t opened = csv->line;
    const char *data = csv->input.data, *end = data + csv->input.n, *from = data + csv->input.at + 1;
    for (;;) {
        const char *quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;
        if (!quote)
            return tern_fail(error, "%s:%lld: a quote opens in field %zu and never closes", csv->path,
                             (long long)opened, csv->n_fields + 1);
        tern_buffer_add(&csv->row, from, (size_t)(quote - from));
        csv->line += count_lines(from, (size_t)(quote - from));
        from = quote + 1;
        if (from == end || *from != '"')
            break;
        tern_buffer_add(&csv->row, "\"", 1);
        csv->doubled_seen = 1;
        from++;
    }
    csv->input.at = (size_t)(from - data);
    end_field(csv);
    return check_closed(csv, error);
}

/* Reads one row as it stands; *blank: it was an empty line. 1, 0 at the end, -1. */
static int read_row(tern_csv *csv, int *blank, tern_error *error)
{
    tern_input *input = &csv->input;
    if (input->at >= input->n)
        return 0;
    csv->row.n = csv->n_fields = 0;
    csv->row_line = csv->line;
    TERN_GROW(csv->start, csv->n_fields, csv->start_capacity);
    csv->start[0] = 0;
    int any_quoted = 0;
    for (;;) {
        int quoted = csv->quoted && input->at < input->n && input->data[input->at] == '"';
        any_quoted |= quoted;
        if (!quoted)
            read_plain(csv);
        else if (read_quoted(csv, error) < 0)
            return -1;
        if (input->at >= input->n || input->data[input->at] == '\n')
            break;
        input->at++;
    }
    *blank = csv->n_fields == 1 && csv->row.n == 1 && !any_quoted;
    csv->line += input->at < input->n;
    input->at++;
    return 1;
}

int tern_csv_next(tern_csv *csv, tern_error *error)
{
    int blank, status;
    do {
        status = read_row(csv, &blank, error);
    } while (status > 0 && blank);
    if (status > 0 && csv->n_fields != (size_t)csv->n_names)
        return tern_fail(error,
                         "%s:%lld: the row has %zu field%s, the header %d; put quotes around a field that holds "
                         "a separator or a new line",
                         csv->path, (long long)csv->row_line, csv->n_fields, csv->n_fields == 1 ? "" : "s",
                         csv->n_names);
    return status;
}

static char *trimmed(const char *text)
{
    while (*text == ' ')
        text++;
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ')
        n--;
    return tern_strndup(text, n);
}

static void forget_names(tern_csv *csv)
{
    for (int i = 0; i < csv->n_names; i++)
        free(csv->names[i]);
    free(csv->names);
    csv->names = NULL;
    csv->n_names = 0;
}

static int read_header(tern_csv *csv, tern_error *error)
{
    int blank = 1, status = 1;
    while (status > 0 && blank)
        status = read_row(csv, &blank, error);
    if (status == 0)
        return tern_fail(error, "%s: it is empty; its first line must name the columns", csv->path);
    if (status < 0)
        return -1;
    csv->names = tern_alloc(csv->n_fields, sizeof *csv->names);
    for (size_t i = 0; i < csv->n_fields; i++) {
        char *name = trimmed(csv->row.data + csv->start[i]);
        int taken = *name && tern_csv_find(csv, name) >= 0;
        csv->names[csv->n_names++] = name;
        if (taken)
            return tern_fail(error, "%s:%lld: two columns are named \"%s\"; rename one", csv->path,
                             (long long)csv->row_line, name);
    }
    return 0;
}

static int restart(tern_csv *csv, int quoted, tern_error *error)
{
    forget_names(csv);
    csv->input.at = 0;
    csv->line = 1;
    csv->quoted = quoted;
    return read_header(csv, error);
}

/* 0 when every row can be read this way. */
static int try_reading(tern_csv *csv, int quoted, tern_error *error)
{
    if (restart(csv, quoted, error) < 0)
        return -1;
    int status;
    do {
        status = tern_csv_next(csv, error);
    } while (status > 0);
    return status;
}

/* Which of the two ways a TSV file was written. The error told is that of the reading with quotes. */
static int choose_quoting(tern_csv *csv, tern_error *error)
{
    tern_error why = {{0}};
    if (try_reading(csv, 1, &why) == 0)
        return restart(csv, 1, error);
    if (csv->doubled_seen || try_reading(csv, 0, NULL) < 0)
        return tern_fail(error, "%s", why.message);
    return restart(csv, 0, error);
}

tern_csv *tern_csv_open(const char *path, char separator, int invalid_utf8_replace, tern_error *error)
{
    tern_csv *csv = tern_calloc(1, sizeof *csv);
    csv->path = tern_strdup(path);
    csv->separator = separator;
    int status = tern_input_open(&csv->input, csv->path, invalid_utf8_replace, error);
    if (status == 0)
        status = separator == '\t' ? choose_quoting(csv, error) : restart(csv, 1, error);
    if (status < 0) {
        tern_csv_close(csv);
        return NULL;
    }
    return csv;
}

void tern_csv_close(tern_csv *csv)
{
    if (!csv)
        return;
    forget_names(csv);
    tern_input_close(&csv->input);
    tern_buffer_free(&csv->row);
    free(csv->start);
    free(csv->path);
    free(csv);
}

int tern_csv_columns(const tern_csv *csv)
{
    return csv->n_names;
}

const char *tern_csv_name(const tern_csv *csv, int column)
{
    TERN_CHECK(column >= 0 && column < csv->n_names, "column %d of %d", column, csv->n_names);
    return csv->names[column];
}

int tern_csv_find(const tern_csv *csv, const char *name)
{
    for (int i = 0; i < csv->n_names; i++)
        if (strcmp(csv->names[i], name) == 0)
            return i;
    return -1;
}

int tern_csv_is_quoted(const tern_csv *csv)
{
    return csv->quoted;
}

const char *tern_csv_field(const tern_csv *csv, int column, size_t *n)
{
    TERN_CHECK(column >= 0 && (size_t)column < csv->n_fields, "field %d of %zu", column, csv->n_fields);
    if (n)
        *n = csv->start[column + 1] - csv->start[column] - 1;
    return csv->row.data + csv->start[column];
}

int64_t tern_csv_line(const tern_csv *csv)
{
    return csv->row_line;
}

const char *tern_csv_path(const tern_csv *csv)
{
    return csv->path;
}
