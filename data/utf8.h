/* UTF-8: checking what users' files hold. */
#ifndef TERN_DATA_UTF8_H
#define TERN_DATA_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Offset of the first byte that is not part of a valid sequence (overlong forms, surrogates and code points
 * above U+10FFFF are not), or n when all of it is valid. */
size_t tern_utf8_check(const char *text, size_t n);
/* A new string with U+FFFD for each maximal invalid part (as Python's errors="replace" does); *out_n its length. */
char *tern_utf8_replace(const char *text, size_t n, size_t *out_n);

/* The code point at text, of n >= 1 bytes left, and *length, its bytes. The text is valid UTF-8; should it not be, the
 * result is still a code point below 0x110000 and no byte past n is read. */
static inline uint32_t tern_utf8_decode(const char *text, size_t n, size_t *length)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t c = 0xFFFD;
    *length = 1;
    if (p[0] < 0x80)
        return p[0];
    if (p[0] < 0xE0 && n >= 2) {
        *length = 2;
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    }
    if (p[0] < 0xF0 && n >= 3) {
        *length = 3;
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    }
    if (p[0] >= 0xF0 && n >= 4) {
        *length = 4;
        c = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    }
    return c < 0x110000 ? c : 0xFFFD;
}

/* Writes c below 0x110000 at out, with room for 4 bytes; returns how many it took. */
static inline size_t tern_utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

#endif
