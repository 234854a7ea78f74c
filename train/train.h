/* Training: from a checked recipe to a better model, the proof, and the folder that other tools load.
 *
 *     tern_train_options options = {.watch = {.say = print_line}};
 *     tern_train_result result = {0};
 *     int status = tern_train(recipe, &options, &result, &error);
 *     if (status == TERN_TRAIN_DONE)
 *         puts(result.json);
 *     tern_train_result_free(&result);
 *
 * The output folder holds
 *     run.json         what the run must agree with to go on: tern_recipe_identity
 *     recipe.yaml      the resolved recipe
 *     metrics.jsonl    a line a step: step, loss, learning_rate, grad_norm, rows, tokens, seconds, and
 *                      idle where it taught nothing
 *     dev.jsonl        a line an evaluation on dev: step, the metric, seconds
 *     base/            dev.csv and test.csv, scores of the base model, a row a query; *.data, what they are scores of
 *     checkpoints/     training states step-N.h5, the newest output.keep of them
 *     base/model/      a copy of the base, when that was this folder's own model/ (run_folder.h)
 *     best.h5          the weights that scored best on dev so far
 *     model/           the exported model
 *     per_query.csv    base and tuned scores on test, a row a query
 *     trace.json       of a profile, by the command line
 *     result.json      written last: a run that has one is finished */
#ifndef TERN_TRAIN_TRAIN_H
#define TERN_TRAIN_TRAIN_H

#include "base/error.h"
#include "base/profile.h"
#include "recipes/recipe.h"

#include <signal.h>
#include <stdint.h>

/* What one step did, for those who watch. */
typedef struct tern_train_step {
    int64_t step, total; /* step counts from 1 */
    double loss, learning_rate, grad_norm;
    int64_t rows;                           /* of this step */
    int64_t tokens;                         /* of this step, all roles, special ones included */
    double seconds;                         /* of this step */
    double tokens_per_second, seconds_left; /* from the steps of this process */
    const char *source;                     /* the data set it was of; NULL: there is one only */
    int idle;                               /* why it taught nothing, see train/idle.h; -1: it did */
} tern_train_step;

/* How the caller follows a run; every function may be NULL and is called by the calling thread only. */
typedef struct tern_train_watch {
    void *context;
    void (*say)(void *context, const char *line);  /* progress: one line, without its end */
    void (*warn)(void *context, const char *line); /* what must be shown, quiet or not: one sentence */
    void (*step)(void *context, const tern_train_step *step);
    /* Encoding, for an evaluation or with a second model: done of total texts. */
    void (*work)(void *context, const char *label, int64_t done, int64_t total);
    /* Not 0: finish the step, save and return TERN_TRAIN_INTERRUPTED. NULL: never. */
    const volatile sig_atomic_t *stop;
} tern_train_watch;

typedef struct tern_train_options {
    int force;       /* 1: what a run left in the output folder goes, name by name, and training starts anew */
    int no_eval;     /* 1: neither dev nor test is read */
    int spreadsheet; /* 1: ids in per_query.csv that a spreadsheet would take for formulas are guarded (eval/scores.h)
                      */
    tern_train_watch watch;
    tern_profile *profile; /* the caller's: gets the spans of the run; NULL: none */
} tern_train_options;

typedef struct tern_train_result {
    char *json;   /* one line: base, tuned, p_value, steps, seconds, tokens_per_second, peak_memory_mb, warnings */
    char *report; /* the same for people, several lines, the last one with an end of line too */
} tern_train_result;

enum { TERN_TRAIN_DONE = 0, TERN_TRAIN_INTERRUPTED = 1 };

/* Trains, or goes on with the run of the same recipe that the output folder holds. A finished run is not repeated: its
 * result is given again. A train.memory or eval.metric that the recipe leaves open is resolved, in recipe too, and
 * eval.metric gets its documented name. Negative with a
 * sentence on failure. The threads must have been started. */
int tern_train(tern_recipe *recipe, const tern_train_options *options, tern_train_result *result, tern_error *error);
/* Frees what it holds and zeroes it. */
void tern_train_result_free(tern_train_result *result);

#endif
