#include "base/integer.h"
#include "base/memory.h"
#include "search/fusion.h"
#include "search/ranker.h"

#include <stdlib.h>

enum { LISTS = 2 };

typedef struct state {
    tern_ranker *lists[LISTS];
    int64_t n_docs;
    tern_fusion *fusion;
} state;

static int index_texts(void *self, const char *const *texts, int64_t n, const int64_t *rank, tern_error *error)
{
    state *s = self;
    tern_fusion_free(s->fusion);
    s->fusion = tern_fusion_create(n, rank);
    s->n_docs = n;
    for (int i = 0; i < LISTS; i++)
        if (s->lists[i]->index(s->lists[i]->self, texts, n, rank, error) < 0)
            return -1;
    return 0;
}

static int search(void *self, const char *const *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found,
                  tern_error *error)
{
    const state *s = self;
    int64_t depth = tern_min(tern_max(k, TERN_FUSION_DEPTH), s->n_docs), *counts[LISTS];
    tern_hit *lists[LISTS];
    int status = 0;
    for (int l = 0; l < LISTS; l++) {
        lists[l] = tern_alloc((size_t)n * (size_t)depth, sizeof *lists[l]);
        counts[l] = tern_alloc((size_t)n, sizeof *counts[l]);
    }
    for (int l = 0; l < LISTS && status == 0; l++)
        status = s->lists[l]->search(s->lists[l]->self, queries, n, depth, lists[l], counts[l], error);
    for (int64_t q = 0; q < n && status == 0; q++)
        found[q] = tern_fusion_join(s->fusion, lists[0] + q * depth, counts[0][q], lists[1] + q * depth, counts[1][q],
                                    k, hits + q * k);
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
    tern_fusion_free(s->fusion);
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
