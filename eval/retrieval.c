#include "eval/retrieval.h"

#include "base/error.h"

int tern_retrieval_evaluate(const tern_beir *set, const tern_rank_options *options, tern_trec_run *run,
                            tern_scores *out, tern_error *error)
{
    /* What is left out of the ranking is left out already. */
    static const tern_grade_options as_ranked = {.in_run_order = 1};
    tern_trec_run *ranked = run ? run : tern_trec_run_create();
    TERN_CHECK(ranked->n_queries == 0, "a run that holds queries already");
    int status = tern_rank_set(set, options, ranked, error);
    if (status == 0)
        status = tern_grade_run(ranked, &set->qrels, &as_ranked, out, NULL, error);
    if (!run)
        tern_trec_run_free(ranked);
    return status;
}
