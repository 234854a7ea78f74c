/* Files that are something else than text, by their first bytes, whatever their name says. */
#ifndef TERN_DATA_FOREIGN_H
#define TERN_DATA_FOREIGN_H

#include "base/error.h"

#include <stddef.h>

/* Fails when the n bytes begin as a spreadsheet, Parquet, Arrow, a database, something compressed, UTF-16, a Git LFS
 * pointer, ... do: the sentence names what the file is, and a command that makes text of it. 0 for all else. */
int tern_foreign_check(const char *path, const char *data, size_t n, tern_error *error);
/* The same of a file; one that can't be opened fails too. */
int tern_foreign_check_file(const char *path, tern_error *error);

#endif
