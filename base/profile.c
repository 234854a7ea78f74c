#include "base/profile.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#include <string.h>

/* A run of a million steps has a trace that viewers still open. */
enum { MOST_EVENTS = 100000, MOST_DEPTH = 16 };

typedef enum span_kind { ROW, AROUND, STEP } span_kind;

typedef struct open_span {
    span_kind kind;
    const char *name; /* ROW */
    char *own_name;   /* AROUND and STEP, in the trace only */
    double start, inside;
} open_span;

typedef struct event {
    const char *name, *pass;
    char *own_name, *detail; /* NULL: none */
    double start, took;
    tern_work work;
} event;

struct tern_profile {
    double (*clock)(void);
    double start;
    double mark; /* when the last call ended */
    open_span open[MOST_DEPTH];
    int n_open, in_step;
    int64_t steps;
    double step_seconds;
    tern_profile_row *rows;
    size_t n_rows, row_capacity;
    event *events;
    size_t n_events, event_capacity;
};

tern_profile *tern_profile_create(double (*clock)(void))
{
    tern_profile *profile = tern_calloc(1, sizeof *profile);
    profile->clock = clock ? clock : tern_seconds;
    profile->start = profile->mark = profile->clock();
    return profile;
}

void tern_profile_free(tern_profile *profile)
{
    if (!profile)
        return;
    for (int i = 0; i < profile->n_open; i++)
        free(profile->open[i].own_name);
    for (size_t i = 0; i < profile->n_events; i++) {
        free(profile->events[i].own_name);
        free(profile->events[i].detail);
    }
    free(profile->events);
    free(profile->rows);
    free(profile);
}

int tern_profile_traces(const tern_profile *profile)
{
    return profile && profile->n_events < MOST_EVENTS &&
           (!profile->in_step || profile->steps < TERN_PROFILE_TRACED_STEPS);
}

static tern_profile_row *row_of(tern_profile *profile, const char *name, const char *pass)
{
    for (size_t i = 0; i < profile->n_rows; i++) {
        tern_profile_row *row = &profile->rows[i];
        if (row->in_step == profile->in_step && strcmp(row->name, name) == 0 && strcmp(row->pass, pass) == 0)
            return row;
    }
    TERN_GROW(profile->rows, profile->n_rows, profile->row_capacity);
    profile->rows[profile->n_rows] = (tern_profile_row){.name = name, .pass = pass, .in_step = profile->in_step};
    return &profile->rows[profile->n_rows++];
}

static void note_row(tern_profile *profile, const char *name, const char *pass, double seconds, const tern_work *work)
{
    tern_profile_row *row = row_of(profile, name, pass);
    row->calls++;
    row->seconds += seconds;
    row->work.flops += work ? work->flops : 0;
    row->work.bytes += work ? work->bytes : 0;
}

/* Takes e.own_name. */
static void note_event(tern_profile *profile, event e, const tern_work *work, const char *detail)
{
    e.work = work ? *work : (tern_work){0};
    e.detail = tern_strdup(detail);
    TERN_GROW(profile->events, profile->n_events, profile->event_capacity);
    profile->events[profile->n_events++] = e;
}

/* Time that the span around what just ended needn't count as its own. */
static void count_inside(tern_profile *profile, double seconds)
{
    if (profile->n_open > 0)
        profile->open[profile->n_open - 1].inside += seconds;
}

static void open_new(tern_profile *profile, open_span span)
{
    TERN_CHECK(profile->n_open < MOST_DEPTH, "a span within %d spans", profile->n_open);
    span.start = profile->clock();
    profile->open[profile->n_open++] = span;
    profile->mark = span.start;
}

/* A span around others hands the time it has for itself on to what is around it: it has no row to put it in. */
static void close_last(tern_profile *profile, const tern_work *work, const char *detail)
{
    double now = profile->clock();
    open_span *span = &profile->open[--profile->n_open];
    double took = now - span->start;
    if (span->kind == ROW)
        note_row(profile, span->name, "", took - span->inside, work);
    count_inside(profile, span->kind == AROUND ? span->inside : took);
    if (span->kind == STEP) {
        profile->in_step = 0;
        profile->steps++;
        profile->step_seconds += took;
    }
    event e = {.name = span->name, .pass = "", .own_name = span->own_name, .start = span->start, .took = took};
    if (tern_profile_traces(profile))
        note_event(profile, e, work, detail);
    else
        free(span->own_name);
    profile->mark = profile->clock();
}

static int last_is(const tern_profile *profile, span_kind kind)
{
    return profile->n_open > 0 && profile->open[profile->n_open - 1].kind == kind;
}

void tern_profile_begin(tern_profile *profile, const char *name)
{
    if (profile)
        open_new(profile, (open_span){.kind = ROW, .name = name});
}

void tern_profile_end(tern_profile *profile, const tern_work *work)
{
    if (!profile)
        return;
    while (last_is(profile, AROUND))
        close_last(profile, NULL, NULL);
    TERN_CHECK(last_is(profile, ROW), "the end of a span that wasn't begun");
    close_last(profile, work, NULL);
}

void tern_profile_add(tern_profile *profile, const char *name, const char *pass, const tern_work *work,
                      const char *detail)
{
    if (!profile)
        return;
    double took = profile->clock() - profile->mark;
    note_row(profile, name, pass, took, work);
    count_inside(profile, took);
    if (tern_profile_traces(profile))
        note_event(profile, (event){.name = name, .pass = pass, .start = profile->mark, .took = took}, work, detail);
    profile->mark = profile->clock();
}

void tern_profile_enter(tern_profile *profile, const char *name)
{
    if (profile)
        open_new(profile, (open_span){.kind = AROUND, .own_name = tern_strdup(name)});
}

void tern_profile_leave(tern_profile *profile)
{
    if (profile && last_is(profile, AROUND))
        close_last(profile, NULL, NULL);
}

void tern_profile_step_begin(tern_profile *profile, int64_t number)
{
    if (!profile)
        return;
    TERN_CHECK(!profile->in_step, "step %lld begins within a step", (long long)number);
    profile->in_step = 1;
    open_new(profile, (open_span){.kind = STEP, .own_name = tern_format("step %lld", (long long)number)});
}

void tern_profile_step_end(tern_profile *profile, const char *detail)
{
    if (!profile)
        return;
    TERN_CHECK(profile->in_step, "the end of a step that wasn't begun");
    while (!last_is(profile, STEP))
        close_last(profile, NULL, NULL);
    close_last(profile, NULL, detail);
}

const tern_profile_row *tern_profile_rows(const tern_profile *profile, size_t *n)
{
    *n = profile->n_rows;
    return profile->rows;
}

int64_t tern_profile_steps(const tern_profile *profile)
{
    return profile->steps;
}

double tern_profile_step_seconds(const tern_profile *profile)
{
    return profile->step_seconds;
}

double tern_profile_seconds(const tern_profile *profile)
{
    return profile->clock() - profile->start;
}

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

/* "GF" and "GF/s", or "MB" and "GB/s": an amount, and how fast it went. */
static void put_rate(FILE *out, const char *name, const char *rate, double amount, double unit, const event *e)
{
    if (amount > 0 && e->took > 0)
        fprintf(out, ",\"%s\":%.4g,\"%s\":%.4g", name, amount / unit, rate, 1e-9 * amount / e->took);
}

static void put_event(FILE *out, const event *e, double zero)
{
    fputs(",\n{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":", out);
    put_string(out, e->own_name ? e->own_name : e->name);
    fprintf(out, ",\"cat\":\"%s\",\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"ms\":%.4g", *e->pass ? e->pass : "run",
            1e6 * (e->start - zero), 1e6 * e->took, 1e3 * e->took);
    put_rate(out, "GF", "GF/s", e->work.flops, 1e9, e);
    put_rate(out, "MB", "GB/s", e->work.bytes, 1e6, e);
    if (e->detail) {
        fputs(",\"detail\":", out);
        put_string(out, e->detail);
    }
    fputs("}}", out);
}

/* By start; a span before those inside it. */
static int compare_events(const void *a, const void *b)
{
    const event *x = *(const event *const *)a, *y = *(const event *const *)b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->took == y->took ? 0 : x->took > y->took ? -1 : 1;
}

int tern_profile_write_trace(const tern_profile *profile, const char *path, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite, error);
    if (!writer)
        return -1;
    const event **sorted = tern_alloc(profile->n_events, sizeof *sorted);
    for (size_t i = 0; i < profile->n_events; i++)
        sorted[i] = &profile->events[i];
    if (profile->n_events > 0)
        qsort(sorted, profile->n_events, sizeof *sorted, compare_events);
    FILE *out = tern_writer_stream(writer);
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
          "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"tern\"}},\n"
          "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"thread_name\",\"args\":{\"name\":\"operations\"}}",
          out);
    for (size_t i = 0; i < profile->n_events; i++)
        put_event(out, sorted[i], profile->start);
    fputs("\n]}\n", out);
    free(sorted);
    return tern_writer_commit(writer, error);
}
