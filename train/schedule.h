/* The learning rate of each step: warm-up from zero, then linear, cosine, constant, or constant with a linear end, as
 * the schedules of Hugging Face transformers (optimization.py: get_linear_schedule_with_warmup and its siblings).
 *
 *     tern_schedule s = {.kind = TERN_RATE_LINEAR, .peak = 2e-5, .total = 250};
 *     s.warmup = tern_warmup_steps(0.1, s.total);
 *     s.decay = tern_warmup_steps(0.2, s.total);        // warm-up-stable-decay only
 *     double rate = tern_schedule_rate(&s, step);       // step 0 is the first one
 */
#ifndef TERN_TRAIN_SCHEDULE_H
#define TERN_TRAIN_SCHEDULE_H

#include <stdint.h>

/* In the order of recipes' train.schedule. */
typedef enum tern_rate_kind {
    TERN_RATE_LINEAR,              /* to 0 at total */
    TERN_RATE_COSINE,              /* half a wave, to 0 at total */
    TERN_RATE_CONSTANT,            /* the peak after warm-up */
    TERN_RATE_WARMUP_STABLE_DECAY, /* the peak, then linear to 0 at total over the last decay steps */
} tern_rate_kind;

typedef struct tern_schedule {
    tern_rate_kind kind;
    double peak;
    int64_t warmup, total; /* steps */
    int64_t decay;         /* steps; WARMUP_STABLE_DECAY only. What warm-up leaves of total when that is less */
} tern_schedule;

/* ceil(total * warmup) for a share below 1, else that many steps; never more than total. For decay too. */
int64_t tern_warmup_steps(double warmup, int64_t total);
/* The rate of step (0-based). With w = warmup: peak * step / w before w; then peak times
 * (total - step) / (total - w), or (1 + cos(pi (step - w) / (total - w))) / 2, or 1, or
 * min(1, (total - step) / decay). Never below 0. */
double tern_schedule_rate(const tern_schedule *schedule, int64_t step);

#endif
