#include "base/words.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

char *tern_shell_word(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:@%,-";
    if (*text && *text != '-' && text[strspn(text, safe)] == 0)
        return tern_strdup(text);
    tern_buffer word = {0};
    tern_buffer_add(&word, "'", 1);
    for (; *text; text++)
        if (*text == '\'')
            tern_buffer_add(&word, "'\\''", 4);
        else
            tern_buffer_add(&word, text, 1);
    tern_buffer_add(&word, "'", 1);
    return word.data;
}
