/* A retrieval set in BEIR form: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv. */
#ifndef TERN_DATA_BEIR_H
#define TERN_DATA_BEIR_H

#include "base/error.h"
#include "data/coverage.h"

#include <stddef.h>
#include <stdint.h>

/* Judgements in CSR form over the queries of one split. */
typedef struct tern_qrels {
    int64_t n_queries;
    char **query_ids;       /* [n_queries], in file order of first appearance */
    int64_t *start;         /* [n_queries + 1] */
    char **doc_ids;         /* [start[n_queries]] */
    int *grades;            /* the same length; may be 0 or negative (not relevant) */
    struct tern_texts *ids; /* private: owns the strings; NULL when they are somebody else's */
} tern_qrels;

/* Reads `query-id corpus-id score` TSV, or TREC `qid iter docno grade` between tabs or blanks; the form is seen from
 * the first line, and where that is a header with known names, columns go by them, in whatever order. A grade is a
 * whole number ("1", "1.0"). Quotes mean nothing. A pair judged twice with different grades is an error; judged twice
 * with the same, it counts once. Invalid UTF-8 is refused, or replaced by U+FFFD where invalid_utf8_replace is set. */
int tern_qrels_read(tern_qrels *qrels, const char *path, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory; name is what messages call them. */
int tern_qrels_of_memory(tern_qrels *qrels, const char *name, const char *data, size_t n, int invalid_utf8_replace,
                         tern_error *error);
void tern_qrels_free(tern_qrels *qrels);

typedef struct tern_beir {
    char *name; /* the folder's last part */
    int64_t n_docs, n_queries;
    char **doc_ids, **doc_texts;     /* [n_docs]; text is (title + " " + text) stripped, text alone without title */
    char **query_ids, **query_texts; /* [n_queries]: those of the split's qrels that have at least one grade > 0,
                                        in the order of queries.jsonl */
    tern_qrels qrels;
    tern_coverage coverage; /* of grades above 0 */
    char *note;             /* a sentence on what is missing, for those who must know; NULL: nothing is */
    struct tern_texts *doc_id_store, *query_id_store; /* private: own the ids */
} tern_beir;

/* Reads a folder's corpus, queries and one split. Judgements of documents or queries that are not there: counted in
 * coverage, named in note, and kept in qrels (they count in the ideal ranking, as in trec_eval); when they are more
 * than half, it is an error. Ids are strings, or whole numbers, which are taken as their digits, by the key "_id", or
 * "id" where there is no "_id"; one that comes twice is an error. Text is stripped as Python's str.strip() does. */
tern_beir *tern_beir_read(const char *folder, const char *split, int invalid_utf8_replace, tern_error *error);
/* The same without a look at whether its parts belong together: coverage and note stay empty, and there may be no
 * query. */
tern_beir *tern_beir_read_parts(const char *folder, const char *split, int invalid_utf8_replace, tern_error *error);
void tern_beir_free(tern_beir *beir);
/* As coverage and note of tern_beir, for the judgements of least_grade and above. */
int tern_beir_cover(const tern_beir *beir, const char *folder, const char *split, int least_grade,
                    tern_coverage *coverage, char **note, tern_error *error);
/* The names of a folder's splits, qrels/NAME.tsv: train, dev and test first, then others by name. A new list of new
 * strings in *names; returns how many. */
size_t tern_beir_splits(const char *folder, char ***names);
/* The place of a document in doc_ids, or -1. */
int64_t tern_beir_find_doc(const tern_beir *beir, const char *id);
/* Reads one corpus.jsonl alone: ids and texts as above, without judgements or queries. */
tern_beir *tern_beir_read_corpus(const char *path, int invalid_utf8_replace, tern_error *error);
/* The same of n bytes in memory; name is what messages call them. */
tern_beir *tern_beir_corpus_of_memory(const char *name, const char *data, size_t n, int invalid_utf8_replace,
                                      tern_error *error);

#endif
