#include "data/csv.h"

#include "base/memory.h"
#include "base/words.h"
#include "data/blank.h"
#include "data/csv_dialect.h"
#include "data/input.h"
#include "data/texts.h"

#include <string.h>

struct tern_csv {
    tern_input input;
    char *path;
    char separator;
    int quoted;       /* quotes have their meaning */
    int doubled_seen; /* a quoted field held "" */
    int held;         /* a quoted field of TSV would hold a tab or a new line */
    int64_t n_quotes; /* fields that begin with a quote */
    int64_t line;     /* of the byte at input.at */
    int64_t row_line;
    /* The row: field i is row.data[start[i]] .. row.data[start[i + 1] - 2], with a 0 behind it. */
    tern_buffer row;
    size_t *start;
    size_t n_fields, start_capacity;
    char **names;
    int n_names;
    /* Names that aren't empty: id i of index is the column column_of[i]. */
    tern_texts *index;
    int *column_of;
};

static void end_field(tern_csv *csv)
{
    tern_buffer_add(&csv->row, "", 1);
    csv->n_fields++;
    TERN_GROW(csv->start, csv->n_fields, csv->start_capacity);
    csv->start[csv->n_fields] = csv->row.n;
}

/* RFC 4180 has no quotes in fields that don't begin with one: a blank before it was meant for the eye. */
static int has_blank_before_quote(const char *field, size_t n)
{
    size_t blanks = 0;
    while (blanks < n && field[blanks] == ' ')
        blanks++;
    return blanks > 0 && blanks < n && field[blanks] == '"';
}

static int read_plain(tern_csv *csv, tern_error *error)
{
    const char *data = csv->input.data;
    size_t from = csv->input.at, to = from;
    csv->n_quotes += from < csv->input.n && data[from] == '"';
    while (to < csv->input.n && data[to] != csv->separator && data[to] != '\n')
        to++;
    csv->input.at = to;
    int at_end = to == csv->input.n || data[to] == '\n';
    if (at_end && to > from && data[to - 1] == '\r')
        to--;
    tern_buffer_add(&csv->row, data + from, to - from);
    end_field(csv);
    if (csv->separator == ',' && has_blank_before_quote(data + from, to - from))
        return tern_csv_fail_blank_before_quote(csv->path, (long long)csv->line, csv->n_fields, error);
    return 0;
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

/* In TSV such a quote is taken for a character of the text, see the header. */
static int check_held(tern_csv *csv, const char *part, size_t n, tern_error *error)
{
    const char *what = csv->separator != '\t' ? NULL : memchr(part, '\t', n) ? "a tab" : NULL;
    if (csv->separator == '\t' && !what && memchr(part, '\n', n))
        what = "a new line";
    if (!what)
        return 0;
    csv->held = 1;
    return tern_fail(error, "%s:%lld: field %zu begins with a quote that closes behind %s only", csv->path,
                     (long long)csv->line, csv->n_fields + 1, what);
}

static int read_quoted(tern_csv *csv, tern_error *error)
{
    int64_t opened = csv->line;
    const char *data = csv->input.data, *end = data + csv->input.n, *from = data + csv->input.at + 1;
    csv->n_quotes++;
    for (;;) {
        const char *quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;
        if (!quote) {
            csv->input.at = csv->input.n;
            return tern_fail(error, "%s:%lld: a quote opens in field %zu and never closes", csv->path,
                             (long long)opened, csv->n_fields + 1);
        }
        if (check_held(csv, from, (size_t)(quote - from), error) < 0)
            return -1;
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

/* To the line after the one where a row went wrong. */
static int skip_line(tern_csv *csv)
{
    tern_input *input = &csv->input;
    size_t left = input->at < input->n ? input->n - input->at : 0;
    const char *end = left ? memchr(input->data + input->at, '\n', left) : NULL;
    input->at = end ? (size_t)(end - input->data) + 1 : input->n;
    csv->line += end != NULL;
    return -1;
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
        if ((quoted ? read_quoted : read_plain)(csv, error) < 0)
            return skip_line(csv);
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
        return tern_fail(error, "%s:%lld: the row has %zu field%s, the header %d; %s", csv->path,
                         (long long)csv->row_line, csv->n_fields, tern_s((int64_t)csv->n_fields), csv->n_names,
                         csv->separator == '\t' ? "a text of TSV can't hold a tab or a new line"
                                                : "put quotes around a field that holds a separator or a new line");
    return status;
}

static void forget_names(tern_csv *csv)
{
    for (int i = 0; i < csv->n_names; i++)
        free(csv->names[i]);
    free(csv->names);
    free(csv->column_of);
    tern_texts_free(csv->index);
    csv->names = NULL;
    csv->column_of = NULL;
    csv->index = NULL;
    csv->n_names = 0;
}

/* The names as they are in the row; the first two of one name are refused. */
static int take_names(tern_csv *csv, tern_error *error)
{
    csv->names = tern_alloc(csv->n_fields, sizeof *csv->names);
    csv->column_of = tern_alloc(csv->n_fields, sizeof *csv->column_of);
    csv->index = tern_texts_create();
    for (size_t i = 0; i < csv->n_fields; i++) {
        size_t n = csv->start[i + 1] - csv->start[i] - 1;
        const char *name = tern_trim_blanks(csv->row.data + csv->start[i], &n);
        int64_t known = tern_texts_count(csv->index), id = n ? tern_texts_add(csv->index, name, n) : known;
        csv->names[csv->n_names++] = tern_strndup(name, n);
        if (id < known)
            return tern_fail(error, "%s:%lld: two columns are named \"%s\"; rename one", csv->path,
                             (long long)csv->row_line, csv->names[i]);
        if (n)
            csv->column_of[id] = (int)i;
    }
    return 0;
}

static int read_header(tern_csv *csv, tern_error *error)
{
    int blank = 1, status = 1;
    while (status > 0 && blank)
        status = read_row(csv, &blank, error);
    if (status == 0)
        return tern_fail(error, "%s: it is empty; its first line must name the columns", csv->path);
    return status < 0 ? -1 : take_names(csv, error);
}

static int restart(tern_csv *csv, int quoted, tern_error *error)
{
    forget_names(csv);
    csv->input.at = 0;
    csv->line = 1;
    csv->n_quotes = 0;
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

/* A TSV file that fits neither way: why not the one, and why not the other (NULL: it was not tried). */
static int fail_both(const tern_csv *csv, const char *quoted, const char *plain, tern_error *error)
{
    static const char mend[] = "save it as CSV, where quoted fields may hold tabs and new lines";
    if (!csv->held)
        return tern_fail(error, "%s", quoted);
    if (!plain)
        return tern_fail(error, "%s, and another holds \"\", which is written for a quote in quotes; %s", quoted, mend);
    plain += strlen(csv->path) + 1;
    return tern_fail(error, "%s, so that quotes would be characters of the texts, but then line %.*s; %s", quoted,
                     (int)strcspn(plain, ";"), plain, mend);
}

/* Which of the two ways a TSV file was written, see the header. With one column rows are whole lines, which always fit,
 * so that "" decides there. */
static int choose_quoting(tern_csv *csv, tern_error *error)
{
    tern_error why = {{0}}, plain = {{0}};
    csv->doubled_seen = csv->held = 0;
    if (try_reading(csv, 1, &why) == 0)
        return restart(csv, 1, error);
    int written_quoted = csv->doubled_seen && (!csv->held || csv->n_names == 1);
    if (written_quoted || try_reading(csv, 0, &plain) < 0)
        return fail_both(csv, why.message, written_quoted ? NULL : plain.message, error);
    return restart(csv, 0, error);
}

/* Of an input that was opened, or not (status < 0). */
static tern_csv *begin(tern_csv *csv, int status, tern_error *error)
{
    if (status == 0)
        status = tern_csv_check_dialect(csv->path, csv->input.data, csv->input.n, csv->separator, error);
    if (status == 0)
        status = csv->separator == '\t' ? choose_quoting(csv, error) : restart(csv, 1, error);
    if (status == 0)
        return csv;
    tern_csv_close(csv);
    return NULL;
}

static tern_csv *create(const char *name, char separator)
{
    tern_csv *csv = tern_calloc(1, sizeof *csv);
    csv->path = tern_strdup(name);
    csv->separator = separator;
    return csv;
}

tern_csv *tern_csv_open(const char *path, char separator, int invalid_utf8_replace, tern_error *error)
{
    tern_csv *csv = create(path, separator);
    return begin(csv, tern_input_open(&csv->input, csv->path, invalid_utf8_replace, error), error);
}

tern_csv *tern_csv_of_memory(const char *name, const char *data, size_t n, char separator, int invalid_utf8_replace,
                             tern_error *error)
{
    tern_csv *csv = create(name, separator);
    return begin(csv, tern_input_of_memory(&csv->input, csv->path, data, n, invalid_utf8_replace, error), error);
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
    int64_t id = tern_texts_find(csv->index, name, strlen(name));
    return id >= 0 ? csv->column_of[id] : -1;
}

int tern_csv_is_quoted(const tern_csv *csv)
{
    return csv->quoted;
}

int64_t tern_csv_quotes(const tern_csv *csv)
{
    return csv->n_quotes;
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
