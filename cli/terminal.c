#include "cli/terminal.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/visible.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { INDENT = 2, WIDTH_LEAST = 8, WIDTH_DEFAULT = 80, WIDTH_MOST = 10000, UNLIMITED = 1 << 30 };

int tern_terminal_width(FILE *file, int fallback)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    if (isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    if (width <= 0 || width > WIDTH_MOST)
        width = fallback;
    return (int)width;
}

int tern_terminal_draws(FILE *file)
{
    const char *term = getenv("TERM");
    return isatty(fileno(file)) && term && strcmp(term, "dumb") != 0;
}

void tern_print(FILE *file, const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int n = vasprintf(&text, format, list);
    va_end(list);
    TERN_CHECK(n >= 0, "no memory for a line of output");
    int ends = n > 0 && text[n - 1] == '\n';
    fwrite(text, 1, tern_visible(text, (size_t)(n - ends), 0), file);
    if (ends)
        putc('\n', file);
    free(text);
}

void tern_print_lines(FILE *file, const char *text)
{
    size_t n = strlen(text);
    char *shown = tern_strndup(text, n);
    fwrite(shown, 1, tern_visible(shown, n, TERN_VISIBLE_LINES), file);
    free(shown);
}

int tern_line_width(FILE *file)
{
    int width = isatty(fileno(file)) ? tern_terminal_width(file, WIDTH_DEFAULT) : UNLIMITED;
    return width < WIDTH_LEAST ? WIDTH_LEAST : width;
}

void tern_print_cut(FILE *file, const char *text)
{
    char *shown = tern_visible_cut(text, strlen(text), tern_line_width(file), 0);
    fprintf(file, "%s\n", shown);
    free(shown);
}

void tern_print_cell(FILE *file, const char *text, int columns)
{
    tern_buffer cell = {0};
    tern_buffer_add(&cell, text, strlen(text));
    cell.n = tern_visible(cell.data, cell.n, 0);
    fwrite(cell.data, 1, cell.n, file);
    int gap = columns - tern_columns(cell.data, cell.n);
    fprintf(file, "%*s", gap > 0 ? gap : 0, "");
    tern_buffer_free(&cell);
}

/* The bytes of line [n] up to the next two blanks. */
static size_t cell_length(const char *line, size_t n)
{
    const char *end = memmem(line, n, "  ", 2);
    return end ? (size_t)(end - line) : n;
}

/* One line [n], broken where blanks are. What stands between columns of a table stays together where a line has room
 * for it. */
static void print_line(FILE *file, const char *line, size_t n, int width)
{
    int own = (int)strspn(line, " "), indent = own > 0 && own < width / 2 ? own : INDENT, at = 0;
    for (size_t i = 0; i < n;) {
        size_t gap = strspn(line + i, " "), word;
        gap = gap < n - i ? gap : n - i;
        word = strcspn(line + i + gap, " \n");
        int columns = tern_columns(line + i + gap, word);
        int cell = gap > 1 ? tern_columns(line + i + gap, cell_length(line + i + gap, n - i - gap)) : columns;
        int needed = indent + cell <= width ? cell : columns;
        if (at > indent && word > 0 && at + (int)gap + needed > width) {
            fprintf(file, "\n%*s", indent, "");
            at = indent;
        } else {
            fprintf(file, "%*s", (int)gap, "");
            at += (int)gap;
        }
        fwrite(line + i + gap, 1, word, file);
        at += columns;
        i += gap + word;
    }
    putc('\n', file);
}

void tern_print_fitted(FILE *file, const char *text, unsigned how)
{
    tern_buffer shown = {0};
    tern_buffer_add(&shown, text, strlen(text));
    shown.n = tern_visible(shown.data, shown.n, how);
    shown.data[shown.n] = 0;
    int width = tern_line_width(file);
    for (const char *line = shown.data; *line;) {
        size_t n = strcspn(line, "\n");
        if (tern_columns(line, n) <= width)
            fprintf(file, "%.*s\n", (int)n, line);
        else
            print_line(file, line, n, width);
        line += n + (line[n] == '\n');
    }
    tern_buffer_free(&shown);
}

int tern_line_fit(tern_line_part *parts, int n, int columns)
{
    for (;;) {
        int used = 0, last = -1;
        for (int i = 0; i < n; i++) {
            used += tern_columns(parts[i].text, strlen(parts[i].text));
            if (*parts[i].text && parts[i].drop > 0 && (last < 0 || parts[i].drop > parts[last].drop))
                last = i;
        }
        if (used <= columns || last < 0)
            return used;
        parts[last].text = "";
    }
}
