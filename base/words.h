/* Words of messages. */
#ifndef TERN_BASE_WORDS_H
#define TERN_BASE_WORDS_H

#include <stdint.h>

/* The ending of a noun beside its number, and a verb that agrees: "%lld row%s %s empty", n, tern_s(n), tern_is(n). Of
 * nouns in -y: "%lld quer%s", n, tern_ies(n). */
static inline const char *tern_s(int64_t n)
{
    return n == 1 ? "" : "s";
}
static inline const char *tern_ies(int64_t n)
{
    return n == 1 ? "y" : "ies";
}
static inline const char *tern_is(int64_t n)
{
    return n == 1 ? "is" : "are";
}

/* The text as one word of a POSIX shell: as it is where that is safe, else in single quotes. A new string. */
char *tern_shell_word(const char *text);

#endif
