/* What a terminal gets of arbitrary bytes: valid UTF-8 without control characters, never longer than what was given,
 * and left as it is when it is made visible again; cut to some columns, it takes no more than those. The first byte of
 * the input is how many. */
#include "base/visible.h"
#include "data/utf8.h"
#include "fuzz.h"

#include <stdlib.h>

/* U+0000 .. U+001F, U+007F .. U+009F, but not the line feeds of a text of several lines. */
static size_t find_control(const char *text, size_t n, unsigned how)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n; i++) {
        int is_line_feed = p[i] == '\n' && (how & TERN_VISIBLE_LINES);
        if ((p[i] < 0x20 && !is_line_feed) || p[i] == 0x7F || (p[i] == 0xC2 && i + 1 < n && p[i + 1] < 0xA0))
            return i;
    }
    return n;
}

static void check_whole(const char *given, size_t n, const char *made, size_t made_n, unsigned how)
{
    TERN_CHECK(made_n <= n, "%zu bytes of %zu", made_n, n);
    size_t bad = tern_utf8_check(made, made_n), control = find_control(made, made_n, how);
    TERN_CHECK(bad == made_n, "how %u: byte %zu of %zu is not UTF-8", how, bad, made_n);
    TERN_CHECK(control == made_n, "how %u: byte %zu of %zu is a control character", how, control, made_n);
    char *again = malloc(made_n + 1);
    memcpy(again, made, made_n);
    size_t again_n = tern_visible(again, made_n, how);
    TERN_CHECK(again_n == made_n && !memcmp(again, made, made_n), "how %u: \"%.*s\" becomes \"%.*s\"", how, (int)made_n,
               made, (int)again_n, again);
    free(again);
    TERN_CHECK(tern_columns(given, n) >= 0, "fewer than no columns");
}

/* The cut text is the beginning of the whole one, and all of it where that fits. */
static void check_cut(const char *given, size_t n, const char *made, size_t made_n, int columns, unsigned how)
{
    char *cut = tern_visible_cut(given, n, columns, how);
    size_t cut_n = strlen(cut), same = 0;
    int wide = tern_columns(made, made_n);
    TERN_CHECK(tern_columns(cut, cut_n) <= columns, "%d columns, not %d", tern_columns(cut, cut_n), columns);
    while (same < cut_n && same < made_n && cut[same] == made[same])
        same++;
    if (wide <= columns)
        TERN_CHECK(same == made_n && cut_n == made_n, "how %u: \"%s\" of %d columns was cut to %d", how, cut, wide,
                   columns);
    else
        TERN_CHECK(same == cut_n || !strcmp(cut + same, &"..."[3 - (cut_n - same < 3 ? cut_n - same : 3)]),
                   "how %u: \"%s\" is not how it begins", how, cut);
    free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    int columns = bytes[0];
    const char *given = (const char *)bytes + 1;
    n--;
    for (unsigned how = 0; how <= (TERN_VISIBLE_LINES | TERN_VISIBLE_TEXT); how++) {
        char *made = malloc(n + 1);
        memcpy(made, given, n);
        size_t made_n = tern_visible(made, n, how);
        check_whole(given, n, made, made_n, how);
        check_cut(given, n, made, made_n, columns, how);
        free(made);
    }
    return 0;
}
