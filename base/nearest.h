/* The known name that a mistyped one most likely meant, for "did you mean". */
#ifndef TERN_BASE_NEAREST_H
#define TERN_BASE_NEAREST_H

#include <stddef.h>

/* names[0..n): the known names. Returns the one with the least Damerau-Levenshtein distance to word when
 * that is at most a third of the longer one's length (at least 1), else NULL. Borrowed from names. */
const char *tern_nearest(const char *word, const char *const *names, size_t n);

#endif
