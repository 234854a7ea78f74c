/* What bm25_build.c makes and bm25.c searches. */
#ifndef TERN_SEARCH_BM25_INDEX_H
#define TERN_SEARCH_BM25_INDEX_H

#include "data/texts.h"
#include "search/bm25.h"

enum { TERN_BM25_RUN = 64 };

struct tern_bm25 {
    tern_bm25_options options;
    int64_t n_docs, n_terms;
    tern_texts *terms; /* their numbers */
    int64_t *start;    /* [n_terms + 1] into docs and impacts */
    uint32_t *docs;    /* each term's documents, ascending */
    float *impacts;    /* what the term adds to each one's score */
    float *most;       /* [n_terms] the greatest impact of a term */
    int64_t *run;      /* [n_terms + 1] a term's runs of TERN_BM25_RUN postings, the last one shorter */
    float *run_most;   /* [run[n_terms]] the greatest impact of a run */
    int64_t *rank;     /* [n_docs] as given; NULL: a document's number */
    int64_t *of_rank;  /* [n_docs] the document of a rank; NULL likewise */
};

#endif
