/* Rankings: a list of documents for each query, as deep as the query needs. */
#include "base/integer.h"
#include "base/memory.h"
#include "mining/mining.h"

#include <stdlib.h>

/* Queries of a group and hits of one, at most. */
enum { MOST_QUERIES = 2048, MOST_HITS = 1 << 22 };

void tern_ranking_open(tern_ranking *ranking, const tern_mining *m, int64_t least)
{
    int64_t n = m->pool->n_queries;
    ranking->start = tern_alloc((size_t)n + 1, sizeof *ranking->start);
    ranking->found = tern_calloc((size_t)n, sizeof *ranking->found);
    ranking->start[0] = 0;
    for (int64_t q = 0; q < n; q++)
        ranking->start[q + 1] = ranking->start[q] + tern_min(tern_max(m->depth[q], least), m->pool->n_docs);
    ranking->hits = tern_alloc((size_t)ranking->start[n], sizeof *ranking->hits);
}

void tern_ranking_close(tern_ranking *ranking)
{
    free(ranking->start);
    free(ranking->found);
    free(ranking->hits);
    free(ranking->second);
    *ranking = (tern_ranking){NULL, NULL, NULL, NULL};
}

const tern_hit *tern_mine_list(const tern_mining *m, int share, int64_t query, int64_t *n)
{
    const tern_ranking *r = m->of[share];
    *n = tern_min(r->found[query], m->depth[query]);
    return r->hits + r->start[query];
}

int tern_mine_next_group(const tern_mining *m, const tern_ranking *ranking, int64_t *at, tern_mine_group *group)
{
    const int64_t *start = ranking->start;
    if (*at >= m->pool->n_queries)
        return 0;
    *group = (tern_mine_group){.queries = m->by_depth + *at};
    group->depth = start[group->queries[0] + 1] - start[group->queries[0]];
    int64_t most = tern_min(MOST_QUERIES, tern_max(1, MOST_HITS / tern_max(group->depth, 1)));
    for (; group->n < most && *at < m->pool->n_queries; group->n++, (*at)++) {
        int64_t q = m->by_depth[*at];
        if (2 * (start[q + 1] - start[q]) < group->depth)
            break;
    }
    return 1;
}
