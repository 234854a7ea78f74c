#include "data/utf8.h"
#include "base/memory.h"

#include <stdint.h>
#include <string.h>

/* Length of the sequence at p when it is valid; else 0, and *bad is the length of the maximal invalid part: the
 * longest start of a valid sequence, at least 1 (The Unicode Standard, 3.9, table 3-7 and "U+FFFD Substitution of
 * Maximal Subparts"). */
static size_t sequence_length(const unsigned char *p, size_t n, size_t *bad)
{
    unsigned char lead = p[0], least = 0x80, most = 0xBF;
    size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    *bad = 1;
    if (lead == 0xE0)
        least = 0xA0; /* below: overlong */
    else if (lead == 0xED)
        most = 0x9F; /* above: surrogates */
    else if (lead == 0xF0)
        least = 0x90; /* below: overlong */
    else if (lead == 0xF4)
        most = 0x8F; /* above: past U+10FFFF */
    for (size_t i = 1; i < length; i++) {
        *bad = i;
        if (i == n || p[i] < least || p[i] > most)
            return 0;
        least = 0x80;
        most = 0xBF;
    }
    return length;
}

/* Bytes of ASCII at the start, counted in eights. */
static size_t ascii_run(const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t word; i + 8 <= n; i += 8) {
        memcpy(&word, p + i, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

size_t tern_utf8_check(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0, bad;
    while (i < n) {
        i += ascii_run(p + i, n - i);
        if (i == n)
            break;
        size_t length = sequence_length(p + i, n - i, &bad);
        if (length == 0)
            return i;
        i += length;
    }
    return n;
}

char *tern_utf8_replace(const char *text, size_t n, size_t *out_n)
{
    const unsigned char *p = (const unsigned char *)text;
    tern_buffer out = {0};
    size_t done = 0;
    for (size_t bad; done < n; done += bad) {
        size_t valid = tern_utf8_check(text + done, n - done);
        tern_buffer_add(&out, text + done, valid);
        done += valid;
        if (done == n)
            break;
        sequence_length(p + done, n - done, &bad);
        tern_buffer_add(&out, "\xEF\xBF\xBD", 3);
    }
    if (!out.data)
        tern_buffer_add(&out, "", 0);
    if (out_n)
        *out_n = out.n;
    return out.data;
}
