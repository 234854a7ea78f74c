#include "base/warnings.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdarg.h>
#include <string.h>

static int has(const tern_warnings *list, const char *sentence)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], sentence) == 0)
            return 1;
    return 0;
}

static void add(tern_warnings *list, const char *sentence)
{
    if (has(list, sentence))
        return;
    TERN_GROW(list->items, list->n, list->capacity);
    list->items[list->n++] = tern_strdup(sentence);
}

void tern_warn(tern_warnings *list, const char *format, ...)
{
    /* Through tern_fail, which keeps control characters of files from the terminal. */
    char text[TERN_ERROR_SIZE + 8]; /* so that tern_fail sees what is too long, and cuts it at a character's end */
    tern_error sentence = {{0}};
    if (!list)
        return;
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tern_fail(&sentence, "%s", text);
    add(list, sentence.message);
}

void tern_warnings_add(tern_warnings *list, const tern_warnings *more)
{
    for (size_t i = 0; list && i < more->n; i++)
        add(list, more->items[i]);
}

void tern_warnings_free(tern_warnings *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (tern_warnings){0};
}
