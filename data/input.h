/* A text file as readers take it: whole, checked to be UTF-8 without NUL bytes, its byte order mark left out.
 *
 *     tern_input input;
 *     if (tern_input_open(&input, path, 0, error) < 0) return -1;
 *     const char *line; size_t n;
 *     while (tern_input_next(&input, &line, &n))
 *         use(line, n, input.line);
 *     tern_input_close(&input);
 */
#ifndef TERN_DATA_INPUT_H
#define TERN_DATA_INPUT_H

#include "base/error.h"
#include "base/file.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tern_input {
    const char *path; /* borrowed */
    const char *data; /* [n], not 0-terminated */
    size_t n;
    size_t at;    /* where the next line starts */
    int64_t line; /* number of the line last given, from 1 */
    /* private */
    char *owned;
} tern_input;

/* Opens a file (or a pipe). Refused: what isn't text by its first bytes (data/foreign.h), NUL bytes, lines that end
 * with CR alone. Invalid UTF-8 is refused with file and line, or replaced by U+FFFD where invalid_utf8_replace is set.
 * An empty file is fine. */
int tern_input_open(tern_input *input, const char *path, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory, which must outlive the input; name is what messages call them. */
int tern_input_of_memory(tern_input *input, const char *name, const char *data, size_t n, int invalid_utf8_replace,
                         tern_error *error);
void tern_input_close(tern_input *input);

/* Adds a sentence for each line of a file that is not UTF-8, in order; nothing for a file that can't be opened or isn't
 * text. */
void tern_input_list_invalid(const char *path, void (*add)(void *context, const tern_error *fault), void *context);
/* The same of n bytes in memory; name is what messages call them. */
void tern_input_list_invalid_of_memory(const char *name, const char *data, size_t n,
                                       void (*add)(void *context, const tern_error *fault), void *context);

/* The next line without its end (LF or CR LF); *line is borrowed from the input. 0 at the end of the file. */
int tern_input_next(tern_input *input, const char **line, size_t *n);
/* Number of the line, from 1, that the byte at an offset of data stands in. */
int64_t tern_input_line_at(const tern_input *input, size_t offset);

#endif
