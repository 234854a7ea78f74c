/* What people see, on a terminal or not: names and texts made visible (base/visible.h), lines that fit.
 *
 *     tern_print(stdout, "%s on %s: %lld rows\n", model, data, rows);     // printf for people
 *     tern_print_fitted(stderr, line, 0);                                 // broken at the terminal's width
 *
 * Results that programs read (JSON, ids, vectors) are printed with printf: they are exact. */
#ifndef TERN_CLI_TERMINAL_H
#define TERN_CLI_TERMINAL_H

#include <stdio.h>

/* Columns of the terminal that file is, asked for anew each time; where it is none, or doesn't know, those that COLUMNS
 * names, else fallback. */
int tern_terminal_width(FILE *file, int fallback);
/* The columns that a line may have: those of a terminal; where file is none, more than any line. */
int tern_line_width(FILE *file);
/* 1 when what file shows can be drawn over: a terminal, and TERM isn't dumb. */
int tern_terminal_draws(FILE *file);

/* printf of a line for people, made visible. A line feed is one only at its end: one in a name begins no line. */
void tern_print(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* text, made visible, and a line feed; how: TERN_VISIBLE_LINES for several lines. On a terminal, lines that are too
 * long for it go on, indented, on the next one, broken between words. Only a word that is longer than a line is left to
 * the terminal. */
void tern_print_fitted(FILE *file, const char *text, unsigned how);
/* text as it stands, made visible, its lines too long or not. */
void tern_print_lines(FILE *file, const char *text);
/* text, made visible, on one line that a terminal has room for: the rest is cut off. */
void tern_print_cut(FILE *file, const char *text);
/* text, made visible, then blanks up to columns. */
void tern_print_cell(FILE *file, const char *text, int columns);

/* A part of a line that is drawn over and over. */
typedef struct tern_line_part {
    const char *text;
    int drop; /* the parts with the greatest number are left out first; 0: never */
} tern_line_part;

/* Which of the parts [n] fit into columns together: those left out have their text set to "". Returns the columns that
 * the rest takes, which may be more when all that is left is never dropped. */
int tern_line_fit(tern_line_part *parts, int n, int columns);

#endif
