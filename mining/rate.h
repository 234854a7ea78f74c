/* A share that is counted query by query, with the interval that it lies in.
 *
 *     tern_mine_rate rate = {0};
 *     tern_mine_rate_add(&rate, hits, n);            // for each query
 *     tern_mine_rate_interval(&rate, &low, &high);
 *
 * What is found of one query hangs together, so that a thousand negatives of ten queries say less than of a thousand.
 */
#ifndef TERN_MINING_RATE_H
#define TERN_MINING_RATE_H

#include <stdint.h>

typedef struct tern_mine_rate {
    int64_t hits, of, queries;        /* queries with at least one */
    double hits_hits, hits_of, of_of; /* sums over queries of the products */
} tern_mine_rate;

void tern_mine_rate_add(tern_mine_rate *rate, int64_t hits, int64_t of);
/* Wilson's interval (1927) of 95 %, for as many independent draws as have the share's variance over queries (Kish's
 * effective size; never more than there are). rate->of is above 0. */
void tern_mine_rate_interval(const tern_mine_rate *rate, double *low, double *high);
/* Wilson's interval of 95 % for a share among n independent draws; n > 0, and need not be whole. */
void tern_mine_interval(double share, double n, double *low, double *high);

#endif
