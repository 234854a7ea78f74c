#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 63 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each 1. */
static int distance(const char *a, int n, const char *b, int m)
{
    int d[LONGEST + 1][LONGEST + 1];
    for (int i = 0; i <= n; i++)
        d[i][0] = i;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            int same = a[i - 1] == b[j - 1];
            d[i][j] = least(d[i - 1][j - 1] + !same, 1 + least(d[i - 1][j], d[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

const char *tern_nearest(const char *word, const char *const *names, size_t n)
{
    size_t length = strlen(word);
    const char *best = NULL;
    int best_distance = LONGEST + 1;
    if (length == 0 || length > LONGEST)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(names[i]);
        if (other > LONGEST)
            continue;
        int allowed = (int)(length > other ? length : other) / 3;
        int d = distance(word, (int)length, names[i], (int)other);
        if (d <= (allowed > 1 ? allowed : 1) && d < best_distance) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
