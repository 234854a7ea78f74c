/* Judgements in fuzz targets: what holds of all of them, how they are written, and when two are equal. */
#ifndef TERN_TESTS_FUZZ_QRELS_H
#define TERN_TESTS_FUZZ_QRELS_H

#include "base/memory.h"
#include "data/beir.h"
#include "data/texts.h"
#include "fuzz.h"

#include <stdlib.h>

static inline void fuzz_check_qrels(const tern_qrels *qrels)
{
    tern_texts *queries = tern_texts_create();
    TERN_CHECK(qrels->n_queries > 0 && qrels->start[0] == 0, "%lld queries", (long long)qrels->n_queries);
    for (int64_t q = 0; q < qrels->n_queries; q++) {
        tern_texts *docs = tern_texts_create();
        TERN_CHECK(*qrels->query_ids[q] &&
                       tern_texts_add(queries, qrels->query_ids[q], strlen(qrels->query_ids[q])) == q,
                   "query %lld occurs twice, or is empty", (long long)q);
        TERN_CHECK(qrels->start[q] < qrels->start[q + 1], "query %lld has no judgements", (long long)q);
        for (int64_t i = qrels->start[q]; i < qrels->start[q + 1]; i++)
            TERN_CHECK(*qrels->doc_ids[i] &&
                           tern_texts_add(docs, qrels->doc_ids[i], strlen(qrels->doc_ids[i])) == i - qrels->start[q],
                       "judgement %lld occurs twice, or of nothing", (long long)i);
        tern_texts_free(docs);
    }
    tern_texts_free(queries);
}

/* format: of a query, a document and a grade. */
#define FUZZ_PRINT_QRELS(out, qrels, format)                                                                           \
    for (int64_t q = 0; q < (qrels)->n_queries; q++)                                                                   \
        for (int64_t i = (qrels)->start[q]; i < (qrels)->start[q + 1]; i++)                                            \
    tern_buffer_printf(out, format, (qrels)->query_ids[q], (qrels)->doc_ids[i], (qrels)->grades[i])

static inline void fuzz_compare_qrels(const tern_qrels *a, const tern_qrels *b)
{
    TERN_CHECK(a->n_queries == b->n_queries && a->start[a->n_queries] == b->start[b->n_queries],
               "%lld queries became %lld", (long long)a->n_queries, (long long)b->n_queries);
    for (int64_t q = 0; q < a->n_queries; q++)
        TERN_CHECK(!strcmp(a->query_ids[q], b->query_ids[q]) && a->start[q] == b->start[q],
                   "query \"%s\" became \"%s\"", a->query_ids[q], b->query_ids[q]);
    for (int64_t i = 0; i < a->start[a->n_queries]; i++)
        TERN_CHECK(!strcmp(a->doc_ids[i], b->doc_ids[i]) && a->grades[i] == b->grades[i],
                   "\"%s\", grade %d, became \"%s\", grade %d", a->doc_ids[i], a->grades[i], b->doc_ids[i],
                   b->grades[i]);
}

#endif
