/* What negatives are mined from: the queries of training rows, the documents that may be negatives, and what is known
 * to be right.
 *
 *     tern_mine_pool *pool = tern_mine_pool_create(rows, corpus, &error);
 *     for (int64_t i = pool->right_start[q]; i < pool->right_start[q + 1]; i++)
 *         use(pool->docs[pool->right[i]]);
 *     tern_mine_pool_free(pool); */
#ifndef TERN_MINING_POOL_H
#define TERN_MINING_POOL_H

#include "base/error.h"
#include "data/beir.h"
#include "data/rows.h"

#include <stdint.h>

typedef struct tern_mine_pool {
    tern_texts *texts; /* those of the rows; borrowed, and not to be added to while queries and docs are used */
    /* Queries are the rows' distinct anchors, by first appearance. */
    int64_t n_queries;
    int64_t *query;        /* [n_queries] text ids */
    const char **queries;  /* [n_queries] */
    const char **query_id; /* [n_queries], NULL where the data name none */
    int64_t *query_of_row; /* [rows->n] */
    /* Documents are distinct texts: the corpus, in its order, and positives that are not in it. */
    int64_t n_docs;
    int64_t *doc;        /* [n_docs] text ids */
    const char **docs;   /* [n_docs] */
    const char **doc_id; /* [n_docs]; of several with one text the greatest by strcmp. NULL where there is none */
    int64_t *rank;       /* [n_docs]: between equal scores the lower wins. Ids in descending order, as trec_eval has it;
                            NULL without ids: the order of documents */
    int64_t *doc_of_row; /* [rows->n]: the row's positive */
    /* Of each query, ascending: documents that rows or judgements call right, and others that say the same as one of
     * them or as the query (tern_words_hash). */
    int64_t *right_start, *right; /* [n_queries + 1] */
    int64_t *equal_start, *equal; /* likewise */
    /* The query's positives among its rows, ascending. */
    int64_t *positive_start, *positive;
    /* Counted for the user. */
    int64_t repeated; /* documents of the corpus whose text stands there already */
    int64_t blank;    /* without text: none of the documents */
    int64_t outside;  /* positives that are not in the corpus; 0 without one */
} tern_mine_pool;

/* rows need positives. corpus gives the documents with their ids, and ids of queries where it has any; NULL: the
 * documents are the rows' positives. Its texts are added to those of the rows, and it may be freed before the pool is;
 * rows->texts must outlive the pool. NULL with a sentence when there is nothing to mine from. */
tern_mine_pool *tern_mine_pool_create(const tern_rows *rows, const tern_beir *corpus, tern_error *error);
void tern_mine_pool_free(tern_mine_pool *pool);
/* The query with that id or, where none has it, with that text; -1: there is none. */
int64_t tern_mine_pool_find(const tern_mine_pool *pool, const char *query);

#endif
