#include "base/error.h"

#include "base/visible.h"

#include <stdarg.h>
#include <string.h>

/* What is quoted of a hostile file must not move the terminal's cursor, and a cut must not split a UTF-8 sequence:
 * 10xxxxxx bytes and the lead byte before them are dropped from the end. */
static void make_visible(char *text, int cut)
{
    size_t n = strlen(text);
    if (cut) {
        while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
            n--;
        if (n > 0 && (unsigned char)text[n - 1] >= 0xC0)
            n--;
    }
    text[tern_visible(text, n, 0)] = 0;
}

int tern_fail(tern_error *error, const char *format, ...)
{
    if (!error)
        return -1;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    make_visible(error->message, n >= TERN_ERROR_SIZE);
    return -1;
}

int tern_fail_within(tern_error *error, const char *format, ...)
{
    if (!error)
        return -1;
    char inner[TERN_ERROR_SIZE], prefix[TERN_ERROR_SIZE / 2];
    memcpy(inner, error->message, sizeof inner);
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    return tern_fail(error, "%s: %s", prefix, inner);
}

void tern_bug(const char *file, int line, const char *condition, const char *format, ...)
{
    fprintf(stderr, "tern: %s:%d: %s does not hold: ", file, line, condition);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}
