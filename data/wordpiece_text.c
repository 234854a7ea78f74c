#include "data/wordpiece_text.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/unicode.h"
#include "data/utf8.h"

#include <stdlib.h>
#include <string.h>

/* No code point's normal form has more than this many times its bytes: U+0390 goes from 2 to 6, Hangul from 3 to 9,
 * U+1D160 from 4 to 12; an ideograph of 3 gets two spaces and at most one byte more. */
enum { GROWTH = 3, DROPPED = 0x80 };

void tern_bert_text_init(tern_bert_text *text, int clean_text, int handle_chinese_chars, int strip_accents,
                         int lowercase)
{
    *text = (tern_bert_text){clean_text, handle_chinese_chars, strip_accents, lowercase, .cells = tern_unicode_cells()};
    for (unsigned c = 0; c < 128; c++) {
        uint32_t cell = text->cells[c];
        text->ascii[c] = (uint8_t)c;
        if (clean_text && cell & TERN_UNICODE_CONTROL)
            text->ascii[c] = DROPPED;
        else if (clean_text && cell & TERN_UNICODE_SPACE)
            text->ascii[c] = ' ';
        else if (lowercase && c >= 'A' && c <= 'Z')
            text->ascii[c] = (uint8_t)(c + 'a' - 'A');
    }
}

void tern_bert_scratch_free(tern_bert_scratch *scratch)
{
    free(scratch->text);
    free(scratch->marks);
    *scratch = (tern_bert_scratch){0};
}

/* Where normalised text goes. */
typedef struct normal {
    const tern_bert_text *rules;
    tern_bert_scratch *scratch;
    size_t n;
} normal;

static void put(normal *out, uint32_t c)
{
    uint32_t cell = out->rules->cells[c];
    if (!out->rules->lowercase || !(cell & TERN_UNICODE_HAS_LOWER)) {
        out->n += tern_utf8_encode(c, out->scratch->text + out->n);
        return;
    }
    int32_t parts[TERN_UNICODE_MOST_PARTS];
    int n = tern_unicode_lower_case(c, cell, parts);
    for (int i = 0; i < n; i++)
        out->n += tern_utf8_encode((uint32_t)parts[i], out->scratch->text + out->n);
}

/* Canonical ordering: a stable counting sort by class, so that a long run of marks costs no more than its length. */
static void sort_marks(tern_bert_mark *marks, size_t n)
{
    size_t starts[257] = {0};
    tern_bert_mark *sorted = tern_alloc(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        starts[marks[i].combining + 1]++;
    for (int k = 0; k < 256; k++)
        starts[k + 1] += starts[k];
    for (size_t i = 0; i < n; i++)
        sorted[starts[marks[i].combining]++] = marks[i];
    memcpy(marks, sorted, n * sizeof *marks);
    free(sorted);
}

static void put_marks(normal *out)
{
    tern_bert_scratch *s = out->scratch;
    if (s->n_marks > 1)
        sort_marks(s->marks, s->n_marks);
    for (size_t i = 0; i < s->n_marks; i++)
        put(out, s->marks[i].point);
    s->n_marks = 0;
}

/* One code point of a decomposed text. A mark that will be dropped needs no place in the order of the others, but one
 * of class 0 keeps them apart before it goes. */
static void put_decomposed(normal *out, uint32_t c)
{
    uint32_t cell = out->rules->cells[c];
    tern_bert_scratch *s = out->scratch;
    unsigned combining = tern_unicode_combining(cell);
    if (combining == 0)
        put_marks(out);
    if (cell & TERN_UNICODE_MARK)
        return;
    if (combining == 0) {
        put(out, c);
        return;
    }
    TERN_GROW(s->marks, s->n_marks, s->marks_capacity);
    s->marks[s->n_marks++] = (tern_bert_mark){c, combining};
}

static void put_stripped(normal *out, uint32_t c)
{
    if (!(out->rules->cells[c] & TERN_UNICODE_DECOMPOSES)) {
        put_decomposed(out, c);
        return;
    }
    int32_t parts[TERN_UNICODE_MOST_PARTS];
    int n = tern_unicode_decompose(c, parts);
    for (int i = 0; i < n; i++)
        put_decomposed(out, (uint32_t)parts[i]);
}

static void put_any(normal *out, uint32_t c)
{
    if (out->rules->strip_accents)
        put_stripped(out, c);
    else
        put(out, c);
}

/* A code point from outside ASCII, through every rule in turn. */
static void normalize_point(normal *out, uint32_t c)
{
    const tern_bert_text *rules = out->rules;
    uint32_t cell = rules->cells[c];
    if (rules->clean_text && cell & TERN_UNICODE_CONTROL)
        return;
    if (rules->clean_text && cell & TERN_UNICODE_SPACE)
        c = ' ';
    int apart = rules->handle_chinese_chars && cell & TERN_UNICODE_IDEOGRAPH;
    if (apart)
        put_any(out, ' ');
    put_any(out, c);
    if (apart)
        put_any(out, ' ');
}

/* Each byte of a word of eight. */
static const uint64_t each = UINT64_C(0x0101010101010101);

/* Copies what is printed ASCII at the start of text, in lower case where that is wanted, as far as eights of bytes
 * go; returns how many. All rules but that one leave such bytes alone. */
static inline size_t copy_ascii(const tern_bert_text *rules, const char *text, size_t n, char *out)
{
    uint64_t change = rules->lowercase ? 0x20 * each : 0;
    size_t i = 0;
    for (uint64_t bytes; i + sizeof bytes <= n; i += sizeof bytes) {
        memcpy(&bytes, text + i, sizeof bytes);
        /* The high bit of a byte: outside ASCII; below ' '; DEL. Carries start only from such bytes. */
        if ((bytes | (bytes - ' ' * each) | (bytes + each)) & 0x80 * each)
            break;
        uint64_t from_a = bytes + (0x80 - 'A') * each, past_z = bytes + (0x80 - 'Z' - 1) * each;
        bytes += ((from_a & ~past_z) >> 2) & change;
        memcpy(out + i, &bytes, sizeof bytes);
    }
    return i;
}

static void reserve_text(tern_bert_scratch *scratch, size_t n)
{
    if (scratch->capacity >= GROWTH * n + TERN_TEXT_PADDING)
        return;
    free(scratch->text);
    scratch->capacity = GROWTH * n + TERN_TEXT_PADDING;
    scratch->text = tern_alloc(scratch->capacity, 1);
}

size_t tern_bert_normalize(const tern_bert_text *rules, const char *text, size_t n, tern_bert_scratch *scratch)
{
    normal out = {rules, scratch, 0};
    reserve_text(scratch, n);
    for (size_t i = 0, length; i < n; i += length) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x80) {
            normalize_point(&out, tern_utf8_decode(text + i, n - i, &length));
            continue;
        }
        length = 1;
        if (rules->ascii[byte] == DROPPED)
            continue;
        if (scratch->n_marks > 0)
            put_marks(&out);
        scratch->text[out.n++] = (char)rules->ascii[byte];
        size_t run = copy_ascii(rules, text + i + 1, n - i - 1, scratch->text + out.n);
        out.n += run;
        length += run;
    }
    put_marks(&out);
    TERN_CHECK(out.n + TERN_TEXT_PADDING <= scratch->capacity, "%zu bytes became %zu", n, out.n);
    memset(scratch->text + out.n, 0, TERN_TEXT_PADDING);
    return out.n;
}
