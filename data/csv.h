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
 * passed over. White space around a column's name, of Unicode too, is dropped; that of fields is kept. Other dialects
 * are refused by name (data/csv_dialect.h).
 *
 * TSV files are often written without any quoting, so that texts may begin and end with quotes of their own. Quotes are
 * taken off the fields of a TSV file only when all of it fits (every quote closes before a separator or a line's end,
 * every row has the header's number of fields) and no quoted field would hold a tab or a new line: a quote that closes
 * rows later would swallow them. Otherwise all quotes of the file are characters, when that fits; not, though, when
 * quotes failed for another reason after a field that held "", which only a writer that quotes makes. It takes a pass
 * over the file for each of the two ways to decide. */
#ifndef TERN_DATA_CSV_H
#define TERN_DATA_CSV_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tern_csv tern_csv;

/* separator: ',' or '\t' (TSV). NULL on failure: no file, no header, two columns of one name, another dialect. */
tern_csv *tern_csv_open(const char *path, char separator, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory, which must outlive the reader; name is what messages call them. */
tern_csv *tern_csv_of_memory(const char *name, const char *data, size_t n, char separator, int invalid_utf8_replace,
                             tern_error *error);
void tern_csv_close(tern_csv *csv);

int tern_csv_columns(const tern_csv *csv);
/* A column's name, borrowed. */
const char *tern_csv_name(const tern_csv *csv, int column);
/* The column of that name, or -1. */
int tern_csv_find(const tern_csv *csv, const char *name);
/* 1 when quotes have their meaning, 0 for a TSV file in which they are ordinary characters. */
int tern_csv_is_quoted(const tern_csv *csv);
/* How many fields that begin with a quote were read so far, the header's too. */
int64_t tern_csv_quotes(const tern_csv *csv);

/* 1: a row was read; 0: the end; -1: failed (a quote that never closes is named by the line where it opened; a row
 * with another number of fields than the header by both numbers). After a failure the next call goes on with the next
 * row, or, where it can't be told where that begins, with the end. */
int tern_csv_next(tern_csv *csv, tern_error *error);
/* A field of the row last read, 0-terminated; *n (NULL: not wanted) its length. Borrowed until the next row. */
const char *tern_csv_field(const tern_csv *csv, int column, size_t *n);
/* The line, from 1, where the row last read starts. */
int64_t tern_csv_line(const tern_csv *csv);
const char *tern_csv_path(const tern_csv *csv);

#endif
