/* Queries from a descriptor, one a line: as many together as are there, and no waiting for more.
 *
 *     tern_queries *in = tern_queries_open(STDIN_FILENO, "standard input", 256);
 *     while ((n = tern_queries_next(in, &lines, error)) > 0)
 *         answer(lines, n);                                  // then ask again
 *     tern_queries_close(in);
 *
 * A program that writes a line and waits for the answer gets it; one that writes a thousand is read in blocks. */
#ifndef TERN_CLI_QUERIES_H
#define TERN_CLI_QUERIES_H

#include "base/error.h"

#include <stdint.h>

typedef struct tern_queries tern_queries;

/* most: how many lines are given at a time. name, for errors, is borrowed. */
tern_queries *tern_queries_open(int descriptor, const char *name, int64_t most);
/* Waits for a line, takes what else has come, and gives the lines in order, without their ends; the strings and the
 * list, whose order the caller may change, are valid until the next call. 0 at the end of input. Negative when the
 * descriptor can't be read or a line holds a NUL byte; lines before it are given first. */
int64_t tern_queries_next(tern_queries *queries, const char ***lines, tern_error *error);
void tern_queries_close(tern_queries *queries);

#endif
