/* The tiles of AMX as all kernels use them: 16 rows of 64 bytes each. */
#ifndef TERN_AUTOGRAD_KERN_AMX_H
#define TERN_AUTOGRAD_KERN_AMX_H

#include <immintrin.h>

enum { TERN_AMX_ROWS = 16, TERN_AMX_BYTES = 64 };

/* gcc isn't told that tile loads read memory: what was stored for them has to come before this. */
static inline void kern_amx_stored(void)
{
    __asm__ volatile("" ::: "memory");
}

/* All eight tiles; to be released with _tile_release. */
static inline void kern_amx_configure(void)
{
#define EIGHT(x)                                                                                                       \
    {                                                                                                                  \
        x, x, x, x, x, x, x, x                                                                                         \
    }
    static const struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1, .bytes = EIGHT(TERN_AMX_BYTES), .rows = EIGHT(TERN_AMX_ROWS)}; /* what LDTILECFG reads */
#undef EIGHT
    _tile_loadconfig(&config);
    kern_amx_stored();
}

#endif
