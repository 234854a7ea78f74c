#include "search/words.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* What a character is to a word. */
enum { APART, INSIDE, ALONE };

static int is_ideograph(int32_t c)
{
    return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

static int kind_of(int32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ? INSIDE : APART;
    if (is_ideograph(c))
        return ALONE;
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO ? INSIDE : APART;
}

/* The character at *at, which moves behind it. */
static int32_t take(const unsigned char **at)
{
    int32_t c = **at;
    if (c < 0x80) {
        *at += 1;
        return c;
    }
    *at += utf8proc_iterate(*at, 4, &c);
    return c;
}

static void put(tern_words *w, int32_t c)
{
    enum { MOST_BYTES = 4 };
    if (w->n + MOST_BYTES >= w->capacity) {
        w->capacity = 2 * w->capacity + 64;
        w->room = tern_realloc(w->room, w->capacity, 1);
    }
    if (c < 0x80)
        w->room[w->n++] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
    else
        w->n += (size_t)utf8proc_encode_char(utf8proc_tolower(c), (utf8proc_uint8_t *)w->room + w->n);
}

static int is_mark(int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

/* Letters and their marks into single characters where there are such, so that both ways to write a word are one. */
static void compose(tern_words *w)
{
    utf8proc_uint8_t *composed = utf8proc_NFC((const utf8proc_uint8_t *)w->room);
    if (!composed)
        tern_out_of_memory(w->n, 1);
    free(w->room);
    w->room = (char *)composed;
    w->n = strlen(w->room);
    w->capacity = w->n + 1;
}

void tern_words_start(tern_words *words, const char *text)
{
    words->at = (const unsigned char *)text;
}

int tern_words_next(tern_words *words)
{
    int marked = 0;
    words->n = 0;
    while (*words->at) {
        const unsigned char *next = words->at;
        int32_t c = take(&next);
        int kind = kind_of(c);
        if (words->n > 0 && kind != INSIDE)
            break;
        words->at = next;
        if (kind != APART)
            put(words, c);
        marked |= c >= 0x80 && is_mark(c);
        if (kind == ALONE)
            break;
    }
    if (words->n == 0)
        return 0;
    words->room[words->n] = 0;
    if (marked)
        compose(words);
    words->word = words->room;
    return 1;
}

void tern_words_free(tern_words *words)
{
    free(words->room);
    *words = (tern_words){0};
}
