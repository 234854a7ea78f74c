/* A file of rows with named columns: JSONL, CSV or TSV by the ending of its name, in any case.
 *
 *     tern_table *table = tern_table_open("faq.csv", 0, &error);
 *     const char *text; size_t n;
 *     while ((status = tern_table_next(table, &error)) > 0)
 *         if (tern_table_text(table, "question", &text, &n, &error) < 0) ...
 *     tern_table_close(table);
 */
#ifndef TERN_DATA_TABLE_H
#define TERN_DATA_TABLE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

typedef enum tern_form { TERN_FORM_OTHER, TERN_FORM_JSONL, TERN_FORM_CSV, TERN_FORM_TSV } tern_form;

/* .jsonl, .ndjson and .json; .csv; .tsv and .tab; else TERN_FORM_OTHER. */
tern_form tern_form_of(const char *path);

typedef struct tern_table tern_table;

/* NULL with a sentence on failure: a folder, another ending, what the readers refuse (data/csv.h, data/jsonl.h). */
tern_table *tern_table_open(const char *path, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory, which must outlive the table; their form is that of the name's ending. */
tern_table *tern_table_of_memory(const char *name, const char *data, size_t n, int invalid_utf8_replace,
                                 tern_error *error);
void tern_table_close(tern_table *table);

tern_form tern_table_form(const tern_table *table);
const char *tern_table_path(const tern_table *table);
/* 1 where a TSV file's fields had quotes that are no part of the text, 0 where such quotes are characters; -1 where no
 * field begins with a quote, or the file is no TSV. By the rows read so far. */
int tern_table_quoting(const tern_table *table);

/* 1: a row was read; 0: the end; -1: failed, and the next call goes on behind what was wrong. */
int tern_table_next(tern_table *table, tern_error *error);
/* Of the row last read: the line, from 1, where it begins. */
long long tern_table_line(const tern_table *table);
/* Names of the columns, or of the row's keys, borrowed until the next row. */
size_t tern_table_columns(const tern_table *table, const char ***names);
/* The same as "question, answer", the first of many, for messages. A new string. */
char *tern_table_list_columns(const tern_table *table);
/* CSV: a field of the row by its column's number, as tern_csv_field. */
const char *tern_table_field(const tern_table *table, size_t column, size_t *n);
/* 1 when the row has the column or key. */
int tern_table_has(const tern_table *table, const char *name);
/* A column's text, borrowed until the next row. A key that is missing or no string fails. */
int tern_table_text(const tern_table *table, const char *name, const char **text, size_t *n, tern_error *error);
/* The value of a key; NULL for CSV and for a key that isn't there. */
const json_t *tern_table_value(const tern_table *table, const char *name);
/* A label as a new string without white space around it: numbers and truth values of JSON as they would be written. An
 * empty one, and one that holds a NUL character, fails. */
int tern_table_label(const tern_table *table, const char *name, char **label, tern_error *error);
/* A finite number. */
int tern_table_number(const tern_table *table, const char *name, double *value, tern_error *error);

/* Says that the text of this name holds a NUL character, which texts can't. Returns -1. */
int tern_table_fail_nul(const tern_table *table, const char *name, tern_error *error);

/* A decimal and finite number, to the last character; -1 for all else. */
int tern_parse_number(const char *text, double *value);

/* Says that there is no column of that name: which one may be meant, or all there are. role: what it was wanted for
 * ("anchor"), NULL where any column would do. Returns -1. */
int tern_table_fail_column(const tern_table *table, const char *role, const char *name, tern_error *error);

#endif
