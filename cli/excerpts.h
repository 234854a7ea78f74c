/* Texts beside one another on a line each, so that they can be told apart: those that begin alike, such as answers
 * below one heading, show where they begin to differ.
 *
 *     char **shown = tern_excerpts(texts, n, 60);
 *     for (int64_t i = 0; i < n; i++)
 *         puts(shown[i]);
 *     tern_excerpts_free(shown, n); */
#ifndef TERN_CLI_EXCERPTS_H
#define TERN_CLI_EXCERPTS_H

#include <stdint.h>

/* New strings of at most columns columns of a terminal, made visible as running text (base/visible.h), in a new list. A
 * text that differs from each other one within columns is shown from its beginning, one that doesn't by its first
 * words,
 * "...", and the words from where it differs. Equal texts are shown alike. */
char **tern_excerpts(const char *const *texts, int64_t n, int columns);
void tern_excerpts_free(char **excerpts, int64_t n);

#endif
