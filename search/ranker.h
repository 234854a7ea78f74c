/* The one seam between ways to find documents and all that uses them: a ranker is given documents once, and then
 * queries. A model with an exact search, BM25, and a fusion of two are members.
 *
 *     tern_bm25_options options = TERN_BM25_DEFAULTS;
 *     tern_ranker *ranker = tern_ranker_bm25(&options);
 *     ranker->index(ranker->self, texts, n, NULL, &error);
 *     ranker->search(ranker->self, queries, n_queries, 10, hits, found, &error);
 *     tern_ranker_free(ranker); */
#ifndef TERN_SEARCH_RANKER_H
#define TERN_SEARCH_RANKER_H

#include "base/error.h"
#include "data/embedder.h"
#include "search/bm25.h"
#include "search/topk.h"

#include <stdint.h>

typedef struct tern_ranker {
    /* Takes n documents' texts, borrowed until the ranker is freed, in place of those it has. rank [n], all of 0 .. n -
     * 1: between equal scores the lower one wins; NULL: the lower number does. Read here only. */
    int (*index)(void *self, const char *const *texts, int64_t n, const int64_t *rank, tern_error *error);
    /* The k best documents of each of n queries, best first, into hits [n, k]; found [n]: how many there are. A query's
     * hits do not depend on the others. */
    int (*search)(void *self, const char *const *queries, int64_t n, int64_t k, tern_hit *hits, int64_t *found,
                  tern_error *error);
    void (*free)(void *self);
    void *self;
} tern_ranker;

void tern_ranker_free(tern_ranker *ranker);

/* BM25; every document with a term of the query. */
tern_ranker *tern_ranker_bm25(const tern_bm25_options *options);
/* The exact search of an embedder, borrowed; every document. It holds the documents' vectors. */
tern_ranker *tern_ranker_dense(const tern_embedder *embedder);
/* Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009) of two rankers, which it owns: a document's score is the
 * sum of 1 / (60 + rank) over the lists that have it, each the best 1000, or k where that is more. */
tern_ranker *tern_ranker_fusion(tern_ranker *first, tern_ranker *second);

/* What a name that stands for a ranker says: "bm25" with options as tern_bm25_named takes them, "MODEL+bm25" for the
 * fusion of a model and BM25, else a model. A folder that is there is a model, but for one called bm25, which is named
 * by a path,
 * "./bm25". */
typedef struct tern_ranker_name {
    char *model; /* NULL: bm25 alone */
    int bm25;    /* 1: BM25 ranks, alone or with the model */
    tern_bm25_options options;
} tern_ranker_name;

/* -1 with a sentence when BM25's options are wrong. parsed is to be freed with tern_ranker_name_free either way. */
int tern_ranker_name_parse(tern_ranker_name *parsed, const char *name, tern_error *error);
void tern_ranker_name_free(tern_ranker_name *parsed);
/* The ranker of a name; embedder is its model's, NULL where it has none. */
tern_ranker *tern_ranker_of_name(const tern_ranker_name *parsed, const tern_embedder *embedder);

#endif
