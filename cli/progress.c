#include "cli/command.h"
#include "cli/terminal.h"

#include "base/clock.h"
#include "base/visible.h"

#include <string.h>

enum { BAR_MOST = 24, BAR_LEAST = 8, LABEL_MOST = 24, LABEL_LEAST = 10, LABEL_BYTES = 64, LINE_BYTES = 256 };

/* Seconds between two drawings of the bar, and between two lines where there is no terminal. Work that ends sooner
 * shows nothing. */
static const double bar_interval = 0.2, line_interval = 10;

static struct {
    char label[LABEL_BYTES];
    int64_t done, total;
    double start, last;
    int running, shown;
} state;

static int drawn; /* a line that isn't over stands on the terminal */

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

void tern_progress_bar(char out[TERN_PROGRESS_BAR], int64_t done, int64_t total, int columns)
{
    if (columns < BAR_LEAST + 2) {
        *out = 0;
        return;
    }
    int width = columns - 2 < BAR_MOST ? columns - 2 : BAR_MOST;
    double part = total > 0 ? (double)done / (double)total : 0;
    out[0] = '[';
    memset(out + 1, '-', (size_t)width);
    memset(out + 1, '#', (size_t)(part * width));
    memcpy(out + 1 + width, "]", 2);
}

void tern_progress_draw(const char *line, int over)
{
    fprintf(stderr, "\r%s\033[K%s", line, over ? "\n" : "");
    fflush(stderr);
    drawn = !over;
}

void tern_progress_clear(void)
{
    if (drawn)
        fputs("\r\033[K", stderr);
    drawn = 0;
}

/* The label, a bar, and how far it is and how long it takes, of which the last is what a narrow terminal has room for.
 * The terminal's last column stays free: what clears the rest of a line would clear what stands there. */
static void show_bar(int64_t done, double elapsed)
{
    char bar[TERN_PROGRESS_BAR], time[32], tail[64], line[LINE_BYTES];
    double part = state.total > 0 ? (double)done / (double)state.total : 0;
    int over = done >= state.total, width = tern_terminal_width(stderr, 80) - 1;
    tern_command_time(time, sizeof time, over ? elapsed : part > 0 ? elapsed * (1 - part) / part : 0);
    snprintf(tail, sizeof tail, " %3d%%  %s %s", (int)(part * 100), time, over ? "taken" : "left");
    int room = width - (int)strlen(tail), label_width = room - (BAR_LEAST + 3);
    label_width = label_width < LABEL_LEAST ? room : label_width > LABEL_MOST ? LABEL_MOST : label_width;
    tern_progress_bar(bar, done, state.total, room - label_width - 1);
    char *label = tern_visible_cut(state.label, strlen(state.label), label_width > 3 ? label_width : 0, 0);
    int gap = *bar ? label_width - tern_columns(label, strlen(label)) + 1 : 0;
    snprintf(line, sizeof line, "%s%*s%s%s", label, gap, "", bar, *label ? tail : tail + 1);
    free(label);
    char *fitted = tern_visible_cut(line, strlen(line), width, 0);
    tern_progress_draw(fitted, over);
    free(fitted);
}

static void show_line(int64_t done, double elapsed)
{
    char time[32];
    double part = state.total > 0 ? (double)done / (double)state.total : 0;
    int over = done >= state.total;
    tern_command_time(time, sizeof time, over ? elapsed : part > 0 ? elapsed * (1 - part) / part : 0);
    tern_print(stderr, "%s: %lld of %lld, %s %s\n", state.label, (long long)done, (long long)state.total, time,
               over ? "taken" : "left");
}

void tern_command_show_work(void *context, const char *label, int64_t done, int64_t total)
{
    (void)context;
    tern_progress((void *)label, done, total);
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
    int terminal = tern_terminal_draws(stderr), over = done >= total;
    if (now - state.last >= (terminal ? bar_interval : line_interval) || (over && state.shown)) {
        (terminal ? show_bar : show_line)(done, now - state.start);
        state.last = now;
        state.shown = 1;
    }
    if (over)
        state.running = 0;
}
