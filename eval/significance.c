#include "eval/significance.h"

#include "base/hash.h"
#include "base/integer.h"
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
    int64_t groups = tern_parts(n, GROUP);
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

static int64_t enough(int64_t draws)
{
    if (draws <= 0)
        return TERN_DRAWS_DEFAULT;
    return draws < TERN_DRAWS_LEAST ? TERN_DRAWS_LEAST : draws;
}

double tern_paired_test(const double *a, const double *b, int64_t n, int64_t draws, uint64_t seed)
{
    draws = enough(draws);
    double *d = tern_alloc((size_t)n, sizeof *d), magnitude = 0, observed = 0;
    n = non_zero_differences(a, b, n, d);
    double(*sums)[PATTERNS] = group_sums(d, n);
    int64_t groups = tern_parts(n, GROUP), hits = 0;
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

/* What a correlation needs of a list x, when the gold values have mean 0. */
typedef struct sums {
    double x, xx, xg;
} sums;

/* changes[g][pattern]: what first's sums gain when bit i of the pattern exchanges the i-th pair of group g. Groups are
 * of four, since there are three sums for each pattern. */
enum { FEW = 4, FEW_PATTERNS = 1 << FEW };

typedef struct exchange {
    int64_t n, groups;
    double gold; /* sum of squares */
    sums first, both;
    sums (*changes)[FEW_PATTERNS];
} exchange;

static void add_sums(sums *to, const sums *s)
{
    to->x += s->x;
    to->xx += s->xx;
    to->xg += s->xg;
}

static sums sums_of(double x, double gold)
{
    return (sums){x, x * x, x * gold};
}

/* Values are taken from the middle of all, so that little is lost when squares are subtracted. */
static exchange exchange_of(const double *a, const double *b, const double *gold, int64_t n)
{
    exchange e = {.n = n, .groups = tern_parts(n, FEW)};
    e.changes = tern_calloc((size_t)e.groups, sizeof *e.changes);
    double middle = 0, mean = 0;
    for (int64_t i = 0; i < n; i++) {
        middle += (a[i] + b[i]) / (double)(2 * n);
        mean += gold[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        double g = gold[i] - mean;
        sums from = sums_of(a[i] - middle, g), to = sums_of(b[i] - middle, g);
        sums change = {to.x - from.x, to.xx - from.xx, to.xg - from.xg};
        e.gold += g * g;
        add_sums(&e.first, &from);
        add_sums(&e.both, &from);
        add_sums(&e.both, &to);
        for (int pattern = 0; pattern < FEW_PATTERNS; pattern++)
            if (pattern >> (i % FEW) & 1)
                add_sums(&e.changes[i / FEW][pattern], &change);
    }
    return e;
}

static double correlation(const exchange *e, sums s)
{
    double square = s.xx - s.x * s.x / (double)e->n;
    return square > 0 && e->gold > 0 ? s.xg / sqrt(square * e->gold) : 0;
}

/* The second list's correlation less the first one's, when the first one's sums are s. */
static double difference(const exchange *e, sums s)
{
    const sums second = {e->both.x - s.x, e->both.xx - s.xx, e->both.xg - s.xg};
    return correlation(e, second) - correlation(e, s);
}

static double drawn_difference(const exchange *e, uint64_t seed, int64_t draw)
{
    sums s = e->first;
    uint64_t bits = 0;
    for (int64_t g = 0; g < e->groups; g++, bits >>= FEW) {
        if (g % (64 / FEW) == 0)
            bits = tern_random(seed, (uint64_t)draw, (uint64_t)(g / (64 / FEW)), 0);
        add_sums(&s, &e->changes[g][bits % FEW_PATTERNS]);
    }
    return difference(e, s);
}

double tern_correlation_test(const double *a, const double *b, const double *gold, int64_t n, int64_t draws,
                             uint64_t seed)
{
    draws = enough(draws);
    exchange e = exchange_of(a, b, gold, n);
    double bound = fabs(difference(&e, e.first)) - 1e-10;
    int64_t hits = 0;
    if (n == 0 || !isfinite(e.both.xx + e.both.xg + e.gold)) {
        hits = draws;
    } else {
#pragma omp parallel for schedule(static) reduction(+ : hits)
        for (int64_t draw = 0; draw < draws; draw++)
            hits += fabs(drawn_difference(&e, seed, draw)) >= bound;
    }
    free(e.changes);
    return (double)(hits + 1) / (double)(draws + 1);
}
