/* The loop: steps, and between them evaluations on dev and checkpoints.
 *
 * What is due at a step is decided from the recipe and the progress alone, before the next step is taken. A run that
 * goes on from any checkpoint therefore does what the uninterrupted one did. */
#include "train/training.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/words.h"
#include "data/utf8.h"
#include "train/diagnose.h"

#include <stdarg.h>
#include <string.h>

int tern_training_stopping(const tern_training *run)
{
    return run->options->watch.stop && *run->options->watch.stop;
}

void tern_training_say(const tern_training *run, const char *format, ...)
{
    char line[TERN_ERROR_SIZE + 256];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    if (run->options->watch.say)
        run->options->watch.say(run->options->watch.context, line);
}

static int is_known(const json_t *list, const json_t *sentence)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), sentence))
            return 1;
    return 0;
}

void tern_training_warn(tern_training *run, const char *format, ...)
{
    tern_error line; /* for its length, and its care for what a file quotes */
    char text[TERN_ERROR_SIZE];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    tern_fail(&line, "%s", text);
    size_t n;
    char *valid = tern_utf8_replace(line.message, strlen(line.message), &n);
    json_t *sentence = json_stringn(valid, n);
    int known = is_known(run->warnings, sentence);
    free(valid);
    if (!run->warnings)
        run->warnings = json_array();
    if (!known)
        json_array_append(run->warnings, sentence);
    json_decref(sentence);
    if (!known && run->options->watch.warn)
        run->options->watch.warn(run->options->watch.context, line.message);
}

void tern_training_warn_all(tern_training *run, const tern_warnings *warnings)
{
    for (size_t i = 0; i < warnings->n; i++)
        tern_training_warn(run, "%s", warnings->items[i]);
}

tern_checkpoint tern_training_checkpoint(tern_training *run)
{
    tern_trainer_parts parts = tern_trainer_get_parts(run->trainer);
    int64_t n_negatives = 0, *negatives = run->remine ? tern_remine_lists(run->remine, &n_negatives) : NULL;
    return (tern_checkpoint){
        .folder = &run->folder,
        .identity = run->identity,
        .inputs = run->inputs,
        .params = tern_encoder_params(run->model->encoder),
        .optimizer = parts.optimizer,
        .heads = parts.heads,
        .heads_optimizer = parts.heads_optimizer,
        .average = parts.average,
        .negatives = negatives,
        .n_negatives = n_negatives,
        .progress = &run->progress,
    };
}

/* The logs go first: a checkpoint must never be ahead of them. */
static int save_state(tern_training *run, tern_error *error)
{
    char *fault = tern_diagnose_params(tern_encoder_params(run->model->encoder));
    if (fault) {
        tern_fail(error, "step %lld: %s; the last good checkpoint is kept; lower train.learning_rate",
                  (long long)run->progress.step, fault);
        free(fault);
        return -1;
    }
    tern_checkpoint checkpoint = tern_training_checkpoint(run);
    if (tern_metrics_log_sync(run->metrics, error) < 0 ||
        (run->dev_log && tern_metrics_log_sync(run->dev_log, error) < 0) ||
        (run->mining_log && tern_metrics_log_sync(run->mining_log, error) < 0) ||
        tern_checkpoint_save(&checkpoint, run->recipe->output.keep, error) < 0)
        return -1;
    run->saved_step = run->progress.step;
    return 0;
}

static int save(tern_training *run, tern_error *error)
{
    tern_profile_begin(run->options->profile, "checkpoint");
    int status = save_state(run, error);
    tern_profile_end(run->options->profile, NULL);
    return status;
}

static int at_end(const tern_training *run)
{
    const tern_progress *p = &run->progress;
    int64_t patience = run->recipe->eval.patience;
    return p->step >= tern_trainer_total(run->trainer) || (patience > 0 && p->without_gain >= patience);
}

static int evaluation_due(const tern_training *run)
{
    int64_t step = run->progress.step, every = run->recipe->eval.every;
    if (step == 0 || run->progress.evaluated_step >= step || !tern_exams_has(&run->exams, TERN_EXAM_DEV))
        return 0;
    return step >= tern_trainer_total(run->trainer) ||
           (every > 0 ? step % every == 0 : tern_trainer_begins_epoch(run->trainer, step));
}

static int note_score(tern_training *run, double score, double seconds, tern_error *error)
{
    tern_progress *p = &run->progress;
    const char *metric = run->recipe->eval.metric;
    int better = p->best_step == 0 || score > p->best_score;
    json_t *line = json_pack("{s:I, s:f, s:f}", "step", (json_int_t)p->step, metric, score, "seconds", seconds);
    if (tern_metrics_log_add(run->dev_log, line, error) < 0)
        return -1;
    tern_training_say(run, "step %lld: dev %s %.5f%s", (long long)p->step, metric, score, better ? ", the best" : "");
    p->evaluated_step = p->step;
    p->without_gain = better ? 0 : p->without_gain + 1;
    if (!better)
        return 0;
    p->best_score = score;
    p->best_step = p->step;
    tern_checkpoint checkpoint = tern_training_checkpoint(run);
    tern_profile_begin(run->options->profile, "keeping the best");
    int status = tern_best_save(&checkpoint, error);
    tern_profile_end(run->options->profile, NULL);
    return status;
}

static int score_dev(tern_training *run, tern_error *error)
{
    tern_scores scores = {0};
    double start = tern_seconds();
    if (tern_exams_score(&run->exams, TERN_EXAM_DEV, run->model, "scoring on dev", &run->options->watch, &scores,
                         error) < 0)
        return -1;
    double score = tern_scores_get(&scores, run->recipe->eval.metric);
    tern_scores_free(&scores);
    return note_score(run, score, tern_seconds() - start, error);
}

/* The average of the weights is scored, and kept when it is the best, where there is one. */
static int evaluate(tern_training *run, tern_error *error)
{
    tern_average *average = tern_trainer_get_parts(run->trainer).average;
    tern_profile_begin(run->options->profile, "scoring on dev");
    tern_trainer_rest(run->trainer);
    tern_average_swap(average);
    int status = score_dev(run, error);
    tern_average_swap(average);
    tern_profile_end(run->options->profile, NULL);
    return status;
}

static int log_step(tern_training *run, tern_train_step *done, tern_error *error)
{
    run->progress.tokens += done->tokens;
    run->progress.seconds += done->seconds;
    if (done->idle != TERN_IDLE_NONE)
        run->progress.idle[done->idle]++;
    run->shown_tokens += done->tokens;
    run->shown_seconds += done->seconds;
    json_t *line = json_pack("{s:I, s:f, s:f, s:f, s:I, s:I, s:f, s:s*, s:s*}", "step", (json_int_t)done->step, "loss",
                             done->loss, "learning_rate", done->learning_rate, "grad_norm", done->grad_norm, "rows",
                             (json_int_t)done->rows, "tokens", (json_int_t)done->tokens, "seconds", done->seconds,
                             "source", done->source, "idle", tern_idle_name(done->idle));
    return tern_metrics_log_add(run->metrics, line, error);
}

static void show_step(tern_training *run, tern_train_step *done)
{
    const tern_train_watch *watch = &run->options->watch;
    double per_step = run->progress.seconds / (double)done->step;
    done->tokens_per_second = run->shown_seconds > 0 ? (double)run->shown_tokens / run->shown_seconds : 0;
    done->seconds_left = per_step * (double)(done->total - done->step);
    if (watch->step)
        watch->step(watch->context, done);
}

static int take_step(tern_training *run, tern_error *error)
{
    tern_train_step done;
    if (tern_trainer_step(run->trainer, run->progress.step, &done, error) < 0)
        return -1;
    run->progress.step++;
    tern_profile_begin(run->options->profile, "log and progress");
    int status = log_step(run, &done, error);
    if (status == 0)
        show_step(run, &done);
    tern_profile_end(run->options->profile, NULL);
    return status;
}

static int checkpoint_due(const tern_training *run)
{
    int64_t step = run->progress.step, every = run->recipe->output.checkpoint_every;
    if (step == 0 || run->saved_step == step)
        return 0;
    return at_end(run) || step % (every > 0 ? every : 50) == 0;
}

/* At the beginning of an epoch but the first, each time that the loop comes there: from a checkpoint of that step too,
 * which holds the lists of before. */
static int mining_due(const tern_training *run)
{
    int64_t step = run->progress.step;
    return run->remine && tern_trainer_begins_epoch(run->trainer, step) &&
           tern_remine_due(run->remine, tern_trainer_epoch(run->trainer, step));
}

static int log_mining(tern_training *run, json_t *audit, double seconds, tern_error *error)
{
    json_object_set_new(audit, "step", json_integer(run->progress.step));
    json_object_set_new(audit, "seconds", json_real(seconds));
    tern_training_say(run, "step %lld: mined %lld negatives anew, in %.1f s", (long long)run->progress.step,
                      (long long)json_integer_value(json_object_get(audit, "negatives")), seconds);
    return tern_metrics_log_add(run->mining_log, audit, error);
}

/* With the weights that would be scored: the average where there is one. */
static int mine_anew(tern_training *run, tern_error *error)
{
    tern_average *average = tern_trainer_get_parts(run->trainer).average;
    json_t *audit = NULL;
    double start = tern_seconds();
    tern_profile_begin(run->options->profile, "mining");
    tern_trainer_rest(run->trainer);
    tern_average_swap(average);
    int status = tern_remine_run(run->remine, &audit, error);
    tern_average_swap(average);
    tern_profile_end(run->options->profile, NULL);
    tern_trainer_forget_plans(run->trainer);
    return status < 0 ? -1 : log_mining(run, audit, tern_seconds() - start, error);
}

static int interrupt(tern_training *run, tern_error *error)
{
    if (run->progress.step > 0 && run->saved_step != run->progress.step && save(run, error) < 0)
        return -1;
    tern_training_say(run, "stopped after step %lld; the same command goes on", (long long)run->progress.step);
    return TERN_TRAIN_INTERRUPTED;
}

int tern_training_train(tern_training *run, tern_error *error)
{
    for (;;) {
        if (evaluation_due(run) && evaluate(run, error) < 0)
            return tern_training_stopping(run) ? interrupt(run, error) : -1;
        if (checkpoint_due(run) && save(run, error) < 0)
            return -1;
        if (at_end(run))
            break;
        if (tern_training_stopping(run))
            return interrupt(run, error);
        if (mining_due(run) && mine_anew(run, error) < 0)
            return tern_training_stopping(run) ? interrupt(run, error) : -1;
        if (take_step(run, error) < 0)
            return -1;
    }
    if (run->progress.step < tern_trainer_total(run->trainer))
        tern_training_say(run, "stopped early: %lld evaluation%s without a better score than that of step %lld",
                          (long long)run->progress.without_gain, tern_s(run->progress.without_gain),
                          (long long)run->progress.best_step);
    return TERN_TRAIN_DONE;
}
