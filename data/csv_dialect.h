/* Dialects of CSV that data/csv.h doesn't read: found by the first line, so that none of them is read wrongly. */
#ifndef TERN_DATA_CSV_DIALECT_H
#define TERN_DATA_CSV_DIALECT_H

#include "base/error.h"

#include <stddef.h>

/* Fails when data [n] begins with a "sep=;" line, when its header is separated by something else than separator, or
 * when the header's line ends with CR alone; the sentence names what was found, and a command that mends it. */
int tern_csv_check_dialect(const char *path, const char *data, size_t n, char separator, tern_error *error);
/* Fails, for a field of a CSV file whose opening quote stands behind blanks and so would be a character of the text.
 * line: of the row; field: its number from 1. */
int tern_csv_fail_blank_before_quote(const char *path, long long line, size_t field, tern_error *error);

#endif
