/* How much of what judgements name is there. */
#ifndef TERN_DATA_COVERAGE_H
#define TERN_DATA_COVERAGE_H

#include "base/error.h"
#include "data/texts.h"

#include <stdint.h>

/* Of judgements with grades that count. */
typedef struct tern_coverage {
    int64_t judgements, judgements_missing; /* missing: the query or the document isn't there */
    int64_t queries, queries_missing;
    int64_t documents, documents_missing; /* distinct ones */
    int64_t queries_without_relevant;     /* judged, but no grade of theirs counts; not among queries */
} tern_coverage;

struct tern_qrels;

/* Counts judgements of least_grade and above against the ids of queries and documents. *note: a new string, one
 * sentence about what is missing, with counts, first ids, and the cause where it can be seen; NULL when nothing is.
 * path: the judgements' file. -1 when more than half of the queries or judgements is missing; the sentence says that,
 * and *note is NULL. */
int tern_coverage_count(tern_coverage *coverage, const struct tern_qrels *qrels, int least_grade,
                        const tern_texts *queries, const tern_texts *documents, const char *path, char **note,
                        tern_error *error);

#endif
