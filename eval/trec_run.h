/* Runs: ranked documents for queries, as TREC files `qid Q0 docno rank score tag`.
 *
 *     tern_trec_run *run = tern_trec_run_read("bm25.run", &error);
 *     for (int64_t i = run->start[q]; i < run->start[q + 1]; i++)
 *         use(tern_trec_run_doc(run, i), run->scores[i]);
 *
 * The order within a query is trec_eval's: score (a float) descending, then document id descending (strcmp); the rank
 * column is not read. White space in an id would break the columns, so it is written percent-encoded (space is %20),
 * as is a % that two hexadecimal digits follow (%25); reading decodes every % with two hexadecimal digits. */
#ifndef TERN_EVAL_TREC_RUN_H
#define TERN_EVAL_TREC_RUN_H

#include "base/error.h"
#include "base/memory.h"

#include <stdint.h>

typedef struct tern_trec_run {
    int64_t n_queries;
    int64_t *start;            /* [n_queries + 1] */
    float *scores;             /* [start[n_queries]] */
    size_t *query_at, *doc_at; /* private: places of the ids in text */
    tern_buffer text;
    size_t query_capacity, start_capacity, doc_capacity, score_capacity;
} tern_trec_run;

tern_trec_run *tern_trec_run_create(void);
void tern_trec_run_free(tern_trec_run *run);
/* Borrowed until the next append. */
const char *tern_trec_run_query(const tern_trec_run *run, int64_t query);
const char *tern_trec_run_doc(const tern_trec_run *run, int64_t i);

/* Appends a query, then documents to the last query, which the caller gives in the order above. */
void tern_trec_run_add_query(tern_trec_run *run, const char *query_id);
void tern_trec_run_add_doc(tern_trec_run *run, const char *doc_id, float score);

/* Reads a file; queries come out ordered by id (strcmp). A line that has not six columns, a score that is not a number,
 * a document given twice for a query: NULL, with path and line. */
tern_trec_run *tern_trec_run_read(const char *path, tern_error *error);
/* Writes a file, scores with 9 digits (a float survives that). overwrite 0: fails when the file is there. */
int tern_trec_run_write(const tern_trec_run *run, const char *path, const char *tag, int overwrite, tern_error *error);

#endif
