#include "data/unicode.h"
#include "base/error.h"
#include "base/memory.h"

#include <pthread.h>
#include <utf8proc.h>

/* The one code point whose lower case is two: LATIN CAPITAL LETTER I WITH DOT ABOVE. */
enum { DOTTED_I = 0x130, DOT_ABOVE = 0x307 };

static void mark_ranges(uint32_t *cells, const tern_unicode_range *ranges, size_t n, uint32_t flag)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t c = ranges[i].first; c <= ranges[i].last; c++)
            cells[c] |= flag;
}

static void mark_classes(uint32_t *cells)
{
    for (size_t i = 0; i < tern_unicode_classes_n; i++) {
        const tern_unicode_class *k = &tern_unicode_classes[i];
        for (uint32_t c = k->first; c <= k->last; c++)
            cells[c] |= (uint32_t)k->combining << TERN_UNICODE_CLASS_SHIFT;
    }
}

static void mark_lower_case(uint32_t *cells)
{
    for (size_t i = 0; i < tern_unicode_lower_n; i++) {
        const tern_unicode_rule *rule = &tern_unicode_lower[i];
        for (uint32_t c = rule->first; c <= rule->last; c += rule->step)
            cells[c] |= TERN_UNICODE_HAS_LOWER | (uint32_t)i << TERN_UNICODE_LOWER_SHIFT;
    }
    cells[DOTTED_I] |= TERN_UNICODE_HAS_LOWER;
}

static uint32_t *make_cells(void)
{
    uint32_t *cells = tern_calloc(TERN_UNICODE_POINTS, sizeof *cells);
    mark_ranges(cells, tern_unicode_controls, tern_unicode_controls_n, TERN_UNICODE_CONTROL);
    mark_ranges(cells, tern_unicode_spaces, tern_unicode_spaces_n, TERN_UNICODE_SPACE);
    mark_ranges(cells, tern_unicode_ideographs, tern_unicode_ideographs_n, TERN_UNICODE_IDEOGRAPH);
    mark_ranges(cells, tern_unicode_punctuation, tern_unicode_punctuation_n, TERN_UNICODE_PUNCTUATION);
    mark_ranges(cells, tern_unicode_marks, tern_unicode_marks_n, TERN_UNICODE_MARK);
    mark_ranges(cells, tern_unicode_decomposing, tern_unicode_decomposing_n, TERN_UNICODE_DECOMPOSES);
    mark_classes(cells);
    mark_lower_case(cells);
    return cells;
}

static const uint32_t *shared;

static void make_shared(void)
{
    shared = make_cells();
}

const uint32_t *tern_unicode_cells(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_shared);
    return shared;
}

/* Canonical decompositions are never changed once assigned (Unicode's stability policy), so any version of utf8proc
 * gives the same for the code points that our table admits. */
int tern_unicode_decompose(uint32_t c, int32_t parts[TERN_UNICODE_MOST_PARTS])
{
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, TERN_UNICODE_MOST_PARTS,
                                                 UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, NULL);
    TERN_CHECK(n >= 1 && n <= TERN_UNICODE_MOST_PARTS, "U+%04X decomposes into %ld", c, (long)n);
    return (int)n;
}

int tern_unicode_lower_case(uint32_t c, uint32_t cell, int32_t parts[TERN_UNICODE_MOST_PARTS])
{
    if (c == DOTTED_I) {
        parts[0] = 'i';
        parts[1] = DOT_ABOVE;
        return 2;
    }
    parts[0] = (int32_t)c + tern_unicode_lower[cell >> TERN_UNICODE_LOWER_SHIFT].delta;
    return 1;
}
