#include "data/blank.h"

#include "data/utf8.h"

#include <string.h>

int tern_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

int tern_is_blank(uint32_t c)
{
    return tern_is_space(c) || c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
}

const char *tern_trim_blanks(const char *text, size_t *n)
{
    size_t from = 0, to = *n, length;
    while (from < to && tern_is_blank(tern_utf8_decode(text + from, to - from, &length)))
        from += length;
    while (to > from) {
        size_t start = to - 1;
        while (start > from && ((unsigned char)text[start] & 0xC0) == 0x80)
            start--;
        if (!tern_is_blank(tern_utf8_decode(text + start, to - start, &length)))
            break;
        to = start;
    }
    *n = to - from;
    return text + from;
}

int tern_text_is_blank(const char *text)
{
    size_t n = strlen(text);
    tern_trim_blanks(text, &n);
    return n == 0;
}
