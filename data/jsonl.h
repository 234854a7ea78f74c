/* JSONL: a JSON object a line. Blank lines are passed over.
 *
 *     tern_jsonl *reader = tern_jsonl_open("rows.jsonl", 0, &error);
 *     const char *text; size_t n;
 *     while ((status = tern_jsonl_next(reader, &error)) > 0)
 *         if (tern_jsonl_string(reader, "text", &text, &n, &error) < 0) ...
 *     tern_jsonl_close(reader);
 *
 * Refused with file and line: what is not one object, a key that comes twice, nesting past 2,048 levels, integers
 * that don't fit 64 bits, half a surrogate pair in an escape. With invalid_utf8_replace such halves, and \u0000, become
 * U+FFFD. */
#ifndef TERN_DATA_JSONL_H
#define TERN_DATA_JSONL_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

typedef struct tern_jsonl tern_jsonl;

tern_jsonl *tern_jsonl_open(const char *path, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory, which must outlive the reader; name is what messages call them. */
tern_jsonl *tern_jsonl_of_memory(const char *name, const char *data, size_t n, int invalid_utf8_replace,
                                 tern_error *error);
void tern_jsonl_close(tern_jsonl *reader);

/* 1: an object was read; 0: the file is at its end; -1: failed, and the next call goes on with the next line. */
int tern_jsonl_next(tern_jsonl *reader, tern_error *error);
/* The object last read, and its line from 1; borrowed until the next one. */
const json_t *tern_jsonl_object(const tern_jsonl *reader);
int64_t tern_jsonl_line(const tern_jsonl *reader);
const char *tern_jsonl_path(const tern_jsonl *reader);

/* A key's string; a key that is missing, or is something else than a string, fails. The text is borrowed until the
 * next object, 0-terminated, and may hold 0s of its own (written \u0000). */
int tern_jsonl_string(const tern_jsonl *reader, const char *key, const char **text, size_t *n, tern_error *error);
/* "a string", "an array", ...: what messages call a value; NULL is "nothing". */
const char *tern_json_kind(const json_t *value);

#endif
