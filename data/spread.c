#include "data/spread.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>

typedef struct item {
    double place; /* in [0, 1] */
    int64_t group;
} item;

static int by_place(const void *left, const void *right)
{
    const item *a = left, *b = right;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return a->group < b->group ? -1 : a->group > b->group;
}

void tern_spread(const int64_t *count, int64_t n_groups, uint64_t seed, uint64_t round, int64_t *order)
{
    int64_t total = 0, n = 0;
    for (int64_t g = 0; g < n_groups; g++)
        total += count[g];
    item *items = tern_alloc((size_t)total, sizeof *items);
    for (int64_t g = 0; g < n_groups; g++)
        for (int64_t i = 0; i < count[g]; i++) {
            double within = tern_random_unit(seed, round, (uint64_t)g, (uint64_t)i);
            items[n++] = (item){((double)i + within) / (double)count[g], g};
        }
    if (total)
        qsort(items, (size_t)total, sizeof *items, by_place);
    for (int64_t i = 0; i < total; i++)
        order[i] = items[i].group;
    free(items);
}
