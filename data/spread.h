/* Spreading: an order in which any stretch holds about its share of each group.
 *
 *     const int64_t count[] = {2, 6};
 *     int64_t order[8];
 *     tern_spread(count, 2, seed, epoch, order);             // such as 1 1 0 1 1 1 0 1: group 0 once in each half
 */
#ifndef TERN_DATA_SPREAD_H
#define TERN_DATA_SPREAD_H

#include <stdint.h>

/* Fills order [sum of count] with the numbers of groups, group g count[g] times: its item i stands somewhere in the
 * i-th of count[g] equal parts of the whole, drawn by (seed, round, g, i). Groups of equal counts come in rounds, each
 * shuffled. Counts may be 0. */
void tern_spread(const int64_t *count, int64_t n_groups, uint64_t seed, uint64_t round, int64_t *order);

#endif
