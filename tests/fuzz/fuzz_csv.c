/* CSV and TSV: every row has the header's columns, rows and their lines are those of a plain reading one character at a
 * time, and written with every field in quotes the table reads back equal. */
#include "base/memory.h"
#include "data/csv.h"
#include "data/foreign.h"
#include "data/input.h"
#include "fuzz.h"

#include <stdlib.h>

/* A table: fields one behind the other, each with a 0 behind it, names first; and the line of each row. */
typedef struct table {
    tern_buffer fields, lines;
    int columns;
    size_t names; /* bytes of fields that are names */
    int64_t rows, faults;
} table;

static void free_table(table *t)
{
    tern_buffer_free(&t->fields);
    tern_buffer_free(&t->lines);
}

static void take_row(table *t, const tern_csv *csv)
{
    size_t n;
    int64_t line = tern_csv_line(csv);
    for (int c = 0; c < t->columns; c++) {
        const char *field = tern_csv_field(csv, c, &n);
        TERN_CHECK(strlen(field) == n, "a field of %zu bytes has %zu", n, strlen(field));
        tern_buffer_add(&t->fields, field, n + 1);
    }
    tern_buffer_add(&t->lines, &line, sizeof line);
    t->rows++;
}

static void take_names(table *t, const tern_csv *csv)
{
    t->columns = tern_csv_columns(csv);
    for (int c = 0; c < t->columns; c++) {
        const char *name = tern_csv_name(csv, c);
        TERN_CHECK(tern_csv_find(csv, name) == (*name ? c : -1), "column %d is found at %d", c,
                   tern_csv_find(csv, name));
        tern_buffer_add(&t->fields, name, strlen(name) + 1);
    }
    t->names = t->fields.n;
}

/* Reads on behind what is wrong; n: of the bytes, each line of which gives one row or one fault at most. */
static void read_table(table *t, tern_csv *csv, size_t n)
{
    tern_error error = {{0}};
    int status;
    int64_t line = 0;
    take_names(t, csv);
    while ((status = tern_csv_next(csv, &error)) != 0) {
        TERN_CHECK(tern_csv_line(csv) > line, "line %lld behind line %lld", (long long)tern_csv_line(csv),
                   (long long)line);
        line = tern_csv_line(csv);
        TERN_CHECK((size_t)line <= n + 1, "line %lld of %zu bytes", (long long)line, n);
        if (status > 0) {
            take_row(t, csv);
            continue;
        }
        FUZZ_FAILED(error);
        t->faults++;
    }
}

typedef struct place {
    const char *at, *end;
    int64_t line;
    char separator;
    int quoted;
} place;

/* One field by RFC 4180, of what is known to be without fault. */
static void plain_field(place *p, tern_buffer *out)
{
    int quoted = p->quoted && p->at < p->end && *p->at == '"';
    for (p->at += quoted; p->at < p->end; p->at++) {
        if (quoted && *p->at == '"' && (p->at + 1 == p->end || p->at[1] != '"')) {
            p->at++;
            break;
        }
        if (!quoted && (*p->at == p->separator || *p->at == '\n'))
            break;
        if (!quoted && *p->at == '\r' && (p->at + 1 == p->end || p->at[1] == '\n'))
            break;
        p->line += *p->at == '\n';
        tern_buffer_add(out, p->at, 1);
        p->at += quoted && *p->at == '"';
    }
    p->at += p->at < p->end && *p->at == '\r';
    tern_buffer_add(out, "", 1);
}

/* A row that is no empty line; returns its fields. The end: 0. */
static int plain_row(place *p, tern_buffer *out, int64_t *line)
{
    while (p->at < p->end && (*p->at == '\n' || (*p->at == '\r' && (p->at + 1 == p->end || p->at[1] == '\n')))) {
        p->line += *p->at == '\n';
        p->at++;
    }
    *line = p->line;
    if (p->at == p->end)
        return 0;
    for (int fields = 1;; fields++, p->at++) {
        plain_field(p, out);
        if (p->at == p->end || *p->at == '\n')
            return fields;
        TERN_CHECK(*p->at == p->separator, "byte 0x%02X behind a field on line %lld", (unsigned char)*p->at,
                   (long long)p->line);
    }
}

static void compare_plainly(const table *t, const char *text, size_t n, char separator, int quoted)
{
    place p = {text, text + n, 1, separator, quoted};
    tern_buffer row = {0};
    size_t at = t->names;
    int64_t line, rows = 0;
    int fields;
    plain_row(&p, &row, &line);
    for (row.n = 0; (fields = plain_row(&p, &row, &line)) > 0; row.n = 0, rows++) {
        TERN_CHECK(rows < t->rows, "a row too few");
        TERN_CHECK(fields == t->columns, "%d fields of %d on line %lld", fields, t->columns, (long long)line);
        TERN_CHECK(line == ((const int64_t *)t->lines.data)[rows], "row %lld is on line %lld", (long long)rows,
                   (long long)line);
        TERN_CHECK(row.n <= t->fields.n - at && !memcmp(row.data, t->fields.data + at, row.n),
                   "the row on line %lld differs", (long long)line);
        at += row.n;
    }
    TERN_CHECK(rows == t->rows, "%lld rows, %lld read plainly", (long long)t->rows, (long long)rows);
    tern_buffer_free(&row);
}

/* Every field in quotes. Blanks around names keep "sep=;" from being a line for spreadsheets. */
static void write_table(const table *t, char separator, tern_buffer *out)
{
    const char *field = t->fields.data;
    for (int64_t i = 0; i < (t->rows + 1) * t->columns; i++, field++) {
        const char *around = i < t->columns ? " " : "";
        tern_buffer_printf(out, "\"%s", around);
        for (size_t n; *field; field += n) {
            n = *field == '"' ? 1 : strcspn(field, "\"");
            tern_buffer_add(out, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : n);
        }
        tern_buffer_printf(out, "%s\"%c", around, (i + 1) % t->columns ? separator : '\n');
    }
}

static void write_and_read(const table *t, char separator)
{
    tern_error error = {{0}};
    tern_buffer text = {0};
    table again = {0};
    write_table(t, separator, &text);
    /* With control characters where another kind of file has its mark it may look so. */
    if (tern_foreign_check("again", text.data, text.n, NULL) < 0) {
        tern_buffer_free(&text);
        return;
    }
    tern_csv *csv = tern_csv_of_memory("again", text.data, text.n, separator, 0, &error);
    TERN_CHECK(csv, "refused: %s\n%s", error.message, text.data);
    read_table(&again, csv, text.n);
    TERN_CHECK(again.faults == 0 && tern_csv_is_quoted(csv), "%lld faults in\n%s", (long long)again.faults, text.data);
    TERN_CHECK(t->columns == again.columns && t->rows == again.rows && t->fields.n == again.fields.n &&
                   !memcmp(t->fields.data, again.fields.data, t->fields.n),
               "other fields:\n%s", text.data);
    tern_csv_close(csv);
    free_table(&again);
    tern_buffer_free(&text);
}

static void check(const uint8_t *bytes, size_t n, char separator)
{
    tern_error error = {{0}};
    table t = {0};
    tern_input input;
    tern_csv *csv = tern_csv_of_memory("fuzz", (const char *)bytes, n, separator, 1, &error);
    if (!csv) {
        FUZZ_FAILED(error);
        return;
    }
    TERN_CHECK(tern_input_of_memory(&input, "fuzz", (const char *)bytes, n, 1, &error) == 0, "%s", error.message);
    read_table(&t, csv, input.n);
    TERN_CHECK(separator == ',' ? tern_csv_is_quoted(csv) : t.faults == 0, "a dialect that does not fit");
    if (t.faults == 0)
        compare_plainly(&t, input.data, input.n, separator, tern_csv_is_quoted(csv));
    write_and_read(&t, separator);
    tern_csv_close(csv);
    tern_input_close(&input);
    free_table(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    check(bytes, n, ',');
    check(bytes, n, '\t');
    return 0;
}
