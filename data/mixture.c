#include "data/mixture.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "data/spread.h"

#include <math.h>
#include <string.h>

/* What a random number is for; part of its counter. */
enum { MIXTURE = 0x6d697874 };

/* One source and where it stands. */
typedef struct source {
    tern_sampler *sampler;
    double weight;   /* against the largest */
    int64_t batches; /* of each epoch */
    tern_plan *plan; /* of plan_epoch; NULL: none yet */
    int64_t plan_epoch;
    int64_t epoch, batch; /* what comes next, at the start of the open epoch of the run */
    double credit;        /* weighted: batches that it should have had beyond those it had */
} source;

typedef struct step {
    int source;
    int64_t epoch, batch; /* of the source */
} step;

struct tern_mixture {
    tern_mixing kind;
    double alpha;
    uint64_t seed;
    source *source; /* [n] */
    int n;
    int64_t epoch, first; /* the open epoch of the run, and its first step; sources stand behind its end */
    step *steps;          /* [n_steps] of it; NULL: none is open */
    int64_t n_steps;
};

tern_mixture *tern_mixture_create(const tern_mixture_options *options)
{
    double most = 0;
    TERN_CHECK(options->n > 0, "%d sources", options->n);
    TERN_CHECK(isfinite(options->alpha), "alpha is %g", options->alpha);
    tern_mixture *m = tern_calloc(1, sizeof *m);
    *m = (tern_mixture){.kind = options->kind, .alpha = options->alpha, .n = options->n};
    m->seed = tern_random(options->seed, MIXTURE, 0, 0);
    m->source = tern_calloc((size_t)m->n, sizeof *m->source);
    for (int s = 0; s < m->n; s++) {
        double weight = m->kind == TERN_MIXING_WEIGHTED ? options->weights[s] : 1;
        TERN_CHECK(weight >= 0 && isfinite(weight), "weight %g of source %d", weight, s);
        TERN_CHECK(tern_sampler_rows(options->samplers[s]) > 0, "source %d has no rows", s);
        m->source[s] = (source){.sampler = options->samplers[s], .weight = weight};
        m->source[s].batches = tern_sampler_count(options->samplers[s]);
        most = fmax(most, weight);
    }
    TERN_CHECK(most > 0, "all weights are 0");
    for (int s = 0; s < m->n; s++)
        m->source[s].weight /= most;
    return m;
}

void tern_mixture_free(tern_mixture *mixture)
{
    if (!mixture)
        return;
    for (int s = 0; s < mixture->n; s++)
        tern_plan_free(mixture->source[s].plan);
    free(mixture->source);
    free(mixture->steps);
    free(mixture);
}

void tern_mixture_forget(tern_mixture *mixture)
{
    for (int s = 0; s < mixture->n; s++) {
        tern_plan_free(mixture->source[s].plan);
        mixture->source[s].plan = NULL;
    }
}

static const tern_plan *plan_of(source *s, int64_t epoch)
{
    if (!s->plan || s->plan_epoch != epoch) {
        tern_plan_free(s->plan);
        s->plan = tern_sampler_plan(s->sampler, epoch);
        s->plan_epoch = epoch;
    }
    return s->plan;
}

/* Steps of every epoch of the run. */
static int64_t steps_of_epoch(const tern_mixture *m)
{
    int64_t sum = 0, least = m->source[0].batches;
    for (int s = 0; s < m->n; s++) {
        sum += m->source[s].batches;
        least = tern_min(least, m->source[s].batches);
    }
    return m->kind == TERN_MIXING_ROUND_ROBIN ? least * m->n : sum;
}

/* The source's next batch becomes the run's next step. */
static void take(tern_mixture *m, int which)
{
    source *s = &m->source[which];
    m->steps[m->n_steps++] = (step){which, s->epoch, s->batch};
    if (++s->batch == s->batches) {
        s->epoch++;
        s->batch = 0;
    }
}

static void reserve(tern_mixture *m, int64_t n)
{
    free(m->steps);
    m->steps = tern_alloc((size_t)n, sizeof *m->steps);
    m->n_steps = 0;
}

/* So many steps of each source, spread. */
static void take_spread(tern_mixture *m, const int64_t *count, int64_t n)
{
    int64_t *order = tern_alloc((size_t)n, sizeof *order);
    tern_spread(count, m->n, m->seed, (uint64_t)m->epoch, order);
    reserve(m, n);
    for (int64_t i = 0; i < n; i++)
        take(m, (int)order[i]);
    free(order);
}

static void take_in_turn(tern_mixture *m, int64_t n)
{
    reserve(m, n);
    for (int64_t i = 0; i < n; i++)
        take(m, (int)(i % m->n));
}

/* What a source's share goes by, at most 1 and 1 for one of them: so no power leaves the range of a double. */
static double chance(const tern_mixture *m, int which, int64_t reference)
{
    if (m->kind == TERN_MIXING_WEIGHTED)
        return m->source[which].weight;
    return exp(m->alpha * log((double)m->source[which].batches / (double)reference));
}

/* Shares [n] that sum to 1. */
static void find_shares(const tern_mixture *m, double *share)
{
    int64_t reference = m->source[0].batches;
    double sum = 0;
    for (int s = 1; s < m->n; s++) {
        int64_t batches = m->source[s].batches;
        if (m->alpha < 0 ? batches < reference : batches > reference)
            reference = batches;
    }
    for (int s = 0; s < m->n; s++)
        sum += share[s] = chance(m, s, reference);
    for (int s = 0; s < m->n; s++)
        share[s] /= sum;
}

/* n steps to the sources, one by one to the one that most is owed to. What is owed goes on to the next epoch, so a
 * source with less than a batch an epoch has its turn after some, and shares don't drift however many epochs there
 * are. */
static void apportion(tern_mixture *m, int64_t n, int64_t *count)
{
    double *share = tern_alloc((size_t)m->n, sizeof *share);
    find_shares(m, share);
    for (int64_t i = 0; i < n; i++) {
        int owed = -1;
        for (int s = 0; s < m->n; s++) {
            m->source[s].credit += share[s];
            if (share[s] > 0 && (owed < 0 || m->source[s].credit > m->source[owed].credit))
                owed = s;
        }
        m->source[owed].credit -= 1;
        count[owed]++;
    }
    free(share);
}

/* Plans the run's epoch m->epoch; the sources move on by it. */
static void open_epoch(tern_mixture *m)
{
    int64_t n = steps_of_epoch(m), *count;
    if (m->kind == TERN_MIXING_ROUND_ROBIN) {
        take_in_turn(m, n);
        return;
    }
    count = tern_calloc((size_t)m->n, sizeof *count);
    for (int s = 0; s < m->n && m->kind == TERN_MIXING_PROPORTIONAL; s++)
        count[s] = m->source[s].batches;
    if (m->kind != TERN_MIXING_PROPORTIONAL)
        apportion(m, n, count);
    take_spread(m, count, n);
    free(count);
}

static void rewind_sources(tern_mixture *m)
{
    for (int s = 0; s < m->n; s++) {
        m->source[s].epoch = m->source[s].batch = 0;
        m->source[s].credit = 0;
    }
    m->epoch = m->first = 0;
    open_epoch(m);
}

static void next_epoch(tern_mixture *m)
{
    m->first += m->n_steps;
    m->epoch++;
    open_epoch(m);
}

int64_t tern_mixture_steps(const tern_mixture *mixture, int64_t epochs)
{
    int64_t each = steps_of_epoch(mixture);
    if (epochs <= 0)
        return 0;
    return each > TERN_MIXTURE_MOST_STEPS / epochs ? TERN_MIXTURE_MOST_STEPS : each * epochs;
}

int tern_mixture_uses(const tern_mixture *mixture, int number)
{
    TERN_CHECK(number >= 0 && number < mixture->n, "source %d of %d", number, mixture->n);
    return mixture->source[number].weight > 0;
}

tern_mixture_place tern_mixture_at(tern_mixture *mixture, int64_t at)
{
    TERN_CHECK(at >= 0, "step %lld", (long long)at);
    if (!mixture->steps || at < mixture->first)
        rewind_sources(mixture);
    while (at >= mixture->first + mixture->n_steps)
        next_epoch(mixture);
    const step *found = &mixture->steps[at - mixture->first];
    return (tern_mixture_place){.source = found->source,
                                .source_epoch = found->epoch,
                                .batch = found->batch,
                                .epoch = mixture->epoch,
                                .epoch_step = at - mixture->first,
                                .epoch_steps = mixture->n_steps};
}

const tern_rows *tern_mixture_view(tern_mixture *mixture, const tern_mixture_place *place)
{
    TERN_CHECK(place->source >= 0 && place->source < mixture->n, "source %d of %d", place->source, mixture->n);
    return plan_of(&mixture->source[place->source], place->source_epoch)->view;
}

const int64_t *tern_mixture_rows(tern_mixture *mixture, const tern_mixture_place *place, int64_t *n)
{
    TERN_CHECK(place->source >= 0 && place->source < mixture->n, "source %d of %d", place->source, mixture->n);
    const tern_plan *plan = plan_of(&mixture->source[place->source], place->source_epoch);
    TERN_CHECK(place->batch >= 0 && place->batch < plan->n_batches, "batch %lld of %lld in epoch %lld",
               (long long)place->batch, (long long)plan->n_batches, (long long)place->source_epoch);
    const int64_t *start = plan->start + place->batch;
    *n = start[1] - start[0];
    return plan->rows + start[0];
}
