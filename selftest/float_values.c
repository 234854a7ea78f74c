/* The float build's half of the comparison with double. */
#include "selftest/check.h"

size_t tern_selftest_float_count(int index, int shape, const char **name)
{
    const tern_check_kind *kind = tern_check_kind_at(index);
    if (name)
        *name = kind ? kind->name : NULL;
    tern_check *c = kind ? tern_check_open(kind, shape) : NULL;
    if (!c)
        return 0;
    size_t n = tern_check_values(kind, c, NULL);
    tern_check_close(c);
    return n;
}

void tern_selftest_float_values(int index, int shape, double *values, size_t n)
{
    const tern_check_kind *kind = tern_check_kind_at(index);
    tern_check *c = kind ? tern_check_open(kind, shape) : NULL;
    TERN_CHECK(c, "kind %d has no shape %d", index, shape);
    size_t written = tern_check_values(kind, c, values);
    TERN_CHECK(written == n, "%s: %zu values, not %zu", kind->name, written, n);
    tern_check_close(c);
}
