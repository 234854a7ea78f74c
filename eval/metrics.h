/* The retrieval metrics of one ranked list, as trec_eval 9.0.8 defines them.
 *
 *     double values[TERN_METRICS];
 *     tern_metrics_of_list((int[]){1, 0, 2}, 3, (int[]){2, 1, 1}, 3, values);
 *     printf("%s %.5f", tern_metric_names()[3], values[3]);
 *
 * Names are the leaderboard's: {ndcg,map,recall,precision,mrr,hit_rate}_at_{1,3,5,10,20,100,1000} of BEIR folders,
 * triplet_accuracy of triplets (eval/triplets.h), {cosine,euclidean,manhattan,dot}_{spearman,pearson} of pairs with
 * scores (eval/similarity.h). A new metric is a row in metrics.c's table and a case in tests/test_metrics.c. */
#ifndef TERN_EVAL_METRICS_H
#define TERN_EVAL_METRICS_H

#include <stddef.h>
#include <stdint.h>

enum { TERN_CUTOFFS = 7, TERN_METRIC_KINDS = 6, TERN_METRICS = TERN_CUTOFFS * TERN_METRIC_KINDS };

/* What a metric is computed from. */
typedef enum tern_metric_family {
    TERN_METRIC_UNKNOWN,
    TERN_METRIC_RETRIEVAL, /* a BEIR folder */
    TERN_METRIC_TRIPLETS,  /* rows with anchor, positive and negative */
    TERN_METRIC_SIMILARITY /* rows with anchor, positive and score */
} tern_metric_family;

/* The TERN_METRICS names of retrieval, kind by kind, each with its cutoffs ascending; static. */
const char *const *tern_metric_names(void);
/* TERN_METRIC_UNKNOWN: there is no such metric. */
tern_metric_family tern_metric_family_of(const char *name);
/* 1 for the names of all families. */
int tern_metric_exists(const char *name);
/* The name above that a user's word stands for: itself, or as other tools write it, in letters of either case: ndcg@10,
 * nDCG_10, MRR@10, P@5, hits@3, and trec_eval's ndcg_cut_10, map_cut_10, recall_100, P_5, success_1; of pairs also
 * spearman_cosine. NULL when there is no such metric. Static. Wherever users name a metric, this comes first. */
const char *tern_metric_named(const char *word);
/* The known name that word most likely meant, for "did you mean"; NULL when none is near. Static. */
const char *tern_metric_nearest(const char *word);

/* ranked [n]: the grade of the document at each rank, best first; 0 for one that is not judged. judged [m]: all grades
 * that the query has, in any order. A document is relevant when its grade is above 0; lower grades gain nothing.
 * values [TERN_METRICS], in the order of tern_metric_names():
 * - ndcg: sum of grade / log2(rank + 1) within k, over the same sum for judged in descending order (linear gain,
 *   m_ndcg_cut.c); - map: precision at each relevant rank within k, over all relevant (m_map_cut.c);
 * - recall: relevant within k over all relevant, not capped at k (m_recall.c); - precision: over k, even when fewer
 *   documents were found (m_P.c); - mrr: 1 / rank of the first relevant one within k, else 0; - hit_rate: 1 when any
 *   is within k (m_success.c).
 * All are 0 when nothing is relevant. */
void tern_metrics_of_list(const int *ranked, int64_t n, const int *judged, int64_t m, double *values);

#endif
