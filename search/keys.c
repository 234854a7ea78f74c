#include "search/keys.h"

static void exchange(uint64_t *a, uint64_t *b)
{
    uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Puts the median of the first, the middle and the last key last. */
static void pivot_last(uint64_t *keys, int64_t n)
{
    uint64_t *first = keys, *middle = keys + n / 2, *last = keys + n - 1;
    if (*first < *middle)
        exchange(first, middle);
    if (*last > *first)
        exchange(last, first);
    else if (*last < *middle)
        exchange(last, middle);
}

/* Keys above the last one come first, then that one; returns its place. Without a branch on keys, which no processor
 * can foresee (the partition of N. Lomuto). */
static int64_t partition(uint64_t *keys, int64_t n)
{
    pivot_last(keys, n);
    uint64_t pivot = keys[n - 1];
    int64_t above = 0;
    for (int64_t i = 0; i < n - 1; i++) {
        uint64_t key = keys[i];
        keys[i] = keys[above];
        keys[above] = key;
        above += key > pivot;
    }
    exchange(keys + above, keys + n - 1);
    return above;
}

/* Quickselect (Hoare 1961). */
void tern_keys_select(uint64_t *keys, int64_t n, int64_t k)
{
    for (int64_t at = -1; at != k - 1;) {
        at = partition(keys, n);
        if (at < k - 1) {
            keys += at + 1;
            n -= at + 1;
            k -= at + 1;
            at = -1;
        } else {
            n = at;
        }
    }
}

static void insertion_sort(uint64_t *keys, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        int64_t to = i;
        for (; to > 0 && keys[to - 1] < key; to--)
            keys[to] = keys[to - 1];
        keys[to] = key;
    }
}

/* Two sorted runs, left [n] and right [m], into out; which one gives the next key is no branch. */
static void merge(const uint64_t *left, int64_t n, const uint64_t *right, int64_t m, uint64_t *out)
{
    const uint64_t *left_end = left + n, *right_end = right + m;
    while (left < left_end && right < right_end) {
        int from_right = *right > *left;
        *out++ = from_right ? *right : *left;
        right += from_right;
        left += !from_right;
    }
    memcpy(out, left, (size_t)(left_end - left) * sizeof *out);
    memcpy(out + (left_end - left), right, (size_t)(right_end - right) * sizeof *out);
}

void tern_keys_sort(uint64_t *keys, int64_t n, uint64_t *room)
{
    enum { RUN = 8 };
    for (int64_t i = 0; i < n; i += RUN)
        insertion_sort(keys + i, n - i < RUN ? n - i : RUN);
    uint64_t *from = keys, *to = room;
    for (int64_t run = RUN; run < n; run *= 2) {
        for (int64_t i = 0; i < n; i += 2 * run) {
            int64_t left = n - i < run ? n - i : run, right = n - i - left < run ? n - i - left : run;
            merge(from + i, left, from + i + left, right, to + i);
        }
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != keys)
        memcpy(keys, from, (size_t)n * sizeof *keys);
}
