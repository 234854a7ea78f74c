/* Which set of kernels this machine runs. */
#include "autograd/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const tern_kernel_table tern_kern_table_plain;

#if defined(__x86_64__) && !defined(TERN_DOUBLE)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const tern_kernel_table tern_kern_table_avx2, tern_kern_table_avx512, tern_kern_table_avx512vnni,
    tern_kern_table_amx;

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

static int has_avx512vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

/* Tiles and products of bfloat16 and int8 in one (CPUID leaf 7, EDX bits 22, 24 and 25), and leave from the kernel,
 * which keeps the tiles' eight kilobytes for a process only when asked (Linux 5.16 or later). */
static int has_amx(void)
{
    enum { LEAF = 7, BF16 = 1 << 22, TILE = 1 << 24, INT8 = 1 << 25, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d, all = BF16 | TILE | INT8;
    return has_avx512vnni() && __builtin_cpu_supports("avx512bf16") && __get_cpuid_count(LEAF, 0, &a, &b, &c, &d) &&
           (d & all) == all && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

#endif

static int has_any(void)
{
    return 1;
}

static const struct {
    const tern_kernel_table *table;
    int (*runs_here)(void);
} best_first[TERN_ISAS] = {
#if defined(__x86_64__) && !defined(TERN_DOUBLE)
    {&tern_kern_table_amx, has_amx},       {&tern_kern_table_avx512vnni, has_avx512vnni},
    {&tern_kern_table_avx512, has_avx512}, {&tern_kern_table_avx2, has_avx2},
#endif
    {&tern_kern_table_plain, has_any},
};

const tern_kernel_table *tern_kernels_at(int i)
{
    return best_first[i].table && best_first[i].runs_here() ? best_first[i].table : NULL;
}

const tern_kernel_table *tern_kernels_named(const char *isa)
{
    for (int i = 0; i < TERN_ISAS; i++)
        if (best_first[i].table && strcmp(best_first[i].table->isa, isa) == 0)
            return tern_kernels_at(i);
    return NULL;
}

static const tern_kernel_table *choose(void)
{
    const char *wanted = getenv("TERN_ISA");
    const tern_kernel_table *table = wanted ? tern_kernels_named(wanted) : NULL;
    for (int i = 0; !table; i++)
        table = tern_kernels_at(i);
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
