/* tern train: a recipe to a model. Progress goes to stderr, the result to stdout. */
#include "cli/command.h"
#include "cli/rounds.h"
#include "cli/terminal.h"

#include "autograd/gemm.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/profile.h"
#include "checkpoints/model.h"
#include "base/visible.h"
#include "train/train.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static tern_flag_list sets;
static int json, no_eval, force, profiled, spreadsheet;

static const tern_flag flags[] = {
    {"set", TERN_FLAG_LIST, &sets, "KEY=VALUE", "override a key of the recipe; may be given several times"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "the result as one JSON object, the last line of stdout"},
    {"no-eval", TERN_FLAG_BOOL, &no_eval, NULL, "train only: dev and test are not read"},
    {"profile", TERN_FLAG_BOOL, &profiled, NULL,
     "where the time went: a table on stderr, and a trace of the first steps in output.dir/trace.json"},
    {"spreadsheet", TERN_FLAG_BOOL, &spreadsheet, NULL,
     "an apostrophe before ids in per_query.csv that start a formula"},
    {"force", TERN_FLAG_BOOL, &force, NULL, "start anew: what a run left in output.dir goes; other files stay"},
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
    .flag_advice = tern_recipe_flag_advice,
};

enum { LINES_A_RUN = 25, LINE_BYTES = 256, PART_BYTES = 64 };

static volatile sig_atomic_t stop; /* the number of the first signal; 0: none yet */

static double last_drawn; /* when the step's line was drawn last */

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

static void say(void *context, const char *line)
{
    (void)context;
    if (tern_command_quiet())
        return;
    tern_progress_clear();
    tern_print_fitted(stderr, line, 0);
}

/* The result of one of several rounds. */
static void show_result(const tern_train_result *result)
{
    if (!tern_command_quiet())
        tern_print_fitted(stderr, result->report, TERN_VISIBLE_LINES);
}

/* The step's line, of at most columns columns when there is a limit (above 0): the bar gets what the rest leaves, and
 * the step itself stays when all else has gone. */
static void write_step(char line[LINE_BYTES], const tern_train_step *step, int columns)
{
    enum { STEP, LOSS, RATE, SPEED, LEFT, N_PARTS };
    char texts[N_PARTS][PART_BYTES], left[32], count[32], bar[TERN_PROGRESS_BAR] = "";
    tern_line_part parts[N_PARTS] = {
        {texts[STEP], 0}, {texts[LOSS], 1}, {texts[RATE], 3}, {texts[SPEED], 4}, {texts[LEFT], 2}};
    tern_command_time(left, sizeof left, step->seconds_left);
    snprintf(count, sizeof count, "%lld", (long long)step->total);
    snprintf(texts[STEP], PART_BYTES, "step %*lld/%s", (int)strlen(count), (long long)step->step, count);
    snprintf(texts[LOSS], PART_BYTES, "  loss %.4f", step->loss);
    snprintf(texts[RATE], PART_BYTES, "  rate %.2e", step->learning_rate);
    snprintf(texts[SPEED], PART_BYTES, "  %5.0f tokens/s", step->tokens_per_second);
    snprintf(texts[LEFT], PART_BYTES, "  %s left", left);
    if (columns > 0) {
        int used = tern_line_fit(parts, N_PARTS, columns);
        tern_progress_bar(bar, step->step, step->total, columns - used - 1);
    }
    snprintf(line, LINE_BYTES, "%s%s%s%s%s%s%s", bar, *bar ? " " : "", parts[STEP].text, parts[LOSS].text,
             parts[RATE].text, parts[SPEED].text, parts[LEFT].text);
}

static void show_step(void *context, const tern_train_step *step)
{
    (void)context;
    char line[LINE_BYTES];
    int64_t every = step->total / LINES_A_RUN > 0 ? step->total / LINES_A_RUN : 1;
    int over = step->step == step->total;
    double now = tern_seconds();
    if (tern_command_quiet())
        return;
    if (tern_terminal_draws(stderr)) {
        if (now - last_drawn < 0.1 && !over)
            return;
        last_drawn = now;
        write_step(line, step, tern_terminal_width(stderr, 80) - 1);
        tern_progress_draw(line, over);
    } else if (step->step == 1 || step->step % every == 0 || over) {
        write_step(line, step, 0);
        fprintf(stderr, "%s\n", line);
    }
}

/* --threads wins over the recipe, as every flag does. */
static int start_threads(const tern_recipe *recipe, tern_error *error)
{
    if (tern_command_threads() > 0 || recipe->train.threads == 0)
        return 0;
    return tern_command_start_threads((int)recipe->train.threads, error);
}

static int give(const tern_train_result *result)
{
    if (json && !tern_command_quiet())
        tern_print_fitted(stderr, result->report, TERN_VISIBLE_LINES);
    if (json)
        puts(result->json);
    else
        tern_print_fitted(stdout, result->report, TERN_VISIBLE_LINES);
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
    if (status == 0 && !tern_command_quiet()) {
        fprintf(stderr, "\n%s\n", table);
        tern_print(stderr, "Trace: %s; open it at chrome://tracing or https://ui.perfetto.dev\n", path);
        fputc('\n', stderr);
    }
    free(table);
    free(path);
    return status;
}

/* One run, with its profile. */
static int train_one(tern_recipe *recipe, tern_train_result *result, tern_error *error)
{
    tern_train_options options = {.force = force, .no_eval = no_eval, .spreadsheet = spreadsheet};
    options.watch = (tern_train_watch){.say = say,
                                       .warn = tern_command_warn_sentence,
                                       .step = show_step,
                                       .work = tern_command_show_work,
                                       .stop = &stop};
    options.profile = profiled ? tern_profile_create(NULL) : NULL;
    int status = tern_train(recipe, &options, result, error);
    tern_progress_clear();
    if (status >= 0 && show_profile(options.profile, recipe, error) < 0)
        status = -1;
    tern_profile_free(options.profile);
    return status;
}

static int train(const char *path, tern_recipe *recipe, tern_error *error)
{
    tern_train_result result;
    if (start_threads(recipe, error) < 0)
        return tern_command_fail(error);
    signal(SIGINT, ask_to_stop);
    signal(SIGTERM, ask_to_stop);
    if (signal(SIGHUP, ask_to_stop) == SIG_IGN) /* nohup's wish */
        signal(SIGHUP, SIG_IGN);
    int status = recipe->rounds > 1 ? tern_rounds(path, &sets, recipe, train_one, say, show_result, &result, error)
                                    : train_one(recipe, &result, error);
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
    if (!tern_file_exists(args[0]) && tern_model_exists(args[0]))
        return tern_command_usage(&command, "%s is a model, and RECIPE is a YAML file that says model: %s and more",
                                  args[0], args[0]);
    tern_recipe *recipe = tern_recipe_read(args[0], sets.items, sets.n, &error);
    if (!recipe)
        return tern_command_fail(&error);
    status = train(args[0], recipe, &error);
    tern_recipe_free(recipe);
    return status;
}
