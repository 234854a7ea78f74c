/* Hard negatives are what a ranking puts near a query and what is right for it by no account. Filters say which
 * candidates are left out, and why; among those that stay, the first ones or some by chance are taken.
 *
 *     tern_mine_query query = {.hits = hits, .n_hits = n, .positives = positives, .n_positives = 1, .positive_score =
 * 0.8f}; int64_t n = tern_mine_pick(&options, &query, fates, picks); for (int64_t i = 0; i < n; i++)
 *         use(hits[picks[i]].doc);
 *
 * The names and what they mean are those of sentence-transformers' mine_hard_negatives where its documentation and what
 * it does agree; a score is compared in float, as there. */
#ifndef TERN_MINING_FILTERS_H
#define TERN_MINING_FILTERS_H

#include "search/topk.h"

#include <stdint.h>

/* What becomes of a candidate. */
typedef enum tern_fate {
    TERN_FATE_PICKED,
    TERN_FATE_LEFT, /* it could have been taken, others were */
    TERN_FATE_POSITIVE,
    TERN_FATE_EQUAL,
    TERN_FATE_RANGE_MIN,
    TERN_FATE_RANGE_MAX,
    TERN_FATE_ABSOLUTE_MARGIN,
    TERN_FATE_RELATIVE_MARGIN,
    TERN_FATE_MAX_SCORE,
    TERN_FATE_MIN_SCORE,
    TERN_FATE_NEAR,    /* much like a positive: mining/likeness.h */
    TERN_FATE_OPINION, /* another embedder takes it for a positive */
    TERN_FATE_HUB,     /* a negative of many queries already */
    TERN_FATE_TAKEN,   /* another miner's pick for the same query */
    TERN_FATES
} tern_fate;

/* "relative_margin", and what it means in a few words. */
const char *tern_fate_name(tern_fate fate);
const char *tern_fate_help(tern_fate fate);

typedef struct tern_mine_options {
    int64_t range_min, range_max; /* ranks from range_min to before range_max stay, counted from 0 without positives and
                                     their equals */
    double max_score, min_score;  /* a greater, a lower score is left out; NAN: none is */
    double absolute_margin;       /* left out when score + margin is above the positive's score; NAN: not so */
    double relative_margin; /* left out when it is above the positive's score less this part of its magnitude; NAN: not
                               so */
    int64_t num_negatives;  /* to take */
    int random;             /* 1: by chance, 0: those with the best scores */
    uint64_t seed;
} tern_mine_options;

/* All filters open: range 0 to all, no scores, three negatives, the best ones. */
tern_mine_options tern_mine_defaults(void);

typedef struct tern_mine_query {
    const tern_hit *hits; /* [n_hits] candidates, best first */
    int64_t n_hits;
    const int64_t *positives; /* [n_positives] documents that are right, ascending */
    int64_t n_positives;
    float positive_score;  /* what margins are measured from */
    uint64_t key;          /* what draws by chance go by beside the seed: a number of the query */
    const int64_t *equals; /* [n_equals] documents that say the same as a positive or as the query, ascending */
    int64_t n_equals;
} tern_mine_query;

/* A filter, in the order in which they are asked. */
typedef struct tern_filter {
    tern_fate fate; /* of what it leaves out */
    const char *name, *help;
    /* 1 when it leaves out a candidate that has rank candidates before it, positives and their equals not counted. */
    int (*drops)(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit, int64_t rank);
} tern_filter;

/* All of them, ended by a row without a name. */
const tern_filter *tern_filters(void);

/* What each candidate's fate is before any is taken, into fates [n_hits]: LEFT for those that may be. */
void tern_mine_judge(const tern_mine_options *options, const tern_mine_query *query, tern_fate *fates);
/* Takes up to wanted of those whose fate is LEFT, which becomes PICKED: picks [wanted] has their places in hits, best
 * first. Returns how many, which may be fewer. Ties of hits stay in their order. */
int64_t tern_mine_choose(const tern_mine_options *options, const tern_mine_query *query, tern_fate *fates,
                         int64_t wanted, int64_t *picks);
/* Both: takes num_negatives. */
int64_t tern_mine_pick(const tern_mine_options *options, const tern_mine_query *query, tern_fate *fates,
                       int64_t *picks);

#endif
