#include "mining/audit.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Samples shown; queries that an estimate needs to be preferred to the second opinion. */
enum { SAMPLES = 20, ENOUGH = 30 };

/* A candidate as it is shown. */
typedef struct sample {
    uint64_t lot; /* the least are kept */
    int64_t query, doc, rank;
    float score, positive_score;
    const tern_miner *miner;
    tern_fate fate;
} sample;

struct tern_mine_audit {
    const tern_mine_job *job;
    int64_t explain;
    sample taken[SAMPLES / 2], left_out[SAMPLES / 2];
    int n_taken, n_left_out;
    sample *explained;
    size_t n_explained, capacity;
};

/* Keeps those with the least lots, in ascending order of them. */
static void keep(sample *list, int *n, const sample *one)
{
    int place = *n;
    while (place > 0 && list[place - 1].lot > one->lot)
        place--;
    if (place == SAMPLES / 2)
        return;
    *n = *n < SAMPLES / 2 ? *n + 1 : *n;
    memmove(list + place + 1, list + place, (size_t)(*n - 1 - place) * sizeof *list);
    list[place] = *one;
}

/* What ranks alone left out, and what merely wasn't needed, teaches nobody. */
static int is_worth_seeing(tern_fate fate)
{
    return fate != TERN_FATE_LEFT && fate != TERN_FATE_RANGE_MIN && fate != TERN_FATE_RANGE_MAX &&
           fate != TERN_FATE_POSITIVE && fate != TERN_FATE_TAKEN;
}

static void see(void *context, const tern_mine_view *view)
{
    tern_mine_audit *a = context;
    int64_t rank = 0;
    for (int64_t i = 0; i < view->n; i++) {
        tern_fate fate = view->fates[i];
        sample one = {.lot = tern_random(a->job->filters.seed, (uint64_t)view->query, (uint64_t)view->hits[i].doc, 2),
                      .query = view->query,
                      .doc = view->hits[i].doc,
                      .rank = rank,
                      .score = view->hits[i].score,
                      .positive_score = view->positive_score,
                      .miner = view->miner,
                      .fate = fate};
        if (fate == TERN_FATE_PICKED)
            keep(a->taken, &a->n_taken, &one);
        else if (is_worth_seeing(fate))
            keep(a->left_out, &a->n_left_out, &one);
        if (view->query == a->explain) {
            TERN_GROW(a->explained, a->n_explained, a->capacity);
            a->explained[a->n_explained++] = one;
        }
        rank += fate != TERN_FATE_POSITIVE && fate != TERN_FATE_EQUAL;
    }
}

tern_mine_audit *tern_mine_audit_open(tern_mine_job *job, int64_t explain)
{
    tern_mine_audit *a = tern_calloc(1, sizeof *a);
    a->job = job;
    a->explain = explain;
    job->see = see;
    job->context = a;
    return a;
}

void tern_mine_audit_close(tern_mine_audit *audit)
{
    if (!audit)
        return;
    free(audit->explained);
    free(audit);
}

static json_t *number(double x)
{
    return isnan(x) ? json_null() : json_real(x);
}

static json_t *sample_json(const tern_mine_audit *a, const sample *s)
{
    const tern_mine_pool *p = a->job->pool;
    json_t *object = json_object();
    if (p->query_id[s->query])
        json_object_set_new(object, "query_id", json_string(p->query_id[s->query]));
    json_object_set_new(object, "query", json_string(p->queries[s->query]));
    if (p->doc_id && p->doc_id[s->doc])
        json_object_set_new(object, "document_id", json_string(p->doc_id[s->doc]));
    json_object_set_new(object, "document", json_string(p->docs[s->doc]));
    json_object_set_new(object, "positive", json_string(p->docs[p->positive[p->positive_start[s->query]]]));
    json_object_set_new(object, "miner", json_string(s->miner->name));
    json_object_set_new(object, "rank", json_integer(s->rank));
    json_object_set_new(object, "score", number((double)s->score));
    json_object_set_new(object, "positive_score", number((double)s->positive_score));
    json_object_set_new(object, "fate", json_string(tern_fate_name(s->fate)));
    json_object_set_new(object, "reason", json_string(tern_fate_help(s->fate)));
    return object;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Sorts x [n]. Quantiles are values that occur: the one at place q (n - 1), rounded. */
static json_t *distribution(float *x, size_t n)
{
    static const struct {
        const char *name;
        double at;
    } quantiles[] = {{"min", 0},    {"p5", 0.05},  {"p25", 0.25}, {"median", 0.5},
                     {"p75", 0.75}, {"p95", 0.95}, {"max", 1}};
    double sum = 0;
    if (n == 0)
        return json_null();
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    json_t *object = json_object();
    json_object_set_new(object, "mean", json_real(sum / (double)n));
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        size_t place = (size_t)(quantiles[i].at * (double)(n - 1) + 0.5);
        json_object_set_new(object, quantiles[i].name, json_real((double)x[place]));
    }
    return object;
}

static json_t *scores_json(const tern_mine_pool *p, const tern_mined *m)
{
    if (!m->positive_score)
        return json_null();
    size_t n = (size_t)m->start[m->n_queries], n_positive = (size_t)p->positive_start[p->n_queries];
    float *negative = tern_alloc(n, 2 * sizeof *negative), *difference = negative + n;
    float *positive = tern_alloc(n_positive, sizeof *positive);
    memcpy(positive, m->positive_score, n_positive * sizeof *positive);
    for (int64_t q = 0; q < m->n_queries; q++) {
        for (int64_t i = m->start[q]; i < m->start[q + 1]; i++) {
            negative[i] = m->negative[i].score;
            difference[i] = m->margin_score[q] - negative[i];
        }
    }
    json_t *object = json_object();
    json_object_set_new(object, "positive", distribution(positive, n_positive));
    json_object_set_new(object, "negative", distribution(negative, n));
    json_object_set_new(object, "difference", distribution(difference, n));
    free(positive);
    free(negative);
    return object;
}

static json_t *filters_json(const tern_mined *m)
{
    json_t *object = json_object();
    for (int fate = 0; fate < TERN_FATES; fate++)
        if (fate != TERN_FATE_PICKED)
            json_object_set_new(object, tern_fate_name((tern_fate)fate), json_integer(m->fates[fate]));
    return object;
}

static json_t *miners_json(const tern_mine_job *job, const tern_mined *m)
{
    json_t *object = json_object();
    for (int s = 0; job->shares[s].miner; s++)
        json_object_set_new(object, job->shares[s].miner->name, json_integer(m->by_miner[s]));
    return object;
}

static int by_query(const void *a, const void *b)
{
    const sample *x = a, *y = b;
    if (x->query != y->query)
        return x->query < y->query ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static json_t *samples_json(const tern_mine_audit *a)
{
    sample all[SAMPLES];
    json_t *list = json_array();
    int n = a->n_taken + a->n_left_out;
    memcpy(all, a->taken, (size_t)a->n_taken * sizeof *all);
    memcpy(all + a->n_taken, a->left_out, (size_t)a->n_left_out * sizeof *all);
    qsort(all, (size_t)n, sizeof *all, by_query);
    for (int i = 0; i < n; i++)
        json_array_append_new(list, sample_json(a, &all[i]));
    return list;
}

static json_t *rate_json(const char *by, const tern_mine_rate *rate)
{
    double low, high;
    tern_mine_rate_interval(rate, &low, &high);
    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f}", "by", by, "queries", (json_int_t)rate->queries, "hits",
                     (json_int_t)rate->hits, "of", (json_int_t)rate->of, "rate", (double)rate->hits / (double)rate->of,
                     "low", low, "high", high);
}

/* By what is judged where enough queries have several right documents, else by the second opinion, which otherwise
 * stands beside it. */
static void add_estimates(json_t *object, const tern_mined *m)
{
    json_t *blind = m->blind.of > 0 ? rate_json("judgements", &m->blind) : NULL;
    json_t *votes = m->votes.of > 0 ? rate_json("second", &m->votes) : NULL;
    int judged = blind && (!votes || m->blind.queries >= ENOUGH);
    json_t *best = judged ? blind : votes;
    json_object_set_new(object, "false_negatives", best ? best : json_null());
    if (blind && votes)
        json_object_set_new(object, judged ? "second_opinion" : "judgements", judged ? votes : blind);
}

json_t *tern_mine_audit_json(const tern_mine_audit *audit, const tern_mined *mined)
{
    const tern_mine_job *job = audit->job;
    const tern_mine_pool *p = job->pool;
    const struct {
        const char *name;
        int64_t n;
    } counts[] = {{"queries", p->n_queries},
                  {"positives", p->positive_start[p->n_queries]},
                  {"documents", p->n_docs},
                  {"documents_repeated", p->repeated},
                  {"documents_blank", p->blank},
                  {"positives_outside_corpus", p->outside},
                  {"negatives", mined->start[mined->n_queries]},
                  {"queries_short", mined->few},
                  {"queries_without_negatives", mined->none},
                  {"hubs", mined->hubs},
                  {"relabelled", mined->relabel_start[mined->n_queries]}};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(object, counts[i].name, json_integer(counts[i].n));
    json_object_set_new(object, "miners", miners_json(job, mined));
    json_object_set_new(object, "filters", filters_json(mined));
    json_object_set_new(object, "scores", scores_json(p, mined));
    add_estimates(object, mined);
    json_object_set_new(object, "samples", samples_json(audit));
    if (audit->explain < 0)
        return object;
    json_t *list = json_array();
    for (size_t i = 0; i < audit->n_explained; i++)
        json_array_append_new(list, sample_json(audit, &audit->explained[i]));
    json_object_set_new(object, "explain", list);
    return object;
}
