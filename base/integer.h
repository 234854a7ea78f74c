/* Arithmetic of sizes and counts. */
#ifndef TERN_BASE_INTEGER_H
#define TERN_BASE_INTEGER_H

#include <stdint.h>
#include <stdlib.h>

static inline int64_t tern_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t tern_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Ascending, for qsort and bsearch of int64_t. */
static inline int tern_by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Whether number is one of n ascending ones; list may be NULL without any. */
static inline int tern_is_among(const int64_t *list, int64_t n, int64_t number)
{
    return n > 0 && bsearch(&number, list, (size_t)n, sizeof number, tern_by_number) != NULL;
}

/* Parts of `each` that n is cut into, the last perhaps smaller. n >= 0, each > 0. */
static inline int64_t tern_parts(int64_t n, int64_t each)
{
    return (n + each - 1) / each;
}

/* n up to a multiple of unit. */
static inline int64_t tern_round_up(int64_t n, int64_t unit)
{
    return tern_parts(n, unit) * unit;
}

#endif
