/* Where the time of a run goes: named spans of work, one inside another, added up by name. Those of the first steps are
 * also kept one by one, for a trace.
 *
 *     tern_profile *p = tern_profile_create(NULL);
 *     tern_profile_step_begin(p, 1);
 *     tern_profile_begin(p, "batch");
 *     ...
 *     tern_profile_end(p, NULL);
 *     tern_profile_add(p, "linear", "forward", &work, NULL);      // from the end of "batch" until now
 *     tern_profile_step_end(p, NULL);
 *     fputs(tern_profile_table(p), stderr);
 *     tern_profile_write_trace(p, "trace.json", 1, &error);
 *
 * Each second is counted once: a span's row has the time that the spans inside it don't have, and what no span has is
 * the row "other", so that rows add up to the whole. All functions take a NULL profile and do nothing then: who is
 * profiled needs no conditions. For one thread, the one that calls the operations. */
#ifndef TERN_BASE_PROFILE_H
#define TERN_BASE_PROFILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Steps whose spans are in the trace, counted from the first of this profile; later steps are one span each. */
enum { TERN_PROFILE_TRACED_STEPS = 5 };

typedef struct tern_profile tern_profile;

/* What had to be done: floating-point operations, a multiplication and an addition being two, and bytes of memory read
 * and written. 0: not counted. */
typedef struct tern_work {
    double flops, bytes;
} tern_work;

/* All spans of one name and pass, within steps or outside them. */
typedef struct tern_profile_row {
    const char *name, *pass; /* pass: "forward", "backward", ... or "" */
    int in_step;
    int64_t calls;
    double seconds; /* without the spans inside */
    tern_work work;
} tern_profile_row;

/* Time counts from here, in seconds of clock. NULL: tern_seconds. */
tern_profile *tern_profile_create(double (*clock)(void));
void tern_profile_free(tern_profile *profile);

/* A span from here to its end, with a row of its name; name must live as long as the profile. work NULL: not counted.
 */
void tern_profile_begin(tern_profile *profile, const char *name);
void tern_profile_end(tern_profile *profile, const tern_work *work);
/* A span that took from the last call of any of these functions until now. detail: shown in the trace; NULL: nothing.
 */
void tern_profile_add(tern_profile *profile, const char *name, const char *pass, const tern_work *work,
                      const char *detail);
/* A span of the trace alone, around others: it has no row. name is copied. */
void tern_profile_enter(tern_profile *profile, const char *name);
void tern_profile_leave(tern_profile *profile);
/* A step of training. number: as people count, from 1. Spans that were left open inside it end with it. */
void tern_profile_step_begin(tern_profile *profile, int64_t number);
void tern_profile_step_end(tern_profile *profile, const char *detail);
/* 1 when the next span will be in the trace: whoever makes a detail asks first. */
int tern_profile_traces(const tern_profile *profile);

/* Rows in the order of their first span; "other" isn't among them. */
const tern_profile_row *tern_profile_rows(const tern_profile *profile, size_t *n);
int64_t tern_profile_steps(const tern_profile *profile);
/* Of all steps; of all since the profile was made. */
double tern_profile_step_seconds(const tern_profile *profile);
double tern_profile_seconds(const tern_profile *profile);

/* The rows for people: those of steps by time, then those outside them. A new string. */
char *tern_profile_table(const tern_profile *profile);
/* The trace as JSON in the Trace Event Format ("X" events, times in microseconds since the profile was made), which
 * chrome://tracing and ui.perfetto.dev open. The newest spans are left out when there are very many. */
int tern_profile_write_trace(const tern_profile *profile, const char *path, int overwrite, tern_error *error);

#endif
