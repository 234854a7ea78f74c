#include "mining/filters.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

tern_mine_options tern_mine_defaults(void)
{
    return (tern_mine_options){.range_max = INT64_MAX,
                               .max_score = NAN,
                               .min_score = NAN,
                               .absolute_margin = NAN,
                               .relative_margin = NAN,
                               .num_negatives = 3};
}

static int is_positive(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit,
                       int64_t rank)
{
    (void)options, (void)rank;
    return tern_is_among(query->positives, query->n_positives, hit->doc);
}

static int is_equal(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit, int64_t rank)
{
    (void)options, (void)rank;
    return tern_is_among(query->equals, query->n_equals, hit->doc);
}

static int is_too_near(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit,
                       int64_t rank)
{
    (void)query, (void)hit;
    return rank < options->range_min;
}

static int is_too_far(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit, int64_t rank)
{
    (void)query, (void)hit;
    return rank >= options->range_max;
}

/* Comparisons with NAN are false: a filter that isn't set drops nothing. */
static int is_within_margin(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit,
                            int64_t rank)
{
    (void)rank;
    return hit->score + (float)options->absolute_margin > query->positive_score;
}

/* Less a part of the magnitude: a margin below the positive for negative scores too. */
static int is_within_share(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit,
                           int64_t rank)
{
    (void)rank;
    float share = fabsf(query->positive_score) * (float)options->relative_margin;
    return hit->score > query->positive_score - share;
}

static int is_above(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit, int64_t rank)
{
    (void)query, (void)rank;
    return hit->score > (float)options->max_score;
}

static int is_below(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit, int64_t rank)
{
    (void)query, (void)rank;
    return hit->score < (float)options->min_score;
}

static const tern_filter filters[] = {
    {TERN_FATE_POSITIVE, "positive", "right for the query, by the rows or the judgements", is_positive},
    {TERN_FATE_EQUAL, "equal", "says the same as a positive or the query itself", is_equal},
    {TERN_FATE_RANGE_MIN, "range_min", "ranks before this one, positives not counted", is_too_near},
    {TERN_FATE_RANGE_MAX, "range_max", "ranks from this one on", is_too_far},
    {TERN_FATE_ABSOLUTE_MARGIN, "absolute_margin", "scores above the positive's less this", is_within_margin},
    {TERN_FATE_RELATIVE_MARGIN, "relative_margin", "scores above the positive's less this part of it", is_within_share},
    {TERN_FATE_MAX_SCORE, "max_score", "scores above this", is_above},
    {TERN_FATE_MIN_SCORE, "min_score", "scores below this", is_below},
    {TERN_FATE_LEFT, NULL, NULL, NULL},
};

const tern_filter *tern_filters(void)
{
    return filters;
}

/* The others: what no filter by rank and score says. */
static const struct {
    const char *name, *help;
} fates_besides[TERN_FATES] = {
    [TERN_FATE_PICKED] = {"picked", "a negative"},
    [TERN_FATE_LEFT] = {"left", "could be a negative; others were taken"},
    [TERN_FATE_NEAR] = {"near_duplicates", "much like a positive"},
    [TERN_FATE_OPINION] = {"second", "the second opinion takes it for a positive"},
    [TERN_FATE_HUB] = {"max_share", "a negative of many queries already"},
    [TERN_FATE_TAKEN] = {"taken", "another miner's pick for the same query"},
};

static const tern_filter *filter_of(tern_fate fate)
{
    const tern_filter *f = filters;
    while (f->name && f->fate != fate)
        f++;
    return f;
}

const char *tern_fate_name(tern_fate fate)
{
    const tern_filter *f = filter_of(fate);
    return f->name ? f->name : fates_besides[fate].name;
}

const char *tern_fate_help(tern_fate fate)
{
    const tern_filter *f = filter_of(fate);
    return f->name ? f->help : fates_besides[fate].help;
}

static tern_fate judge(const tern_mine_options *options, const tern_mine_query *query, const tern_hit *hit,
                       int64_t rank)
{
    const tern_filter *f = filters;
    while (f->name && !f->drops(options, query, hit, rank))
        f++;
    return f->fate;
}

/* A candidate that could be taken, and its lot. */
typedef struct lot {
    uint64_t draw;
    int64_t place;
} lot;

static int by_draw(const void *a, const void *b)
{
    const lot *x = a, *y = b;
    if (x->draw != y->draw)
        return x->draw < y->draw ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
    const lot *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* Every choice of n among the lots is as likely as any other, and the same document has the same lot whatever the
 * others are. */
static void draw(const tern_mine_options *options, const tern_mine_query *query, lot *lots, int64_t n, int64_t wanted)
{
    for (int64_t i = 0; i < n; i++)
        lots[i].draw = tern_random(options->seed, query->key, (uint64_t)query->hits[lots[i].place].doc, 0);
    qsort(lots, (size_t)n, sizeof *lots, by_draw);
    qsort(lots, (size_t)wanted, sizeof *lots, by_place);
}

void tern_mine_judge(const tern_mine_options *options, const tern_mine_query *query, tern_fate *fates)
{
    int64_t rank = 0;
    for (int64_t i = 0; i < query->n_hits; i++) {
        fates[i] = judge(options, query, &query->hits[i], rank);
        rank += fates[i] != TERN_FATE_POSITIVE && fates[i] != TERN_FATE_EQUAL;
    }
}

int64_t tern_mine_choose(const tern_mine_options *options, const tern_mine_query *query, tern_fate *fates,
                         int64_t wanted, int64_t *picks)
{
    lot *lots = tern_alloc((size_t)query->n_hits, sizeof *lots);
    int64_t n = 0;
    for (int64_t i = 0; i < query->n_hits; i++)
        if (fates[i] == TERN_FATE_LEFT)
            lots[n++].place = i;
    int64_t taken = n < wanted ? n : wanted;
    if (options->random && taken > 0 && taken < n)
        draw(options, query, lots, n, taken);
    for (int64_t i = 0; i < taken; i++) {
        picks[i] = lots[i].place;
        fates[picks[i]] = TERN_FATE_PICKED;
    }
    free(lots);
    return taken;
}

int64_t tern_mine_pick(const tern_mine_options *options, const tern_mine_query *query, tern_fate *fates, int64_t *picks)
{
    tern_mine_judge(options, query, fates);
    return tern_mine_choose(options, query, fates, options->num_negatives, picks);
}
