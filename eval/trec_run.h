/* Runs: ranked documents for queries, as TREC files `qid Q0 docno rank score tag`.
 *
 *     tern_trec_run *run = tern_trec_run_read("bm25.run", 0, &error);
 *     for (int64_t i = run->start[q]; i < run->start[q + 1]; i++)
 *         use(tern_trec_run_doc(run, i), run->scores[i]);
 *
 * The order within a query is trec_eval's: score (a float) descending, then document id descending (strcmp); the rank
 * column is not read.
 *
 * Ids are taken as they stand: a % in them means nothing. White space in an id would break the columns, so tern writes
 * such a run percent-encoded (white space, and each % that two hexadecimal digits follow), and marks its tag on every
 * line: "tern" becomes "tern+percent-encoded". On lines whose tag ends in this mark, and on no others, ids are
 * decoded. */
#ifndef TERN_EVAL_TREC_RUN_H
#define TERN_EVAL_TREC_RUN_H

#include "base/error.h"
#include "eval/run_ids.h"

#include <stdint.h>
#include <stdio.h>

#define TERN_TREC_RUN_ENCODED "+percent-encoded"

typedef struct tern_trec_run {
    int64_t n_queries;
    int64_t *start; /* [n_queries + 1] */
    float *scores;  /* [start[n_queries]] */
    /* private */
    tern_run_ids *ids;
    uint32_t *query_id, *doc_id; /* numbers in ids */
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

/* Reads a file or a pipe, a block at a time; queries come out ordered by id (strcmp). A byte order mark is passed over.
 * Ids are bytes; those that aren't UTF-8 get U+FFFD where invalid_utf8_replace is set, as judgements do. A line that
 * has not six columns, a score that is not a number, a document given twice for a query: NULL, with path and line. At
 * its peak it takes 12 bytes a line, and what eval/run_ids.h takes for the distinct ids. */
tern_trec_run *tern_trec_run_read(const char *path, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory; name is what messages call them. */
tern_trec_run *tern_trec_run_of_memory(const char *name, const char *bytes, size_t n, int invalid_utf8_replace,
                                       tern_error *error);
/* Writes what the file is made of into a stream, whose errors are the caller's to see; -1 at an empty id, which a run
 * cannot hold. */
int tern_trec_run_print(const tern_trec_run *run, FILE *f, const char *tag);
/* Writes a file, scores with 9 digits (a float survives that). overwrite 0: fails when the file is there. */
int tern_trec_run_write(const tern_trec_run *run, const char *path, const char *tag, int overwrite, tern_error *error);

#endif
