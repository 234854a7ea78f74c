/* A profile's rows as a table for people. */
#include "base/profile.h"

#include "base/memory.h"

#include <string.h>

enum { NAME = 20, PASS = 9 }; /* widths */

/* Rows with a smaller part of the whole, which would show as 0.0 %, share one line. */
static const double smallest_share = 0.0005;

static int compare_rows(const void *a, const void *b)
{
    const tern_profile_row *x = *(const tern_profile_row *const *)a, *y = *(const tern_profile_row *const *)b;
    return x->seconds == y->seconds ? strcmp(x->name, y->name) : x->seconds < y->seconds ? 1 : -1;
}

/* The rows within or outside steps, longest first; returns how many. sorted [all rows]. */
static size_t sort_rows(const tern_profile *profile, int in_step, const tern_profile_row **sorted)
{
    size_t all, n = 0;
    const tern_profile_row *rows = tern_profile_rows(profile, &all);
    for (size_t i = 0; i < all; i++)
        if (rows[i].in_step == in_step)
            sorted[n++] = &rows[i];
    if (n > 0)
        qsort(sorted, n, sizeof *sorted, compare_rows);
    return n;
}

/* Billions a second, or "-" where nothing was counted. */
static void put_rate(tern_buffer *out, double amount, double seconds)
{
    if (amount > 0 && seconds > 0)
        tern_buffer_printf(out, " %7.1f", 1e-9 * amount / seconds);
    else
        tern_buffer_printf(out, " %7s", "-");
}

/* calls 0: none are shown. steps: that the rows within steps are of. */
static void put_line(tern_buffer *out, const tern_profile_row *row, double whole, int64_t steps)
{
    char calls[24] = "";
    if (row->calls > 0)
        snprintf(calls, sizeof calls, "%lld", (long long)row->calls);
    tern_buffer_printf(out, "%-*s %-*s %6s %9.3f", NAME, row->name, PASS, row->pass, calls, row->seconds);
    if (row->in_step)
        tern_buffer_printf(out, " %8.2f", 1e3 * row->seconds / (double)steps);
    tern_buffer_printf(out, " %6.1f %%", whole > 0 ? 100 * row->seconds / whole : 0);
    if (row->in_step) {
        put_rate(out, row->work.flops, row->seconds);
        put_rate(out, row->work.bytes, row->seconds);
    }
    tern_buffer_printf(out, "\n");
}

/* Rows that are sorted, the last ones in one line. */
static void put_sorted(tern_buffer *out, const tern_profile_row *const *rows, size_t n, double whole, int64_t steps)
{
    char name[48];
    size_t shown = n;
    while (shown > 0 && rows[shown - 1]->seconds < smallest_share * whole)
        shown--;
    if (shown + 1 == n)
        shown = n;
    for (size_t i = 0; i < shown; i++)
        put_line(out, rows[i], whole, steps);
    if (shown == n)
        return;
    snprintf(name, sizeof name, "%zu shorter ones", n - shown);
    tern_profile_row rest = {.name = name, .pass = "", .in_step = rows[0]->in_step};
    for (size_t i = shown; i < n; i++)
        rest.seconds += rows[i]->seconds;
    put_line(out, &rest, whole, steps);
}

/* The rows within or outside steps, what is left of whole, and whole. known: seconds that no row has to account for. */
static void put_rows(tern_buffer *out, const tern_profile *profile, double known, tern_profile_row whole)
{
    size_t all;
    int64_t steps = tern_profile_steps(profile);
    tern_profile_rows(profile, &all);
    const tern_profile_row **sorted = tern_alloc(all + 1, sizeof *sorted);
    size_t n = sort_rows(profile, whole.in_step, sorted);
    tern_profile_row other = {.name = "other", .pass = "", .in_step = whole.in_step, .seconds = whole.seconds - known};
    for (size_t i = 0; i < n; i++) {
        other.seconds -= sorted[i]->seconds;
        whole.work.flops += sorted[i]->work.flops;
        whole.work.bytes += sorted[i]->work.bytes;
    }
    put_sorted(out, sorted, n, whole.seconds, steps);
    put_line(out, &other, whole.seconds, steps);
    put_line(out, &whole, whole.seconds, steps);
    free(sorted);
}

char *tern_profile_table(const tern_profile *profile)
{
    tern_buffer out = {0};
    int64_t steps = tern_profile_steps(profile);
    double in_steps = tern_profile_step_seconds(profile), seconds = tern_profile_seconds(profile);
    char name[48];
    snprintf(name, sizeof name, "%lld %s", (long long)steps, steps == 1 ? "step" : "steps");
    tern_profile_row whole = {.name = name, .pass = "", .in_step = 1, .seconds = in_steps};
    if (steps > 0) {
        tern_buffer_printf(&out, "%-*s %-*s %6s %9s %8s %8s %7s %7s\n", NAME, "within steps", PASS, "pass", "calls",
                           "seconds", "ms/step", "share", "GF/s", "GB/s");
        put_rows(&out, profile, 0, whole);
        tern_buffer_printf(&out, "\n");
    }
    tern_buffer_printf(&out, "%-*s %-*s %6s %9s %8s\n", NAME, "the whole run", PASS, "", "calls", "seconds", "share");
    whole.in_step = 0;
    if (steps > 0)
        put_line(&out, &whole, seconds, steps);
    put_rows(&out, profile, in_steps, (tern_profile_row){.name = "all", .pass = "", .seconds = seconds});
    return out.data;
}
