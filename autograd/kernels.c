/* Which set of kernels this machine runs. */
#include "autograd/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const tern_kernel_table tern_kern_table_plain;

#if defined(__x86_64__) && !defined(TERN_DOUBLE)

extern const tern_kernel_table tern_kern_table_avx2, tern_kern_table_avx512;

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512cd");
}

const tern_kernel_table *tern_kernels_named(const char *isa)
{
    if (strcmp(isa, "avx512") == 0)
        return has_avx512() ? &tern_kern_table_avx512 : NULL;
    if (strcmp(isa, "avx2") == 0)
        return has_avx2() ? &tern_kern_table_avx2 : NULL;
    return strcmp(isa, "plain") == 0 ? &tern_kern_table_plain : NULL;
}

#else

const tern_kernel_table *tern_kernels_named(const char *isa)
{
    return strcmp(isa, "plain") == 0 ? &tern_kern_table_plain : NULL;
}

#endif

static const tern_kernel_table *choose(void)
{
    static const char *const best_first[] = {"avx512", "avx2", "plain"};
    const char *wanted = getenv("TERN_ISA");
    const tern_kernel_table *table = wanted ? tern_kernels_named(wanted) : NULL;
    for (int i = 0; !table; i++)
        table = tern_kernels_named(best_first[i]);
    return table;
}

/* Every thread would find the same table, so a race here changes nothing. */
const tern_kernel_table *tern_kernels(void)
{
    static const tern_kernel_table *table;
    const tern_kernel_table *found = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    if (!found) {
        found = choose();
        __atomic_store_n(&table, found, __ATOMIC_RELEASE);
    }
    return found;
}
