#include "search/fusion.h"

#include "base/error.h"
#include "base/integer.h"
#include "base/memory.h"
#include "search/keys.h"

#include <stdlib.h>

enum { SMOOTHING = 60 };

struct tern_fusion {
    int64_t n_docs;
    int64_t *rank, *of_rank; /* NULL: a document's number */
    double *sums;            /* [n_docs], all 0 between two calls */
    uint64_t *keys;          /* [2, capacity] */
    int64_t capacity;
};

tern_fusion *tern_fusion_create(int64_t n_docs, const int64_t *rank)
{
    tern_fusion *f = tern_calloc(1, sizeof *f);
    f->n_docs = n_docs;
    f->sums = tern_calloc((size_t)n_docs, sizeof *f->sums);
    if (!rank)
        return f;
    f->rank = tern_alloc((size_t)n_docs, sizeof *f->rank);
    f->of_rank = tern_alloc((size_t)n_docs, sizeof *f->of_rank);
    for (int64_t i = 0; i < n_docs; i++) {
        TERN_CHECK(rank[i] >= 0 && rank[i] < n_docs, "rank %lld of %lld documents", (long long)rank[i],
                   (long long)n_docs);
        f->rank[i] = rank[i];
        f->of_rank[rank[i]] = i;
    }
    return f;
}

void tern_fusion_free(tern_fusion *fusion)
{
    if (!fusion)
        return;
    free(fusion->rank);
    free(fusion->of_rank);
    free(fusion->sums);
    free(fusion->keys);
    free(fusion);
}

static void add(tern_fusion *f, const tern_hit *list, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        f->sums[list[i].doc] += 1.0 / (double)(SMOOTHING + i + 1);
}

/* Each document once; its sum is 0 again. */
static int64_t take(tern_fusion *f, const tern_hit *list, int64_t n, int64_t n_keys)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t doc = list[i].doc;
        if (f->sums[doc] > 0)
            f->keys[n_keys++] = tern_key((float)f->sums[doc], f->rank ? f->rank[doc] : doc);
        f->sums[doc] = 0;
    }
    return n_keys;
}

int64_t tern_fusion_join(tern_fusion *fusion, const tern_hit *a, int64_t n_a, const tern_hit *b, int64_t n_b, int64_t k,
                         tern_hit *hits)
{
    tern_fusion *f = fusion;
    if (n_a + n_b > f->capacity) {
        free(f->keys);
        f->capacity = n_a + n_b;
        f->keys = tern_alloc((size_t)f->capacity, 2 * sizeof *f->keys);
    }
    add(f, a, n_a);
    add(f, b, n_b);
    int64_t n_keys = take(f, b, n_b, take(f, a, n_a, 0));
    tern_keys_sort(f->keys, n_keys, f->keys + f->capacity);
    int64_t found = tern_min(k, n_keys);
    for (int64_t i = 0; i < found; i++) {
        int64_t rank = tern_key_rank(f->keys[i]);
        hits[i] = (tern_hit){f->of_rank ? f->of_rank[rank] : rank, tern_key_score(f->keys[i])};
    }
    return found;
}
