/* tern train: a recipe to a model. Progress goes to stderr, the result to stdout. */
#include "cli/command.h"

#include "autograd/gemm.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/profile.h"
#include "train/train.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static tern_flag_list sets;
static int json, no_eval, force, profiled;

static const tern_flag flags[] = {
    {"set", TERN_FLAG_LIST, &sets, "KEY=VALUE", "override a key of the recipe; may be given several times"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "the result as one JSON object, the last line of stdout"},
    {"no-eval", TERN_FLAG_BOOL, &no_eval, NULL, "train only: dev and test are not read"},
    {"profile", TERN_FLAG_BOOL, &profiled, NULL,
     "where the time went: a table on stderr, and a trace of the first steps in output.dir/trace.json"},
    {"force", TERN_FLAG_BOOL, &force, NULL, "overwrite what output.dir holds of another or an earlier run"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "train",
    .arguments = "RECIPE",
    .least = 1,
    .most = 1,
    .summary = "Trains or fine-tunes a model as a recipe says, and scores it against its base. Stopped in any way, the "
               "same command goes on.",
    .example = "tern train recipes/quickstart.yaml\n"
               "tern train recipes/scifact.yaml --set train.seed=1 --set output.dir=runs/scifact-1 --json",
    .flags = flags,
};

enum { BAR_WIDTH = 20, LINES_A_RUN = 25 };

static volatile sig_atomic_t stop; /* the number of the first signal; 0: none yet */

/* Where the step's line stands on the terminal. */
static struct {
    int terminal, drawn;
    double last;
} screen;

/* The first signal asks for a stop after the step; a later one ends the process at once. What comes together with the
 * first is the same wish: timeout(1) and some shells send it to the process and to its group. */
static void ask_to_stop(int number)
{
    static struct timespec first;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (stop && (double)(now.tv_sec - first.tv_sec) + 1e-9 * (double)(now.tv_nsec - first.tv_nsec) > 0.3)
        _exit(TERN_EXIT_SIGNAL + number);
    if (stop)
        return;
    first = now;
    stop = number;
}

static void clear_bar(void)
{
    if (screen.drawn)
        fputs("\r\033[K", stderr);
    screen.drawn = 0;
}

static void say(void *context, const char *line)
{
    (void)context;
    if (tern_command_quiet())
        return;
    clear_bar();
    fprintf(stderr, "%s\n", line);
}

static void warn(void *context, const char *line)
{
    (void)context;
    clear_bar();
    tern_command_warn("%s", line);
}

static void show_work(void *context, const char *label, int64_t done, int64_t total)
{
    (void)context;
    char name[64];
    snprintf(name, sizeof name, "%s", label);
    clear_bar();
    tern_progress(name, done, total);
}

static void print_step(const tern_train_step *step)
{
    char left[32], count[48];
    tern_command_time(left, sizeof left, step->seconds_left);
    snprintf(count, sizeof count, "%lld", (long long)step->total);
    fprintf(stderr, "step %*lld/%s  loss %.4f  rate %.2e  %5.0f tokens/s  %s left", (int)strlen(count),
            (long long)step->step, count, step->loss, step->learning_rate, step->tokens_per_second, left);
}

static void draw_bar(const tern_train_step *step)
{
    double now = tern_seconds();
    if (now - screen.last < 0.1 && step->step < step->total)
        return;
    char bar[BAR_WIDTH + 1];
    int filled = (int)(BAR_WIDTH * step->step / step->total);
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = 0;
    fprintf(stderr, "\r[%s] ", bar);
    print_step(step);
    fputs("\033[K", stderr);
    screen.drawn = 1;
    screen.last = now;
    if (step->step == step->total) {
        fputc('\n', stderr);
        screen.drawn = 0;
    }
    fflush(stderr);
}

static void show_step(void *context, const tern_train_step *step)
{
    (void)context;
    int64_t every = step->total / LINES_A_RUN > 0 ? step->total / LINES_A_RUN : 1;
    if (tern_command_quiet())
        return;
    if (screen.terminal) {
        draw_bar(step);
    } else if (step->step == 1 || step->step % every == 0 || step->step == step->total) {
        print_step(step);
        fputc('\n', stderr);
    }
}

/* --threads wins over the recipe, as every flag does. */
static int start_threads(const tern_recipe *recipe, tern_error *error)
{
    if (tern_command_threads() > 0 || recipe->train.threads == 0)
        return 0;
    return tern_threads_start((int)recipe->train.threads, error);
}

static int give(const tern_train_result *result)
{
    if (json && !tern_command_quiet())
        fputs(result->report, stderr);
    if (json)
        puts(result->json);
    else
        fputs(result->report, stdout);
    return TERN_EXIT_DONE;
}

/* The table, and where the trace is. A run that was finished before has neither. */
static int show_profile(const tern_profile *profile, const tern_recipe *recipe, tern_error *error)
{
    if (!profile)
        return 0;
    if (tern_profile_steps(profile) == 0) {
        say(NULL, "no step was taken, so there is no profile");
        return 0;
    }
    char *path = tern_path_join(recipe->output.dir, "trace.json"), *table = tern_profile_table(profile);
    int status = tern_profile_write_trace(profile, path, 1, error);
    if (status == 0 && !tern_command_quiet())
        fprintf(stderr, "\n%s\nTrace: %s; open it at chrome://tracing or https://ui.perfetto.dev\n\n", table, path);
    free(table);
    free(path);
    return status;
}

static int train(tern_recipe *recipe, tern_error *error)
{
    const char *term = getenv("TERM");
    tern_train_options options = {.force = force, .no_eval = no_eval};
    tern_train_result result;
    options.watch = (tern_train_watch){.say = say, .warn = warn, .step = show_step, .work = show_work, .stop = &stop};
    screen.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    if (start_threads(recipe, error) < 0)
        return tern_command_fail(error);
    signal(SIGINT, ask_to_stop);
    signal(SIGTERM, ask_to_stop);
    options.profile = profiled ? tern_profile_create(NULL) : NULL;
    int status = tern_train(recipe, &options, &result, error);
    clear_bar();
    if (status >= 0 && show_profile(options.profile, recipe, error) < 0)
        status = -1;
    tern_profile_free(options.profile);
    if (status == TERN_TRAIN_DONE)
        status = give(&result);
    else
        status = status == TERN_TRAIN_INTERRUPTED ? TERN_EXIT_SIGNAL + (int)stop : tern_command_fail(error);
    tern_train_result_free(&result);
    return status;
}

int tern_cmd_train(int argc, char **argv)
{
    const char *args[1];
    tern_error error = {{0}};
    int status = tern_flags_parse(&command, argc, argv, args);
    if (status != TERN_GO_ON)
        return status;
    tern_recipe *recipe = tern_recipe_read(args[0], sets.items, sets.n, &error);
    if (!recipe)
        return tern_command_fail(&error);
    status = train(recipe, &error);
    tern_recipe_free(recipe);
    return status;
}
