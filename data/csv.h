/* CSV and TSV with a header, one row at a time.
 *
 *     tern_csv *csv = tern_csv_open("faq.csv", ',', 0, &error);
 *     int question = tern_csv_find(csv, "question");
 *     while ((status = tern_csv_next(csv, &error)) > 0)
 *         use(tern_csv_field(csv, question, &n), n, tern_csv_line(csv));
 *     tern_csv_close(csv);
 *
 * As RFC 4180 has it: a field that starts with a quote ends at the next lone one; separators and new lines stand in
 * it as they are, "" is one quote. Quotes elsewhere in a field mean nothing. Lines end with LF or CR LF; blank ones are
 * passed over. Spaces around a column's name are dropped, those of fields are kept.
 *
 * TSV files are often written without any quoting, so that a text may start with a quote that never closes. A TSV
 * file is read as RFC 4180 says when all of it fits (every quote closes before a separator or a line's end, every row
 * has the header's number of fields), and otherwise with quotes as ordinary characters, when that fits and no quoted
 * field before held "" (which only a writer that quotes makes). */
#ifndef TERN_DATA_CSV_H
#define TERN_DATA_CSV_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tern_csv tern_csv;

/* separator: ',' or '\t' (TSV). NULL on failure: no file, no header, two columns of one name. */
tern_csv *tern_csv_open(const char *path, char separator, int invalid_utf8_replace, tern_error *error);
void tern_csv_close(tern_csv *csv);

int tern_csv_columns(const tern_csv *csv);
/* A column's name, borrowed. */
const char *tern_csv_name(const tern_csv *csv, int column);
/* The column of that name, or -1. */
int tern_csv_find(const tern_csv *csv, const char *name);
/* 1 when quotes have their meaning, 0 for a TSV file in which they are ordinary characters. */
int tern_csv_is_quoted(const tern_csv *csv);

/* 1: a row was read; 0: the end; -1: failed (a quote that never closes is named by the line where it opened; a row
 * with another number of fields than the header by both numbers). */
int tern_csv_next(tern_csv *csv, tern_error *error);
/* A field of the row last read, 0-terminated; *n (NULL: not wanted) its length. Borrowed until the next row. */
const char *tern_csv_field(const tern_csv *csv, int column, size_t *n);
/* The line, from 1, where the row last read starts. */
int64_t tern_csv_line(const tern_csv *csv);
const char *tern_csv_path(const tern_csv *csv);

#endif
