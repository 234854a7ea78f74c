#include "losses/draw.h"

#include "base/hash.h"

int tern_loss_draw(int what, uint64_t seed, uint64_t step, int n, int wanted, int *chosen)
{
    int left = wanted <= 0 || wanted > n ? n : wanted, count = 0;
    /* Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2S): i is taken with the probability
     * of what is left to choose in what is left to see, so that the result is sorted. */
    for (int i = 0; i < n; i++)
        if (tern_random_below((uint64_t)(n - i), seed, (uint64_t)what, step, (uint64_t)i) < (uint64_t)left) {
            chosen[count++] = i;
            left--;
        }
    return count;
}
