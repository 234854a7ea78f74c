/* Warnings: what was done all the same, but that a user must know. Library code gathers them, the program shows them.
 *
 *     tern_warnings warnings = {0};
 *     tern_warn(&warnings, "%s: there is no modules.json; mean pooling is assumed", folder);
 *     ...                                              // a command prints each of them, --quiet or not
 *     tern_warnings_free(&warnings);
 */
#ifndef TERN_BASE_WARNINGS_H
#define TERN_BASE_WARNINGS_H

#include <stddef.h>

/* Sentences like those of tern_error. Zero-initialise it. */
typedef struct tern_warnings {
    char **items; /* [n], owned */
    size_t n, capacity;
} tern_warnings;

/* Adds a sentence, made as tern_fail makes it, unless the same one is there; list NULL: dropped. */
void tern_warn(tern_warnings *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends the sentences of another list; those that are there already are left out. */
void tern_warnings_add(tern_warnings *list, const tern_warnings *more);
/* Frees the sentences and zeroes the list. */
void tern_warnings_free(tern_warnings *list);

#endif
