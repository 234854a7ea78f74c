#include "eval/significance.h"

#include "base/hash.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Differences are taken eight at a time: sums[g][pattern] is the signed sum of group g when bit i of the pattern flips
 * its i-th difference. A draw is then one look-up for eight signs. */
enum { GROUP = 8, PATTERNS = 1 << GROUP };

static int64_t non_zero_differences(const double *a, const double *b, int64_t n, double *d)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (b[i] != a[i])
            d[kept++] = b[i] - a[i];
    return kept;
}

static double (*group_sums(const double *d, int64_t n))[PATTERNS]
{
    int64_t groups = (n + GROUP - 1) / GROUP;
    double(*sums)[PATTERNS] = tern_calloc((size_t)groups, sizeof *sums);
    for (int64_t g = 0; g < groups; g++)
        for (int pattern = 0; pattern < PATTERNS; pattern++)
            for (int64_t i = g * GROUP; i < n && i < (g + 1) * GROUP; i++)
                sums[g][pattern] += pattern >> (i - g * GROUP) & 1 ? -d[i] : d[i];
    return sums;
}

static double drawn_sum(double (*sums)[PATTERNS], int64_t groups, uint64_t seed, int64_t draw)
{
    double sum = 0;
    uint64_t bits = 0;
    for (int64_t g = 0; g < groups; g++, bits >>= GROUP) {
        if (g % (64 / GROUP) == 0)
            bits = tern_random(seed, (uint64_t)draw, (uint64_t)(g / (64 / GROUP)), 0);
        sum += sums[g][bits % PATTERNS];
    }
    return sum;
}

double tern_paired_test(const double *a, const double *b, int64_t n, int64_t draws, uint64_t seed)
{
    if (draws <= 0)
        draws = TERN_DRAWS_DEFAULT;
    if (draws < TERN_DRAWS_LEAST)
        draws = TERN_DRAWS_LEAST;
    double *d = tern_alloc((size_t)n, sizeof *d), magnitude = 0, observed = 0;
    n = non_zero_differences(a, b, n, d);
    double(*sums)[PATTERNS] = group_sums(d, n);
    int64_t groups = (n + GROUP - 1) / GROUP, hits = 0;
    for (int64_t i = 0; i < n; i++)
        magnitude += fabs(d[i]);
    for (int64_t g = 0; g < groups; g++)
        observed += sums[g][0];
    double bound = fabs(observed) - 1e-12 * magnitude;
    if (n == 0 || !isfinite(magnitude)) {
        hits = draws;
    } else {
#pragma omp parallel for schedule(static) reduction(+ : hits)
        for (int64_t draw = 0; draw < draws; draw++)
            hits += fabs(drawn_sum(sums, groups, seed, draw)) >= bound;
    }
    free(sums);
    free(d);
    return (double)(hits + 1) / (double)(draws + 1);
}
