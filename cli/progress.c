#include "cli/command.h"

#include "base/clock.h"

#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, LABEL_WIDTH = 24, LABEL_BYTES = 64 };

/* Seconds between two drawings of the bar, and between two lines where there is no terminal. Work that ends sooner
 * shows nothing. */
static const double bar_interval = 0.2, line_interval = 10;

static struct {
    char label[LABEL_BYTES];
    int64_t done, total;
    double start, last;
    int running, shown;
} state;

static int on_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

static void begin(const char *label, int64_t total)
{
    memset(&state, 0, sizeof state);
    snprintf(state.label, sizeof state.label, "%s", label);
    state.total = total;
    state.start = state.last = tern_seconds();
    state.running = 1;
}

void tern_command_time(char *out, size_t n, double seconds)
{
    long s = seconds < 1e7 ? (long)(seconds + 0.5) : 9999999;
    if (s >= 3600)
        snprintf(out, n, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, n, "%ld:%02ld", s / 60, s % 60);
}

static void show_bar(int64_t done, double elapsed)
{
    char bar[BAR_WIDTH + 1], time[32];
    double part = state.total > 0 ? (double)done / (double)state.total : 0;
    int filled = (int)(part * BAR_WIDTH);
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = 0;
    int over = done >= state.total;
    tern_command_time(time, sizeof time, over ? elapsed : part > 0 ? elapsed * (1 - part) / part : 0);
    fprintf(stderr, "\r%-*.*s [%s] %3d%%  %s %s\033[K", LABEL_WIDTH, LABEL_WIDTH, state.label, bar, (int)(part * 100),
            time, over ? "taken" : "left");
    if (over)
        fputc('\n', stderr);
    fflush(stderr);
}

static void show_line(int64_t done, double elapsed)
{
    char time[32];
    double part = state.total > 0 ? (double)done / (double)state.total : 0;
    int over = done >= state.total;
    tern_command_time(time, sizeof time, over ? elapsed : part > 0 ? elapsed * (1 - part) / part : 0);
    fprintf(stderr, "%s: %lld of %lld, %s %s\n", state.label, (long long)done, (long long)state.total, time,
            over ? "taken" : "left");
}

void tern_progress(void *label, int64_t done, int64_t total)
{
    const char *name = label ? label : "working";
    if (tern_command_quiet())
        return;
    if (!state.running || done < state.done || total != state.total || strncmp(name, state.label, LABEL_BYTES - 1))
        begin(name, total);
    done = done < 0 ? 0 : done > total ? total : done;
    state.done = done;
    double now = tern_seconds();
    int terminal = on_terminal(), over = done >= total;
    if (now - state.last >= (terminal ? bar_interval : line_interval) || (over && state.shown)) {
        (terminal ? show_bar : show_line)(done, now - state.start);
        state.last = now;
        state.shown = 1;
    }
    if (over)
        state.running = 0;
}
