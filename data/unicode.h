/* Properties of code points as the Hugging Face tokenizers package sees them (its tables are older than today's
 * Unicode in some parts; unicode_tables.c says how they were got).
 *
 *     const uint32_t *cells = tern_unicode_cells();
 *     if (cells[0x301] & TERN_UNICODE_MARK) ...
 *
 * One cell of 32 bits a code point: flags, combining class and the rule of its lower case. Most of the 4.4 MB is
 * never touched, so about 1 MB of it is resident. */
#ifndef TERN_DATA_UNICODE_H
#define TERN_DATA_UNICODE_H

#include <stddef.h>
#include <stdint.h>

enum {
    TERN_UNICODE_CONTROL = 1, /* dropped by clean_text */
    TERN_UNICODE_SPACE = 2,
    TERN_UNICODE_IDEOGRAPH = 4, /* handle_chinese_chars puts spaces around it */
    TERN_UNICODE_PUNCTUATION = 8,
    TERN_UNICODE_MARK = 16,        /* nonspacing mark */
    TERN_UNICODE_DECOMPOSES = 32,  /* changed by NFD */
    TERN_UNICODE_HAS_LOWER = 64,   /* changed by lower-casing */
    TERN_UNICODE_CLASS_SHIFT = 8,  /* 8 bits: canonical combining class */
    TERN_UNICODE_LOWER_SHIFT = 16, /* 16 bits: index into tern_unicode_lower */
    TERN_UNICODE_POINTS = 0x110000,
    TERN_UNICODE_MOST_PARTS = 4, /* code points that NFD or lower case make of one, at most */
};

/* The cells [TERN_UNICODE_POINTS], made by the first call and kept until the process ends: they are the same for all,
 * and take longer than a small vocabulary. Any thread. */
const uint32_t *tern_unicode_cells(void);

/* Canonical decomposition of c in full, for a c whose cell says TERN_UNICODE_DECOMPOSES; returns how many. */
int tern_unicode_decompose(uint32_t c, int32_t parts[TERN_UNICODE_MOST_PARTS]);
/* Lower case of c, whose cell is given and says TERN_UNICODE_HAS_LOWER; without context (a final sigma is as any
 * other); returns how many. */
int tern_unicode_lower_case(uint32_t c, uint32_t cell, int32_t parts[TERN_UNICODE_MOST_PARTS]);

static inline unsigned tern_unicode_combining(uint32_t cell)
{
    return cell >> TERN_UNICODE_CLASS_SHIFT & 0xFF;
}

/* The tables that the cells are made from. */
typedef struct tern_unicode_range {
    uint32_t first, last;
} tern_unicode_range;
typedef struct tern_unicode_class {
    uint32_t first, last;
    unsigned combining;
} tern_unicode_class;
typedef struct tern_unicode_rule {
    uint32_t first, last, step;
    int32_t delta;
} tern_unicode_rule;

extern const tern_unicode_range tern_unicode_controls[], tern_unicode_spaces[], tern_unicode_ideographs[],
    tern_unicode_punctuation[], tern_unicode_marks[], tern_unicode_decomposing[];
extern const tern_unicode_class tern_unicode_classes[];
extern const tern_unicode_rule tern_unicode_lower[];
extern const size_t tern_unicode_controls_n, tern_unicode_spaces_n, tern_unicode_ideographs_n,
    tern_unicode_punctuation_n, tern_unicode_marks_n, tern_unicode_decomposing_n, tern_unicode_classes_n,
    tern_unicode_lower_n;

#endif
