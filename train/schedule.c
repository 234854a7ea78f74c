#include "train/schedule.h"

#include <math.h>

int64_t tern_warmup_steps(double warmup, int64_t total)
{
    double steps = ceil(warmup < 1 ? (double)total * warmup : warmup);
    return steps < (double)total ? (int64_t)steps : total;
}

double tern_schedule_rate(const tern_schedule *schedule, int64_t step)
{
    const double pi = 3.14159265358979323846;
    double w = (double)schedule->warmup, total = (double)schedule->total, s = (double)step;
    if (step < schedule->warmup)
        return schedule->peak * s / w;
    double rest = total - w > 1 ? total - w : 1, part = 1, decay = fmin((double)schedule->decay, rest);
    if (schedule->kind == TERN_RATE_LINEAR)
        part = (total - s) / rest;
    else if (schedule->kind == TERN_RATE_COSINE)
        part = 0.5 * (1 + cos(pi * (s - w) / rest));
    else if (schedule->kind == TERN_RATE_WARMUP_STABLE_DECAY && s > total - decay)
        part = (total - s) / decay;
    return part > 0 ? schedule->peak * part : 0;
}
