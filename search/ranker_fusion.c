#include "base/integer.h"
#include "base/memory.h"
#include "search/keys.h"
#include "search/ranker.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 1000, SMOOTHING = 60, LISTS = 2 };

typedef struct state {
    tern_ranker *lists[LISTS];
    int64_t n_docs;
    int64_t *rank, *of_rank; /* NULL: a document's number */
} state;

static void drop_ranks(state *s)
{
    free(s->rank);
    free(s->of_rank);
    s->rank = s->of_rank = NULL;
}

static int index_texts(void *self, const char *const *texts, int64_t n, const int64_t *rank, tern_error *error)
{
    state *s = self;
    drop_ranks(s);
    s->n_docs = n;
    if (rank) {
        s->rank = tern_alloc((size_t)n, sizeof *s->rank);
        s->of_rank = tern_alloc((size_t)n, sizeof *s->of_rank);
        for (int64_t i = 0; i < n; i++) {
            TERN_CHECK(rank[i] >= 0 && rank[i] < n, "rank %lld of %lld documents", (long long)rank[i], (long long)n);
            s->rank[i] = rank[i];
            s->of_rank[rank[i]] = i;
        }
    }
    for (int i = 0; i < LISTS; i++)
        if (s->lists[i]->index(s->lists[i]->self, texts, n, rank, error) < 0)
            return -1;
    return 0;
}

/* The lists of one query into one; sums [n_docs] is all 0, and is so again afterwards. */
static int64_t fuse(const state *s, tern_hit *const lists[LISTS], const int64_t n[LISTS], double *sums, uint64_t *keys,
                    uint64_t *room, int64_t k, tern_hit *hits)
{
    int64_t n_keys = 0;
    for (int l = 0; l < LISTS; l++)
        for (int64_t i = 0; i < n[l]; i++)
            sums[lists[l][i].doc] += 1.0 / (double)(SMOOTHING + i + 1);
    for (int l = 0; l < LISTS; l++)
        for (int64_t i = 0; i < n[l]; i++) {
            int64_t doc = lists[l][i].doc;
            if (sums[doc] > 0)
                keys[n_keys++] = tern_key((float)sums[doc], s->rank ? s->rank[doc] : doc);
            sums[doc] = 0;
        }
    tern_keys_sort(keys, n_keys, room);
    int64_t found = tern_min(k, n_keys);
    for (int64_t i = 0; i < found; i++) {
        int64_t rank = tern_key_rank(keys[i]);
        hits[i] = (tern_hit){s->of_rank ? s->of_rank[rank] : rank, tern_key_score(keys[i])};
    }
    return found;
}

static int search(void *self, const char *const *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found,
                  tern_error *error)
{
    const state *s = self;
    int64_t depth = tern_min(tern_max(k, DEPTH), s->n_docs), *counts[LISTS];
    tern_hit *lists[LISTS];
    int status = 0;
    for (int l = 0; l < LISTS; l++) {
        lists[l] = tern_alloc((size_t)n * (size_t)depth, sizeof *lists[l]);
        counts[l] = tern_alloc((size_t)n, sizeof *counts[l]);
    }
    for (int l = 0; l < LISTS && status == 0; l++)
        status = s->lists[l]->search(s->lists[l]->self, queries, n, depth, lists[l], counts[l], error);
    double *sums = tern_calloc((size_t)s->n_docs, sizeof *sums);
    uint64_t *keys = tern_alloc(LISTS * (size_t)depth, 2 * sizeof *keys);
    for (int64_t q = 0; q < n && status == 0; q++)
        found[q] =
            fuse(s, (tern_hit *const[]){lists[0] + q * depth, lists[1] + q * depth},
                 (const int64_t[]){counts[0][q], counts[1][q]}, sums, keys, keys + LISTS * depth, k, hits + q * k);
    free(keys);
    free(sums);
    for (int l = 0; l < LISTS; l++) {
        free(lists[l]);
        free(counts[l]);
    }
    return status;
}

static void free_state(void *self)
{
    state *s = self;
    for (int l = 0; l < LISTS; l++)
        tern_ranker_free(s->lists[l]);
    drop_ranks(s);
    free(s);
}

tern_ranker *tern_ranker_fusion(tern_ranker *first, tern_ranker *second)
{
    tern_ranker *ranker = tern_alloc(1, sizeof *ranker);
    state *s = tern_calloc(1, sizeof *s);
    s->lists[0] = first;
    s->lists[1] = second;
    *ranker = (tern_ranker){index_texts, search, free_state, s};
    return ranker;
}
