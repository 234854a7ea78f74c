/* A file of texts, one a line, where a table would be read wrongly: each line with its commas, braces and half-fields
 * would be a text of its own. */
#ifndef TERN_DATA_LINES_H
#define TERN_DATA_LINES_H

#include "data/input.h"

/* Opens a file as tern_input_open does. Refused, with the columns found and the command that makes lines of one of
 * them: names that end in .csv, .tsv, .jsonl, .json or the like, whatever their case; other files whose first line is a
 * JSON object; and names of spreadsheets, Parquet and packed files, even where the content isn't that. */
int tern_lines_open(tern_input *input, const char *path, int invalid_utf8_replace, tern_error *error);
/* Refuses by the name alone, or by that of the file which a link or /dev/stdin leads to. */
int tern_lines_check_name(const char *path, int invalid_utf8_replace, tern_error *error);
/* 1 when the line is a JSON object. */
int tern_lines_is_object(const char *line, size_t n);

#endif
