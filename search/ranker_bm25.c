#include "base/memory.h"
#include "search/ranker.h"

#include <stdlib.h>

typedef struct state {
    tern_bm25_options options;
    tern_bm25 *index;
} state;

static int index_texts(void *self, const char *const *texts, int64_t n, const int64_t *rank, tern_error *error)
{
    state *s = self;
    if (n >= UINT32_MAX)
        return tern_fail(error, "%lld documents are more than the search takes", (long long)n);
    tern_bm25_free(s->index);
    s->index = tern_bm25_obtain(&s->options, texts, n, rank, error);
    return s->index ? 0 : -1;
}

static int search(void *self, const char *const *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found,
                  tern_error *error)
{
    const state *s = self;
    (void)error;
    tern_bm25_search(s->index, queries, n, k, hits, found);
    return 0;
}

static void free_state(void *self)
{
    state *s = self;
    tern_bm25_free(s->index);
    free(s);
}

tern_ranker *tern_ranker_bm25(const tern_bm25_options *options)
{
    tern_ranker *ranker = tern_alloc(1, sizeof *ranker);
    state *s = tern_calloc(1, sizeof *s);
    s->options = *options;
    *ranker = (tern_ranker){index_texts, search, free_state, s};
    return ranker;
}
