#include "mining/rate.h"

#include <math.h>

void tern_mine_rate_add(tern_mine_rate *rate, int64_t hits, int64_t of)
{
    double h = (double)hits, n = (double)of;
    if (of == 0)
        return;
    rate->hits += hits;
    rate->of += of;
    rate->queries++;
    rate->hits_hits += h * h;
    rate->hits_of += h * n;
    rate->of_of += n * n;
}

/* The linearized variance of a ratio of two sums over queries. Where nothing varies the queries are the draws. */
static double effective(const tern_mine_rate *rate)
{
    double n = (double)rate->of, q = (double)rate->queries, share = (double)rate->hits / n;
    double squares = rate->hits_hits - 2 * share * rate->hits_of + share * share * rate->of_of;
    double variance = q > 1 ? squares / (n * n) * q / (q - 1) : 0;
    return variance > 0 ? fmin(n, share * (1 - share) / variance) : q;
}

void tern_mine_interval(double share, double n, double *low, double *high)
{
    const double z = 1.959963984540054; /* 0.975 of the normal distribution */
    double square = z * z / n, middle = (share + square / 2) / (1 + square);
    double half = z / (1 + square) * sqrt(share * (1 - share) / n + square / (4 * n));
    *low = share <= 0 ? 0 : fmax(0, middle - half);
    *high = share >= 1 ? 1 : fmin(1, middle + half);
}

void tern_mine_rate_interval(const tern_mine_rate *rate, double *low, double *high)
{
    tern_mine_interval((double)rate->hits / (double)rate->of, effective(rate), low, high);
}
