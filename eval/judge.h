/* Judgements looked up by id. */
#ifndef TERN_EVAL_JUDGE_H
#define TERN_EVAL_JUDGE_H

#include "data/beir.h"

#include <stdint.h>

typedef struct tern_judge tern_judge;

/* qrels is borrowed until tern_judge_free. */
tern_judge *tern_judge_create(const tern_qrels *qrels);
void tern_judge_free(tern_judge *judge);
/* The number in qrels of a query, or -1. */
int64_t tern_judge_query(const tern_judge *judge, const char *query_id);
/* 1 and the grade, when the document is judged for the query (a number in qrels); else 0 and grade 0. */
int tern_judge_grade(const tern_judge *judge, int64_t query, const char *doc_id, int *grade);
/* 1 when the query has a document with a grade above 0. */
int tern_judge_has_relevant(const tern_judge *judge, int64_t query);

#endif
