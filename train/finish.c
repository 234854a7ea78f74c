/* The end of a run: the best weights as a folder, the same evaluation on that folder, the result. */
#include "train/training.h"

#include "base/file.h"
#include "base/memory.h"
#include "train/beside.h"

#include <math.h>
#include <string.h>

/* The model in memory has served: what is scored is what others will load. */
static int export_best(tern_training *run, const char *folder, tern_error *error)
{
    tern_checkpoint checkpoint = tern_training_checkpoint(run);
    if (run->progress.best_step > 0) {
        if (tern_best_load(&checkpoint, error) < 0)
            return -1;
    } else {
        tern_average_swap(checkpoint.average);
    }
    if (tern_model_save(run->model, folder, 1, error) < 0)
        return -1;
    tern_trainer_free(run->trainer);
    tern_model_free(run->model);
    run->trainer = NULL;
    run->model = NULL;
    return 0;
}

static int score_export(tern_training *run, const char *folder, tern_scores *tuned, tern_error *error)
{
    tern_model *model = tern_model_open(folder, error);
    if (!model)
        return -1;
    int status =
        tern_exams_score(&run->exams, TERN_EXAM_TEST, model, "scoring on test", &run->options->watch, tuned, error);
    tern_model_free(model);
    return status;
}

/* The base as it was read in training, on a set; NULL: no different from the base. */
static const tern_scores *as_trained(const tern_training *run, int which)
{
    return run->as_trained[which].n_metrics > 0 ? &run->as_trained[which] : NULL;
}

/* Base and tuned side by side, for the run's metric. */
static int write_per_query(const tern_training *run, const tern_scores *tuned, tern_error *error)
{
    char *path = tern_run_path(&run->folder, "per_query.csv");
    const tern_side sides[] = {
        {"base", &run->base[TERN_EXAM_TEST]}, {"tuned", tuned}, {"base_as_trained", as_trained(run, TERN_EXAM_TEST)}};
    int how = TERN_SCORES_OVERWRITE | (run->options->spreadsheet ? TERN_SCORES_SPREADSHEET : 0);
    int status = tern_scores_write_sides(sides, sides[2].scores ? 3 : 2, run->recipe->eval.metric, path, how, error);
    free(path);
    return status;
}

static int write_result(const tern_training *run, const json_t *result, tern_error *error)
{
    char *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(17)),
         *path = tern_run_path(&run->folder, "result.json");
    TERN_CHECK(text, "a result that is not JSON");
    char *line = tern_format("%s\n", text);
    int status = tern_file_write(path, line, strlen(line), error);
    free(line);
    free(text);
    free(path);
    return status;
}

/* One row of the report against the tuned model. */
static int compare_row(const tern_training *run, const tern_scores *base, const tern_scores *tuned,
                       tern_comparison *comparison, tern_error *error)
{
    if (base->n_queries != tuned->n_queries)
        return tern_fail(error, "%s/base/test.csv: has %lld queries, the test set %lld; remove it and run again",
                         run->folder.path, (long long)base->n_queries, (long long)tuned->n_queries);
    return tern_scores_compare(base, tuned, run->recipe->eval.metric, comparison, error);
}

static int compare(tern_training *run, const char *folder, tern_outcome *outcome, tern_error *error)
{
    const tern_scores *base = &run->base[TERN_EXAM_TEST], *trained = as_trained(run, TERN_EXAM_TEST);
    if (score_export(run, folder, &outcome->tuned, error) < 0 ||
        compare_row(run, base, &outcome->tuned, &outcome->test, error) < 0 ||
        (trained && compare_row(run, trained, &outcome->tuned, &outcome->test_as_trained, error) < 0))
        return -1;
    if (tern_beside_score(run->recipe, &run->exams.exam[TERN_EXAM_TEST], &outcome->tuned, &run->options->watch,
                          &outcome->beside, error) < 0)
        return -1;
    outcome->base = base;
    outcome->as_trained = trained;
    return write_per_query(run, &outcome->tuned, error);
}

static double dev_score(const tern_training *run, const tern_scores *scores)
{
    return scores && scores->n_metrics > 0 ? tern_scores_get(scores, run->recipe->eval.metric) : NAN;
}

/* What is known without scoring the tuned model. */
static tern_outcome outcome_of(const tern_training *run, const char *folder, const char *kept_base)
{
    tern_outcome outcome = {.metric = run->recipe->eval.metric, .model_folder = folder, .progress = &run->progress};
    const tern_reading *trained = &run->readings[TERN_READING_TRAINED];
    outcome.base_model = run->folder_flags & TERN_RUN_OWN_BASE ? kept_base : run->recipe->model;
    outcome.no_eval = run->options->no_eval;
    outcome.memory_plan = tern_trainer_planned_peak(run->trainer);
    outcome.warnings = run->warnings;
    outcome.missing = run->judged ? &run->missing : NULL;
    outcome.drawn = run->draws ? &run->drawn : NULL;
    outcome.steps = run->progress.step;
    outcome.dev_base = dev_score(run, &run->base[TERN_EXAM_DEV]);
    outcome.dev_as_trained = dev_score(run, as_trained(run, TERN_EXAM_DEV));
    outcome.texts = run->texts;
    outcome.cut_texts = run->cut_texts;
    outcome.max_seq_length = trained->max_seq_length;
    return outcome;
}

int tern_training_finish(tern_training *run, json_t **result, tern_error *error)
{
    char *folder = tern_run_path(&run->folder, "model"), *kept = tern_run_path(&run->folder, "base/model");
    tern_outcome outcome = outcome_of(run, folder, kept);
    tern_profile_begin(run->options->profile, "exporting");
    int status = export_best(run, folder, error);
    tern_profile_end(run->options->profile, NULL);
    if (status == 0 && tern_exams_has(&run->exams, TERN_EXAM_TEST)) {
        tern_profile_begin(run->options->profile, "scoring on test");
        status = compare(run, folder, &outcome, error);
        tern_profile_end(run->options->profile, NULL);
    }
    *result = status == 0 ? tern_report_json(&outcome) : NULL;
    if (status == 0)
        status = write_result(run, *result, error);
    tern_scores_free(&outcome.tuned);
    json_decref(outcome.beside);
    free(kept);
    free(folder);
    return status;
}
