/* The exponential moving average of a model's weights (Polyak & Juditsky 1992; as torch_ema and TensorFlow's
 * ExponentialMovingAverage compute it): what is scored and exported in place of the weights that are trained.
 *
 *     tern_average *a = tern_average_create(params, 0.999);        // begins as the weights are
 *     tern_optimizer_step(..);
 *     tern_average_update(a, o->steps);                            // after each step
 *     tern_average_swap(a);                                        // params hold the average: score, save, export
 *     ..
 *     tern_average_swap(a);                                        // and the trained weights again
 *
 * Each weight is computed on its own, so the result does not depend on the number of threads. */
#ifndef TERN_TRAIN_AVERAGE_H
#define TERN_TRAIN_AVERAGE_H

#include "autograd/params.h"

typedef struct tern_average {
    tern_real *shadow; /* [params->size] at the offsets of the weights; of frozen ones never touched, so that they take
                          no memory */
    int swapped;       /* 1: params hold the average, and shadow what is trained */
    /* Private. */
    tern_params *params;
    double decay;
    struct tern_average_run *runs; /* of weights that aren't frozen */
    size_t n_runs, runs_capacity;
} tern_average;

/* decay in (0, 1). params is borrowed; what is frozen must be known. */
tern_average *tern_average_create(tern_params *params, double decay);
/* Accepts NULL. */
void tern_average_free(tern_average *average);

/* d of step t = 1, 2, ...: min(decay, (1 + t) / (10 + t)), so that the start does not weigh for long. */
double tern_average_decay(double decay, int64_t t);
/* shadow = d shadow + (1 - d) weight, with d of step t, the number of steps taken so far. Accepts NULL. */
void tern_average_update(tern_average *average, int64_t t);
/* Exchanges the weights and the average. Checkpoints and steps are taken with the trained weights in params. Accepts
 * NULL. */
void tern_average_swap(tern_average *average);

#endif
