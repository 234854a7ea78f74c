#include "cli/info.h"
#include "cli/terminal.h"

#include "base/memory.h"
#include "base/visible.h"

#include <string.h>

enum { MOST_COLUMNS = 8, LEAST_CELL = 8, MOST_CELL = 60, MOST_LIST = 4096 };

/* A value as a word or a list of words, made visible; strings are cut at columns. A new string. */
static char *value_text(const json_t *value, int columns)
{
    tern_buffer text = {0};
    size_t index;
    const json_t *item;
    if (json_is_string(value))
        return tern_visible_cut(json_string_value(value), json_string_length(value), columns, 0);
    tern_buffer_add(&text, "", 0);
    if (json_is_integer(value)) {
        tern_buffer_printf(&text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        tern_buffer_printf(&text, "%.6g", json_real_value(value));
    } else if (json_is_boolean(value)) {
        tern_buffer_printf(&text, "%s", json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)value, index, item)
        {
            char *word = value_text(item, columns);
            if (text.n > MOST_LIST) {
                tern_buffer_printf(&text, ", ...");
                free(word);
                break;
            }
            tern_buffer_printf(&text, "%s%s", index ? ", " : "", word);
            free(word);
        }
    }
    return text.data;
}

static int is_table(const json_t *value)
{
    return json_is_object(json_array_get(value, 0));
}

static int widest(int width, const char *text)
{
    int columns = tern_columns(text, strlen(text));
    return columns > width ? columns : width;
}

/* The width of each column: of its name and of every value. */
static void measure(const json_t *rows, int *widths)
{
    size_t index;
    const json_t *row, *value;
    const char *key;
    json_array_foreach((json_t *)rows, index, row)
    {
        size_t column = 0;
        json_object_foreach((json_t *)row, key, value)
        {
            char *text = value_text(value, MOST_CELL);
            if (column < MOST_COLUMNS)
                widths[column] = widest(widest(widths[column], key), text);
            column++;
            free(text);
        }
    }
}

/* On a terminal the widest column gives way until a row has room. */
static void fit(int *widths, size_t n)
{
    int used = n > 0 ? 2 * (int)(n - 1) : 0, room = tern_line_width(stdout);
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        used += widths[i];
        most = widths[i] > widths[most] ? i : most;
    }
    if (used > room)
        widths[most] = widths[most] - (used - room) > LEAST_CELL ? widths[most] - (used - room) : LEAST_CELL;
}

/* One row of a table: the names of its columns, or its values. */
static void print_row(const json_t *row, const int *widths, int names)
{
    const json_t *value;
    const char *key;
    tern_buffer line = {0};
    size_t column = 0, last = json_object_size(row) - 1;
    json_object_foreach((json_t *)row, key, value)
    {
        char *whole = names ? tern_strdup(key) : value_text(value, MOST_CELL);
        int width = column < MOST_COLUMNS ? widths[column] : MOST_CELL;
        char *text = tern_visible_cut(whole, strlen(whole), width, 0);
        int gap = column < last ? width - tern_columns(text, strlen(text)) : 0;
        tern_buffer_printf(&line, "%s%s%*s", column ? "  " : "", text, gap > 0 ? gap : 0, "");
        column++;
        free(text);
        free(whole);
    }
    tern_print_cut(stdout, line.data);
    tern_buffer_free(&line);
}

static void print_table(const json_t *rows)
{
    size_t index, n = json_object_size(json_array_get(rows, 0));
    int widths[MOST_COLUMNS] = {0};
    const json_t *row;
    measure(rows, widths);
    fit(widths, n < MOST_COLUMNS ? n : MOST_COLUMNS);
    putchar('\n');
    print_row(json_array_get(rows, 0), widths, 1);
    json_array_foreach((json_t *)rows, index, row)
    {
        print_row(row, widths, 0);
    }
}

/* A blank at a prompt's end is a part of it, which quotes show. */
static int is_prompt(const char *key)
{
    size_t n = strlen(key), m = strlen("_prompt");
    return n > m && strcmp(key + n - m, "_prompt") == 0;
}

static void print_value(const char *key, const json_t *value, int width)
{
    char *text = value_text(value, MOST_LIST), *line;
    const char *quote = is_prompt(key) ? "\"" : "";
    line = tern_format("%-*s  %s%s%s", width, key, quote, text, quote);
    tern_print_fitted(stdout, line, 0);
    free(line);
    free(text);
}

void tern_info_print(const json_t *info)
{
    const char *key;
    const json_t *value;
    int width = 0;
    json_object_foreach((json_t *)info, key, value) width = is_table(value) ? width : widest(width, key);
    json_object_foreach((json_t *)info, key, value)
    {
        if (is_table(value))
            continue;
        if (json_is_string(value) && strcmp(key, "text") == 0) {
            putchar('\n');
            tern_print_lines(stdout, json_string_value(value));
        } else {
            print_value(key, value, width);
        }
    }
    json_object_foreach((json_t *)info, key, value) if (is_table(value)) print_table(value);
}
