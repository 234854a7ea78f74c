/* White space of users' texts. */
#ifndef TERN_DATA_BLANK_H
#define TERN_DATA_BLANK_H

#include <stddef.h>
#include <stdint.h>

/* 1 for what Python's str.isspace() takes for white space: bidirectional class WS, B or S, or category Zs. */
int tern_is_space(uint32_t c);
/* 1 for white space and for characters that nobody sees: zero-width spaces and joiners, soft hyphens, byte order
 * marks. */
int tern_is_blank(uint32_t c);
/* The part of text [n], valid UTF-8, without such characters at either end, as a pointer into it, and *n its length; 0
 * for a text of nothing else. */
const char *tern_trim_blanks(const char *text, size_t *n);
/* 1 for a text of nothing else. */
int tern_text_is_blank(const char *text);

#endif
