#include "eval/grade.h"

#include "base/memory.h"
#include "eval/judge.h"
#include "eval/rank.h"

#include <stdlib.h>
#include <string.h>

/* The number of a run's query of this id, or -1; order holds the run's queries by id. */
static int64_t find_query(const tern_trec_run *run, const int64_t *order, const char *id)
{
    int64_t low = 0, high = run->n_queries;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int compared = strcmp(tern_trec_run_query(run, order[middle]), id);
        if (compared == 0)
            return order[middle];
        if (compared < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

typedef struct numbered {
    const char *id;
    int64_t number;
} numbered;

static int by_id(const void *a, const void *b)
{
    return strcmp(((const numbered *)a)->id, ((const numbered *)b)->id);
}

static int64_t *order_by_id(const tern_trec_run *run)
{
    numbered *sorted = tern_alloc((size_t)run->n_queries, sizeof *sorted);
    int64_t *order = tern_alloc((size_t)run->n_queries, sizeof *order);
    for (int64_t q = 0; q < run->n_queries; q++)
        sorted[q] = (numbered){tern_trec_run_query(run, q), q};
    qsort(sorted, (size_t)run->n_queries, sizeof *sorted, by_id);
    for (int64_t q = 0; q < run->n_queries; q++)
        order[q] = sorted[q].number;
    free(sorted);
    return order;
}

/* Fills grades with those of the run's documents, in order, and returns how many there are. The cut comes after the
 * choice of judged documents and before identical ids are dropped, as for models. */
static int64_t grade_query(const tern_trec_run *run, int64_t query, const tern_judge *judge, int64_t judged,
                           const tern_grade_options *options, int *grades, tern_run_coverage *coverage)
{
    int64_t n = 0, taken = 0;
    for (int64_t i = run->start[query]; i < run->start[query + 1] && taken < TERN_RANK_DEPTH; i++) {
        const char *doc = tern_trec_run_doc(run, i);
        int grade, known = tern_judge_grade(judge, judged, doc, &grade);
        coverage->documents++;
        coverage->judged += known;
        coverage->ranked = coverage->ranked ? coverage->ranked : doc;
        if (options->judged_only && !known)
            continue;
        taken++;
        if (!options->exclude_same_id || strcmp(doc, tern_trec_run_query(run, query)))
            grades[n++] = grade;
    }
    return n;
}

static const char *first_relevant(const tern_qrels *qrels, int64_t query)
{
    int64_t i = qrels->start[query];
    while (qrels->grades[i] <= 0)
        i++;
    return qrels->doc_ids[i];
}

static void count_unjudged(const tern_trec_run *run, const tern_judge *judge, tern_run_coverage *coverage)
{
    for (int64_t q = 0; q < run->n_queries; q++) {
        const char *id = tern_trec_run_query(run, q);
        if (tern_judge_query(judge, id) >= 0)
            continue;
        coverage->queries_unjudged++;
        coverage->unjudged = coverage->unjudged ? coverage->unjudged : id;
    }
}

static int check_coverage(const tern_run_coverage *c, const tern_trec_run *run, tern_error *error)
{
    if (c->queries == 0)
        return tern_fail(error, "no query has a relevant document in these judgements");
    if (2 * c->queries_missing <= c->queries)
        return 0;
    if (c->queries_missing == c->queries)
        return tern_fail(error,
                         "no query of the run has a relevant document in these judgements: it has \"%.60s\" where they "
                         "have \"%.60s\"; check that both are of the same set and split",
                         c->unjudged ? c->unjudged : tern_trec_run_query(run, 0), c->missing);
    return tern_fail(error,
                     "the run lacks %lld of the %lld queries that have relevant documents in these judgements, such as "
                     "\"%.60s\"; check that both are of the same set and split",
                     (long long)c->queries_missing, (long long)c->queries, c->missing);
}

/* A query that is graded: its numbers in the judgements and in the run. */
typedef struct pair {
    int64_t judged, query;
} pair;

static int by_query(const void *a, const void *b)
{
    int64_t x = ((const pair *)a)->query, y = ((const pair *)b)->query;
    return (x > y) - (x < y);
}

/* The pairs in order of the judgements, into pairs [qrels->n_queries]; returns how many, and counts those that the run
 * lacks. */
static int64_t find_pairs(const tern_trec_run *run, const tern_qrels *qrels, const tern_judge *judge, pair *pairs,
                          tern_run_coverage *c)
{
    int64_t *order = order_by_id(run), n = 0;
    for (int64_t q = 0; q < qrels->n_queries; q++) {
        if (!tern_judge_has_relevant(judge, q))
            continue;
        int64_t query = find_query(run, order, qrels->query_ids[q]);
        c->queries++;
        if (query >= 0) {
            pairs[n++] = (pair){q, query};
            c->relevant = c->relevant ? c->relevant : first_relevant(qrels, q);
            continue;
        }
        c->queries_missing++;
        c->missing = c->missing ? c->missing : qrels->query_ids[q];
    }
    free(order);
    return n;
}

static void grade_pairs(const tern_trec_run *run, const tern_qrels *qrels, const tern_judge *judge, const pair *pairs,
                        const tern_grade_options *options, tern_scores *scores, tern_run_coverage *c)
{
    int *grades = tern_alloc(TERN_RANK_DEPTH, sizeof *grades);
    for (int64_t i = 0; i < scores->n_queries; i++) {
        int64_t q = pairs[i].judged, start = qrels->start[q];
        int64_t n = grade_query(run, pairs[i].query, judge, q, options, grades, c);
        tern_metrics_of_list(grades, n, qrels->grades + start, qrels->start[q + 1] - start,
                             scores->per_query + i * TERN_METRICS);
        scores->query_ids[i] = tern_strdup(qrels->query_ids[q]);
    }
    free(grades);
    tern_scores_finish(scores);
}

int tern_grade_run(const tern_trec_run *run, const tern_qrels *qrels, const tern_grade_options *options,
                   tern_scores *out, tern_run_coverage *coverage, tern_error *error)
{
    options = options ? options : &(tern_grade_options){0};
    tern_judge *judge = tern_judge_create(qrels);
    pair *pairs = tern_alloc((size_t)qrels->n_queries, sizeof *pairs);
    tern_run_coverage c = {0};
    tern_scores scores;
    int64_t n = find_pairs(run, qrels, judge, pairs, &c);
    if (options->in_run_order)
        qsort(pairs, (size_t)n, sizeof *pairs, by_query);
    tern_scores_start(&scores, tern_metric_names(), TERN_METRICS, n);
    grade_pairs(run, qrels, judge, pairs, options, &scores, &c);
    count_unjudged(run, judge, &c);
    int status = check_coverage(&c, run, error);
    if (coverage)
        *coverage = c;
    if (status == 0)
        *out = scores;
    else
        tern_scores_free(&scores);
    free(pairs);
    tern_judge_free(judge);
    return status;
}
