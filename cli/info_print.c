#include "cli/info.h"

#include <string.h>

enum { MOST_COLUMNS = 8, SHORT = 60, LONG = 4096 };

/* A value as a word or a list of words; strings are cut at their first line's SHORT characters when cut is set. */
static void format_value(char *text, size_t size, const json_t *value, int cut)
{
    size_t index, n = 0;
    const json_t *item;
    text[0] = 0;
    if (json_is_string(value)) {
        const char *string = json_string_value(value);
        size_t whole = strlen(string), line = strcspn(string, "\r\n"), keep = cut && line > SHORT ? SHORT : line;
        while (keep > 0 && keep < whole && ((unsigned char)string[keep] & 0xC0) == 0x80)
            keep--;
        snprintf(text, size, "%.*s%s", (int)keep, string, keep < whole ? " ..." : "");
    } else if (json_is_integer(value)) {
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(text, size, "%.6g", json_real_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(text, size, "%s", json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)value, index, item)
        {
            char word[256];
            format_value(word, sizeof word, item, cut);
            int add = snprintf(text + n, size - n, "%s%s", index ? ", " : "", word);
            n = add > 0 && n + (size_t)add < size ? n + (size_t)add : size - 1;
        }
    }
}

static int is_table(const json_t *value)
{
    return json_is_object(json_array_get(value, 0));
}

/* The width of each column: of its name and of every value. */
static void measure(const json_t *rows, size_t *widths)
{
    size_t index;
    const json_t *row, *value;
    const char *key;
    json_array_foreach((json_t *)rows, index, row)
    {
        size_t column = 0;
        json_object_foreach((json_t *)row, key, value)
        {
            char text[LONG];
            format_value(text, sizeof text, value, 1);
            size_t n = strlen(text) > strlen(key) ? strlen(text) : strlen(key);
            if (column < MOST_COLUMNS && n > widths[column])
                widths[column] = n;
            column++;
        }
    }
}

/* One row of a table: the names of its columns, or its values. */
static void print_row(const json_t *row, const size_t *widths, int names)
{
    const json_t *value;
    const char *key;
    size_t column = 0, last = json_object_size(row) - 1;
    json_object_foreach((json_t *)row, key, value)
    {
        char text[LONG];
        format_value(text, sizeof text, value, 1);
        printf("%s%-*s", column ? "  " : "", column < last && column < MOST_COLUMNS ? (int)widths[column] : 0,
               names ? key : text);
        column++;
    }
    putchar('\n');
}

static void print_table(const json_t *rows)
{
    size_t index, widths[MOST_COLUMNS] = {0};
    const json_t *row;
    measure(rows, widths);
    putchar('\n');
    print_row(json_array_get(rows, 0), widths, 1);
    json_array_foreach((json_t *)rows, index, row)
    {
        print_row(row, widths, 0);
    }
}

void tern_info_print(const json_t *info)
{
    const char *key;
    const json_t *value;
    size_t width = 0;
    json_object_foreach((json_t *)info, key, value) width =
        !is_table(value) && strlen(key) > width ? strlen(key) : width;
    json_object_foreach((json_t *)info, key, value)
    {
        char text[LONG];
        if (is_table(value))
            continue;
        if (json_is_string(value) && strcmp(key, "text") == 0) {
            printf("\n%s", json_string_value(value));
            continue;
        }
        format_value(text, sizeof text, value, 0);
        printf("%-*s  %s\n", (int)width, key, text);
    }
    json_object_foreach((json_t *)info, key, value) if (is_table(value)) print_table(value);
}
