/* Several data sets in one run: which of them gives each step's batch. A batch is always of one source.
 *
 *     tern_mixture *m = tern_mixture_create(&(tern_mixture_options){.n = 2, .samplers = samplers, .seed = 42});
 *     int64_t total = tern_mixture_steps(m, 3);                        // of three epochs
 *     for (int64_t step = 0; step < total; step++) {
 *         tern_mixture_place at = tern_mixture_at(m, step);
 *         const int64_t *rows = tern_mixture_rows(m, &at, &n);         // rows[0..n) of at.source
 *     }
 *     tern_mixture_free(m);
 *
 * A place is a function of the options and the step alone, so a run goes on at any step. Epochs go on without end.
 * Each source has epochs of its own, in which each of its batches comes exactly once, in its sampler's order:
 *
 * - proportional: an epoch is an epoch of every source, their batches spread evenly over it (data/spread.h).
 * - round robin: sources give a batch each in turn, in their order. An epoch ends with an epoch of the source of the
 *   fewest batches (in its first one); in the next the others go on where they are, where sentence-transformers, which
 *   ends it there too, begins them anew.
 * - weighted: an epoch has as many steps as a proportional one; of those each source gets its weight's share, rounded
 *   to whole batches with what is cut off made up in later epochs, and goes through its own epochs at that pace.
 * - temperature: weighted, by (batches of the source)^alpha: 1 is proportional's shares, 0 the same for all.
 *
 * With one source all of them are its own plan, epoch by epoch. */
#ifndef TERN_DATA_MIXTURE_H
#define TERN_DATA_MIXTURE_H

#include "data/sampler.h"

typedef enum tern_mixing {
    TERN_MIXING_PROPORTIONAL,
    TERN_MIXING_ROUND_ROBIN,
    TERN_MIXING_WEIGHTED,
    TERN_MIXING_TEMPERATURE
} tern_mixing;

typedef struct tern_mixture_options {
    tern_mixing kind;
    int n;                         /* sources */
    tern_sampler *const *samplers; /* [n] borrowed, each of 1 row or more */
    const double *weights;         /* [n] copied; weighted: finite, none below 0, not all 0; else NULL is fine */
    double alpha;                  /* temperature: finite */
    uint64_t seed;
} tern_mixture_options;

typedef struct tern_mixture_place {
    int source;
    int64_t source_epoch, batch; /* batch of that epoch's plan of the source */
    int64_t epoch, epoch_step;   /* of the run: epoch_step 0 is its first step */
    int64_t epoch_steps;         /* how many steps this epoch of the run has */
} tern_mixture_place;

/* 2^53: every number of steps is exact as a double too. */
#define TERN_MIXTURE_MOST_STEPS (INT64_C(1) << 53)

typedef struct tern_mixture tern_mixture;
/* Plans nothing yet: the samplers know at once how many batches an epoch of theirs has. */
tern_mixture *tern_mixture_create(const tern_mixture_options *options);
void tern_mixture_free(tern_mixture *mixture);
/* Steps of the first so many epochs, at once; TERN_MIXTURE_MOST_STEPS where there would be more. */
int64_t tern_mixture_steps(const tern_mixture *mixture, int64_t epochs);
/* 1 when source number ever gives a batch: weighted mixing leaves out sources of weight 0. */
int tern_mixture_uses(const tern_mixture *mixture, int number);
/* The place of step 0, 1, 2, ...; at once within the epoch of the last call, and going through the epochs between
 * else. */
tern_mixture_place tern_mixture_at(tern_mixture *mixture, int64_t step);
/* Forgets the plans that are kept: what rows draw from is another now. */
void tern_mixture_forget(tern_mixture *mixture);
/* The rows as the place's epoch has them: with the negatives that it draws. Borrowed as those of tern_mixture_rows. */
const tern_rows *tern_mixture_view(tern_mixture *mixture, const tern_mixture_place *place);
/* The rows [*n] of a place's batch, as numbers of the source's rows. Borrowed until the next call for that source; each
 * source's last plan is kept. */
const int64_t *tern_mixture_rows(tern_mixture *mixture, const tern_mixture_place *place, int64_t *n);

#endif
