/* What a step draws: some of n things, by counter. */
#ifndef TERN_LOSSES_DRAW_H
#define TERN_LOSSES_DRAW_H

#include <stdint.h>

/* What is drawn, a part of the counter: draws of different things don't follow each other. */
enum { TERN_DRAW_DIMS = 0x64696d73, TERN_DRAW_LAYERS = 0x6c617972, TERN_DRAW_WEIGHTS = 0x77656967 };

/* Picks wanted different ones of 0 .. n-1, all alike probable, ascending, into chosen [min(wanted, n)]; all n when
 * wanted is 0 or no fewer than n. A function of (what, seed, step) alone. Returns how many. */
int tern_loss_draw(int what, uint64_t seed, uint64_t step, int n, int wanted, int *chosen);

#endif
