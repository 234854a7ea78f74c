#include "data/id_hint.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { BLANKS = 1, QUOTES = 2, FRACTION = 4, ZEROS = 8, PERCENT = 16, CASE = 32, ALL = 63 };

static const struct {
    unsigned kind;
    const char *words;
} kinds[] = {
    {BLANKS, "by blanks around them"},   {QUOTES, "by quotes around them"}, {FRACTION, "by a \".0\" behind a number"},
    {ZEROS, "by zeros before a number"}, {PERCENT, "by percent-encoding"},  {CASE, "in upper and lower case"},
};

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

static size_t decode_percent(char *text, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        int code =
            text[i] == '%' && i + 2 < n && isxdigit((unsigned char)text[i + 1]) && isxdigit((unsigned char)text[i + 2]);
        text[to++] = code ? (char)(hex(text[i + 1]) << 4 | hex(text[i + 2])) : text[i];
        i += code ? 2 : 0;
    }
    return to;
}

/* Bytes of white space at the beginning of text [n]: ASCII's, or a no-break space. */
static size_t blank_at(const char *text, size_t n)
{
    if (n > 0 && (unsigned char)*text <= 0x20)
        return 1;
    return n > 1 && memcmp(text, "\xC2\xA0", 2) == 0 ? 2 : 0;
}

static size_t count_digits(const char *text, size_t n)
{
    size_t digits = 0;
    while (digits < n && isdigit((unsigned char)text[digits]))
        digits++;
    return digits;
}

static size_t count_zeros(const char *text, size_t n)
{
    size_t zeros = 0;
    while (zeros < n && text[zeros] == '0')
        zeros++;
    return zeros;
}

/* Writes id [n] into out [n] without what differs by the given kinds; returns the length. */
static size_t plain(const char *id, size_t n, unsigned differing, char *out)
{
    char *from = out;
    memcpy(out, id, n);
    if (differing & PERCENT)
        n = decode_percent(out, n);
    if (differing & BLANKS) {
        for (size_t blank; (blank = blank_at(from, n)) > 0; n -= blank)
            from += blank;
        while (n > 0 && (blank_at(from + n - 1, 1) || (n > 1 && blank_at(from + n - 2, 2) == 2)))
            n -= blank_at(from + n - 1, 1) ? 1 : 2;
    }
    if ((differing & QUOTES) && n > 1 && from[0] == from[n - 1] && (from[0] == '"' || from[0] == '\'')) {
        from++;
        n -= 2;
    }
    size_t digits = count_digits(from, n);
    if ((differing & FRACTION) && digits > 0 && digits + 1 < n && from[digits] == '.' &&
        count_zeros(from + digits + 1, n - digits - 1) == n - digits - 1)
        n = digits;
    if ((differing & ZEROS) && digits == n)
        for (; n > 1 && *from == '0'; n--)
            from++;
    for (size_t i = 0; (differing & CASE) && i < n; i++)
        from[i] = (char)tolower((unsigned char)from[i]);
    memmove(out, from, n);
    return n;
}

static int same(const char *a, const char *b, unsigned differing, char *room)
{
    size_t na = strlen(a), nb = strlen(b);
    char *x = room, *y = room + na + 1;
    na = plain(a, na, differing, x);
    nb = plain(b, nb, differing, y);
    return na == nb && memcmp(x, y, na) == 0;
}

static char *say(const char *missing, const char *known, const char *where)
{
    char *room = tern_alloc(strlen(missing) + strlen(known) + 2, 1);
    const char *words = "in how they are written";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (same(missing, known, kinds[i].kind, room)) {
            words = kinds[i].words;
            break;
        }
    free(room);
    return tern_format("\"%.60s\" is \"%.60s\" in %s: they differ %s", missing, known, where, words);
}

char *tern_id_hint(const char *const *missing, size_t n, const tern_texts *known, const char *where)
{
    tern_texts *plain_ids = tern_texts_create();
    tern_buffer room = {0};
    char *hint = NULL;
    int64_t *first = tern_alloc((size_t)tern_texts_count(known), sizeof *first); /* known id of a plain one */
    for (int64_t i = 0; i < tern_texts_count(known); i++) {
        size_t length;
        const char *id = tern_texts_get(known, i, &length);
        room.n = 0;
        tern_buffer_add(&room, id, length); /* room of that length */
        int64_t before = tern_texts_count(plain_ids);
        int64_t number = tern_texts_add(plain_ids, room.data, plain(id, length, ALL, room.data));
        if (number == before)
            first[number] = i;
    }
    for (size_t i = 0; i < n && !hint; i++) {
        room.n = 0;
        tern_buffer_add(&room, missing[i], strlen(missing[i]));
        int64_t found = tern_texts_find(plain_ids, room.data, plain(missing[i], room.n, ALL, room.data));
        if (found >= 0)
            hint = say(missing[i], tern_texts_get(known, first[found], NULL), where);
    }
    free(first);
    tern_buffer_free(&room);
    tern_texts_free(plain_ids);
    return hint;
}
