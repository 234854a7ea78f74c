#include "base/visible.h"

#include "base/memory.h"

#include <string.h>
#include <utf8proc.h>

/* Real scripts stack five at most. */
enum { MOST_MARKS = 6, ZERO_WIDTH_NON_JOINER = 0x200C, ZERO_WIDTH_JOINER = 0x200D, EMOJI_STYLE = 0xFE0F };

typedef utf8proc_int32_t rune;

/* What becomes of a character. */
typedef enum fate { KEPT, MARK, BLANK, CONTROL, UNSEEN } fate;

/* What the characters so far leave behind. */
typedef struct walk {
    rune before; /* the last one that was kept, 0 at the beginning */
    int marks;   /* on it */
    int blank;   /* the last thing written was a blank, or nothing was */
} walk;

/* The character at text and its bytes; -1 and 1 byte for what is not UTF-8. */
static size_t decode(const char *text, size_t n, rune *c)
{
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, c);
    if (length > 0)
        return (size_t)length;
    *c = -1;
    return 1;
}

static int is_noncharacter(rune c)
{
    return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
}

static int is_pictograph(rune c)
{
    return utf8proc_get_property(c)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
           (c >= 0x1F3FB && c <= 0x1F3FF) || c == EMOJI_STYLE;
}

/* Hebrew to the scripts of India, Tibet, Burma and Mongolia; not their fillers, which don't stay themselves. */
static int is_joined_script(rune c)
{
    if (c < 0x0590 || c >= 0x1D00)
        return 0;
    const utf8proc_property_t *p = utf8proc_get_property(c);
    return p->category <= UTF8PROC_CATEGORY_ME && !p->ignorable;
}

/* A joiner that does what it is for, between before and after. */
static int joins(rune c, rune before, rune after)
{
    if (c == ZERO_WIDTH_JOINER && is_pictograph(before) && is_pictograph(after))
        return 1;
    return is_joined_script(before) && is_joined_script(after);
}

static fate judge(rune c, const walk *w, const char *rest, size_t n)
{
    if (c >= 0x20 && c < 0x7F)
        return c == ' ' ? BLANK : KEPT;
    if (c < 0xA0 || c == 0x2028 || c == 0x2029 || is_noncharacter(c))
        return CONTROL;
    if (c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER) {
        rune after = -1;
        if (n > 0)
            decode(rest, n, &after);
        return w->before && after >= 0 && joins(c, w->before, after) ? KEPT : UNSEEN;
    }
    const utf8proc_property_t *p = utf8proc_get_property(c);
    if (c >= 0xFE00 && c <= EMOJI_STYLE)
        return MARK;
    if (p->ignorable || (p->category == UTF8PROC_CATEGORY_CF && p->boundclass != UTF8PROC_BOUNDCLASS_PREPEND))
        return UNSEEN;
    if (p->category == UTF8PROC_CATEGORY_MN || p->category == UTF8PROC_CATEGORY_ME)
        return MARK;
    return p->category == UTF8PROC_CATEGORY_ZS ? BLANK : KEPT;
}

/* Writes what becomes of the character at text [n] into out, with room for the bytes it has; returns those bytes, and
 * how many were written in *written. */
static size_t take(walk *w, const char *text, size_t n, unsigned how, char *out, size_t *written)
{
    rune c;
    size_t length = decode(text, n, &c);
    fate what = judge(c, w, text + length, n - length);
    if (c == '\n' && (how & TERN_VISIBLE_LINES))
        what = KEPT;
    else if ((how & TERN_VISIBLE_TEXT) && what == CONTROL)
        what = BLANK;
    int one_blank = (how & TERN_VISIBLE_TEXT) && what == BLANK;
    *written = 0;
    if (what == MARK && ++w->marks > MOST_MARKS)
        return length;
    if ((what == UNSEEN && (how & TERN_VISIBLE_TEXT)) || (one_blank && w->blank))
        return length;
    if (what == CONTROL || what == UNSEEN || one_blank) {
        *out = one_blank ? ' ' : '?';
        *written = 1;
    } else {
        memmove(out, text, length);
        *written = length;
    }
    w->blank = what == BLANK;
    w->before = c;
    w->marks = what == MARK ? w->marks : 0;
    return length;
}

size_t tern_visible(char *text, size_t n, unsigned how)
{
    walk w = {.blank = 1};
    size_t at = 0, to = 0, written;
    while (at < n) {
        at += take(&w, text + at, n - at, how, text + to, &written);
        to += written;
    }
    return to;
}

static int columns_of(rune c)
{
    if (c >= 0x20 && c < 0x7F)
        return 1;
    /* It makes an emoji of a narrow sign, which some terminals then draw wide. */
    if (c == EMOJI_STYLE)
        return 1;
    /* Younger than the tables: wide where such are added. */
    if (c >= 0 && utf8proc_category(c) == UTF8PROC_CATEGORY_CN)
        return c >= 0x1F000 ? 2 : 1;
    return c < 0 ? 1 : utf8proc_charwidth(c);
}

int tern_columns(const char *text, size_t n)
{
    int columns = 0;
    for (size_t at = 0; at < n;) {
        rune c;
        at += decode(text + at, n - at, &c);
        columns += columns_of(c);
    }
    return columns;
}

char *tern_visible_cut(const char *text, size_t n, int columns, unsigned how)
{
    static const char dots[] = "...";
    int dot_columns = columns > 2 * (int)strlen(dots) ? (int)strlen(dots) : 0, used = 0, cut = 0;
    walk w = {.blank = 1};
    tern_buffer line = {0};
    size_t fits = 0, written; /* bytes of line that leave room for the dots */
    tern_buffer_add(&line, "", 0);
    for (size_t at = 0; at < n && !cut;) {
        char bytes[4];
        at += take(&w, text + at, n - at, how, bytes, &written);
        int more = tern_columns(bytes, written);
        cut = used + more > columns;
        if (cut)
            break;
        tern_buffer_add(&line, bytes, written);
        used += more;
        if (used <= columns - dot_columns)
            fits = line.n;
    }
    if (cut) {
        line.n = fits;
        tern_buffer_add(&line, dots, (size_t)dot_columns);
    }
    return line.data;
}
