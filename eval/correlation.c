#include "eval/correlation.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

typedef struct placed {
    double x;
    int64_t at;
} placed;

static int ascending(const void *a, const void *b)
{
    double x = ((const placed *)a)->x, y = ((const placed *)b)->x;
    return (x > y) - (x < y);
}

void tern_ranks(const double *x, int64_t n, double *ranks)
{
    placed *sorted = tern_alloc((size_t)n, sizeof *sorted);
    for (int64_t i = 0; i < n; i++)
        sorted[i] = (placed){x[i], i};
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    for (int64_t first = 0, last; first < n; first = last) {
        for (last = first + 1; last < n && sorted[last].x == sorted[first].x;)
            last++;
        for (int64_t i = first; i < last; i++)
            ranks[sorted[i].at] = (double)(first + 1 + last) / 2;
    }
    free(sorted);
}

static int all_equal(const double *x, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (x[i] != x[0])
            return 0;
    return 1;
}

/* Differences of x from its mean, times a power of two that brings them near 1, so that their squares neither overflow
 * nor vanish. Equal values give 0 exactly: their differences from a rounded mean need not be. Returns the sum of
 * squares. */
static double centre(const double *x, int64_t n, double *out)
{
    double most = 0, sum = 0, square = 0;
    int exponent;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    frexp(most, &exponent);
    double scale = ldexp(1, exponent < -1000 ? 1000 : -exponent);
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * scale;
    double mean = n ? sum / (double)n : 0;
    int equal = all_equal(x, n);
    for (int64_t i = 0; i < n; i++) {
        out[i] = equal ? 0 : x[i] * scale - mean;
        square += out[i] * out[i];
    }
    return square;
}

double tern_pearson(const double *x, const double *y, int64_t n)
{
    double *dx = tern_alloc(2 * (size_t)n, sizeof *dx), *dy = dx + n, product = 0;
    double squares = centre(x, n, dx) * centre(y, n, dy);
    for (int64_t i = 0; i < n; i++)
        product += dx[i] * dy[i];
    free(dx);
    double r = squares > 0 ? product / sqrt(squares) : 0;
    return r > 1 ? 1 : r < -1 ? -1 : r;
}

double tern_spearman(const double *x, const double *y, int64_t n)
{
    double *ranks = tern_alloc(2 * (size_t)n, sizeof *ranks);
    tern_ranks(x, n, ranks);
    tern_ranks(y, n, ranks + n);
    double rho = tern_pearson(ranks, ranks + n, n);
    free(ranks);
    return rho;
}

void tern_standardise(const double *x, int64_t n, double *out)
{
    double square = centre(x, n, out), scale = square > 0 ? sqrt((double)n / square) : 0;
    for (int64_t i = 0; i < n; i++)
        out[i] *= scale;
}
