#include "base/memory.h"
#include "search/exact.h"
#include "search/ranker.h"
#include "search/vectors.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    tern_embedder embedder;
    float *vectors; /* [search.rows, search.dim] */
    int64_t *rank;
    tern_search search;
} state;

static void drop_index(state *s)
{
    free(s->vectors);
    free(s->rank);
    s->vectors = NULL;
    s->rank = NULL;
}

static int index_texts(void *self, const char *const *texts, int64_t n, const int64_t *rank, tern_error *error)
{
    state *s = self;
    int64_t dim = s->embedder.dim;
    drop_index(s);
    s->vectors = tern_alloc_aligned((size_t)n * (size_t)dim, sizeof *s->vectors);
    if (rank) {
        s->rank = tern_alloc((size_t)n, sizeof *s->rank);
        memcpy(s->rank, rank, (size_t)n * sizeof *s->rank);
    }
    s->search = (tern_search){
        .vectors = s->vectors, .rows = n, .dim = dim, .rank = s->rank, .similarity = s->embedder.similarity};
    return tern_vectors_embed(&s->embedder, TERN_ROLE_DOCUMENT, texts, n, s->vectors, error);
}

static int search(void *self, const char *const *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found,
                  tern_error *error)
{
    state *s = self;
    float *vectors = tern_alloc_aligned((size_t)n * (size_t)s->embedder.dim, sizeof *vectors);
    int status = tern_vectors_embed(&s->embedder, TERN_ROLE_QUERY, queries, n, vectors, error);
    if (status == 0)
        tern_search_queries(&s->search, vectors, n, k, hits, found);
    free(vectors);
    return status;
}

static void free_state(void *self)
{
    state *s = self;
    drop_index(s);
    free(s);
}

tern_ranker *tern_ranker_dense(const tern_embedder *embedder)
{
    tern_ranker *ranker = tern_alloc(1, sizeof *ranker);
    state *s = tern_calloc(1, sizeof *s);
    s->embedder = *embedder;
    *ranker = (tern_ranker){index_texts, search, free_state, s};
    return ranker;
}
