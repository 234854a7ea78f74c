/* Retrieval evaluation as the leaderboards do it (mteb 2.26 with pytrec_eval, that is trec_eval 9.0.8): a set is ranked
 * (eval/rank.h), and the run is graded (eval/grade.h).
 *
 *     tern_rank_options options = {.embedder = tern_model_embedder(&source)};
 *     tern_scores scores = {0};
 *     if (tern_retrieval_evaluate(set, &options, NULL, &scores, &error) < 0) ...
 *     tern_scores_get(&scores, "ndcg_at_10");
 *     tern_scores_free(&scores); */
#ifndef TERN_EVAL_RETRIEVAL_H
#define TERN_EVAL_RETRIEVAL_H

#include "eval/grade.h"
#include "eval/rank.h"

/* Evaluates a set. A row of out is a query of the set with a relevant judgement, in the set's order (data/beir.h: it
 * has no others). out is started here and is to be freed with tern_scores_free; untouched on failure. run: an empty one
 * that is filled with what was ranked; NULL: not wanted. Fails as tern_rank_set does. */
int tern_retrieval_evaluate(const tern_beir *set, const tern_rank_options *options, tern_trec_run *run,
                            tern_scores *out, tern_error *error);

#endif
