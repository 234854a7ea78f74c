#include "eval/judge.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct named {
    const char *id;
    int64_t number; /* of a query, or a grade */
} named;

struct tern_judge {
    const tern_qrels *qrels;
    named *queries; /* [n_queries] by id */
    named *docs;    /* [start[n_queries]] each query's by id */
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const named *)a)->id, ((const named *)b)->id);
}

tern_judge *tern_judge_create(const tern_qrels *qrels)
{
    tern_judge *judge = tern_calloc(1, sizeof *judge);
    int64_t n = qrels->n_queries, n_judged = n ? qrels->start[n] : 0;
    judge->qrels = qrels;
    judge->queries = tern_alloc((size_t)n, sizeof *judge->queries);
    judge->docs = tern_alloc((size_t)n_judged, sizeof *judge->docs);
    for (int64_t i = 0; i < n_judged; i++)
        judge->docs[i] = (named){qrels->doc_ids[i], qrels->grades[i]};
    for (int64_t q = 0; q < n; q++) {
        judge->queries[q] = (named){qrels->query_ids[q], q};
        int64_t start = qrels->start[q];
        qsort(judge->docs + start, (size_t)(qrels->start[q + 1] - start), sizeof *judge->docs, by_id);
    }
    qsort(judge->queries, (size_t)n, sizeof *judge->queries, by_id);
    return judge;
}

void tern_judge_free(tern_judge *judge)
{
    if (!judge)
        return;
    free(judge->queries);
    free(judge->docs);
    free(judge);
}

int64_t tern_judge_query(const tern_judge *judge, const char *query_id)
{
    named *found =
        bsearch(&(named){query_id, 0}, judge->queries, (size_t)judge->qrels->n_queries, sizeof *judge->queries, by_id);
    return found ? found->number : -1;
}

int tern_judge_grade(const tern_judge *judge, int64_t query, const char *doc_id, int *grade)
{
    const int64_t *start = judge->qrels->start + query;
    named *found =
        bsearch(&(named){doc_id, 0}, judge->docs + start[0], (size_t)(start[1] - start[0]), sizeof *judge->docs, by_id);
    *grade = found ? (int)found->number : 0;
    return found != NULL;
}

int tern_judge_has_relevant(const tern_judge *judge, int64_t query)
{
    for (int64_t i = judge->qrels->start[query]; i < judge->qrels->start[query + 1]; i++)
        if (judge->qrels->grades[i] > 0)
            return 1;
    return 0;
}
