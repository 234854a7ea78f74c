/* UTF-8: checking what users' files hold. */
#ifndef TERN_DATA_UTF8_H
#define TERN_DATA_UTF8_H

#include <stddef.h>

/* Offset of the first byte that is not part of a valid sequence (overlong forms, surrogates and code points
 * above U+10FFFF are not), or n when all of it is valid. */
size_t tern_utf8_check(const char *text, size_t n);
/* A new string with U+FFFD for each maximal invalid part (as Python's errors="replace" does); *out_n its length. */
char *tern_utf8_replace(const char *text, size_t n, size_t *out_n);

#endif
