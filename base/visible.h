/* The user's names and texts on their way to a terminal: what would move its cursor, change its colours, turn the order
 * of letters or not be seen at all never gets there as it is.
 *
 *     tern_visible(name, strlen(name), 0);                                   // "a\033[2Jb" is "a?[2Jb" now
 *     char *shown = tern_visible_cut(text, n, 40, TERN_VISIBLE_TEXT);         // at most 40 columns of a terminal
 *
 * Everything that is printed for people goes through here: errors in tern_fail, the rest in cli/terminal.h. What other
 * programs read (JSON, CSV, TREC runs, .npy) does not: it is exact. */
#ifndef TERN_BASE_VISIBLE_H
#define TERN_BASE_VISIBLE_H

#include <stddef.h>

enum {
    /* Line feeds stay: text is several lines of ours. */
    TERN_VISIBLE_LINES = 1,
    /* Running text that is quoted, not a name: white space and controls of any kind and number are one blank, none at
     * the beginning, and characters without width are left out rather than shown. */
    TERN_VISIBLE_TEXT = 2,
};

/* Rewrites text [n], which may hold any bytes, and returns its new length, never more than n; the caller puts a 0 there
 * if it wants one. '?' takes the place of
 *   - control characters (C0, DEL, C1) and separators of lines and paragraphs,
 *   - marks, embeddings, overrides and isolates of the bidirectional algorithm,
 *   - characters that are not seen: zero width, soft hyphens, fillers, tags, byte order marks. Joiners stay between
 *     emoji, and between letters of scripts that are written with them,
 *   - bytes that are not UTF-8, and noncharacters.
 * Of combining marks six stay on a character; those after it are left out. */
size_t tern_visible(char *text, size_t n, unsigned how);

/* The columns that text [n] takes on a terminal: 2 for wide East Asian characters and emoji, 0 for combining marks. */
int tern_columns(const char *text, size_t n);

/* A new string of text [n] as tern_visible would make it, of at most columns columns. What doesn't fit is cut between
 * two characters, and "..." says so where there is room for it. */
char *tern_visible_cut(const char *text, size_t n, int columns, unsigned how);

#endif
