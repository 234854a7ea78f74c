#include "train/train.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/memory.h"
#include "eval/metrics.h"
#include "train/check.h"
#include "train/input_places.h"
#include "train/memory_plan.h"
#include "train/training.h"

#include <string.h>

/* What a run must agree with to be the same run. */
static char *make_identity(const tern_recipe *recipe, const tern_train_options *options, tern_similarity similarity)
{
    char *keys = tern_recipe_identity(recipe);
    tern_buffer identity = {0};
    tern_buffer_printf(&identity, "%s%s", keys, options->no_eval ? "no_eval: true\n" : "");
    if (similarity != TERN_SIMILARITY_COSINE) /* which was taken for granted once */
        tern_buffer_printf(&identity, "similarity of the base: %s\n", tern_similarity_name(similarity));
    free(keys);
    return identity.data;
}

/* How the base's vectors are compared. The metric of pairs with scores goes by it where the recipe leaves it open. */
static tern_similarity resolve_similarity(tern_recipe *recipe)
{
    tern_similarity similarity = recipe->model ? tern_model_similarity(recipe->model, NULL) : TERN_SIMILARITY_COSINE;
    if (!tern_recipe_given(recipe, "eval.metric") &&
        strcmp(recipe->eval.metric, tern_similarity_spearman(TERN_SIMILARITY_COSINE)) == 0)
        tern_recipe_keep_metric(recipe, tern_similarity_spearman(similarity));
    return similarity;
}

static int give_result(const json_t *object, tern_train_result *result)
{
    result->json = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    result->report = tern_report_text(object);
    return TERN_TRAIN_DONE;
}

/* 1 when the recipe may give the model other prompts or lengths than its base has. */
static int reads_otherwise(const tern_recipe *recipe)
{
    return recipe->prompts.query || recipe->prompts.document || recipe->train.max_seq_length > 0;
}

static int give_finished(const tern_training *run, tern_train_result *result, tern_error *error)
{
    char *path = tern_format("%s/result.json", run->recipe->output.dir);
    json_t *object = tern_report_read(path, error);
    free(path);
    if (!object)
        return -1;
    tern_training_say(run, "%s holds this run, finished; --force %s", run->recipe->output.dir,
                      run->folder_flags & TERN_RUN_OWN_BASE ? "trains its model further" : "repeats it");
    if (!json_object_get(object, "training_texts") && reads_otherwise(run->recipe))
        tern_training_say(run, "an earlier version of tern finished it, whose base is cut and prompted as in training");
    int status = give_result(object, result);
    json_decref(object);
    return status;
}

void tern_training_free(tern_training *run)
{
    tern_trainer_free(run->trainer);
    tern_metrics_log_close(run->metrics, NULL);
    tern_metrics_log_close(run->dev_log, NULL);
    tern_metrics_log_close(run->mining_log, NULL);
    tern_remine_free(run->remine);
    for (int i = 0; i < TERN_EXAMS; i++) {
        tern_scores_free(&run->base[i]);
        tern_scores_free(&run->as_trained[i]);
    }
    tern_readings_free(run->readings);
    tern_exams_close(&run->exams);
    for (int i = 0; run->sources && i < run->recipe->n_sources; i++)
        tern_source_free(&run->sources[i]);
    free(run->sources);
    tern_model_free(run->model);
    tern_restart_close(&run->restart);
    tern_run_folder_close(&run->folder);
    json_decref(run->warnings);
    json_decref(run->mined);
    tern_inputs_free(&run->found);
    free(run->inputs);
    free(run->identity);
    free(run->base_name);
}

/* A signal before the first step or after the last one ends the work there: nothing is lost but what is made anew at
 * each start (tokens, a second model's vectors) and what was being scored. */
static int interrupted_or(const tern_training *run, int status)
{
    if (!tern_training_stopping(run))
        return status;
    tern_training_say(run, "stopped; the same command goes on");
    return TERN_TRAIN_INTERRUPTED;
}

static int work(tern_training *run, tern_train_result *result, tern_error *error)
{
    json_t *object = NULL;
    tern_profile *profile = run->options->profile;
    tern_profile_begin(profile, "reading");
    int status = tern_training_read(run, error) < 0 || tern_training_claim(run, error) < 0 ? -1 : 0;
    tern_profile_end(profile, NULL);
    if (status < 0)
        return interrupted_or(run, -1);
    if (run->folder.found == TERN_RUN_FINISHED)
        return give_finished(run, result, error);
    tern_profile_begin(profile, "scoring the base");
    status = tern_training_score_base(run, error);
    tern_profile_end(profile, NULL);
    if (status < 0)
        return interrupted_or(run, -1);
    tern_profile_begin(profile, "preparing");
    status = tern_training_restore(run, error);
    tern_profile_end(profile, NULL);
    if (status < 0)
        return interrupted_or(run, -1);
    tern_trainer_set_profile(run->trainer, profile);
    status = tern_training_train(run, error);
    if (status != TERN_TRAIN_DONE)
        return status;
    status = tern_training_finish(run, &object, error) < 0 ? interrupted_or(run, -1) : give_result(object, result);
    json_decref(object);
    return status;
}

/* A budget that the recipe leaves open is resolved once: a run that goes on keeps the one it began with, since batches
 * are cut by it. */
static void resolve_memory(tern_recipe *recipe, int force)
{
    enum { LIMIT = 1 << 20 };
    char *path = tern_path_join(recipe->output.dir, "recipe.yaml"), *text = NULL;
    tern_error ignored;
    int64_t bytes = 0;
    if (recipe->train.memory <= 0) {
        if (!force && tern_file_exists(path) && tern_file_read(path, LIMIT, &text, NULL, &ignored) == 0)
            bytes = tern_recipe_stored_memory(text);
        tern_recipe_keep_memory(recipe, bytes > 0 ? bytes : tern_memory_default());
    }
    free(text);
    free(path);
}

/* ndcg@10 and ndcg_at_10 are one run. What is no metric stays, for tern_check_recipe to say so. */
static void resolve_metric(tern_recipe *recipe)
{
    const char *name = tern_metric_named(recipe->eval.metric);
    if (name)
        tern_recipe_keep_metric(recipe, name);
}

/* A base that lies in the run's own folder is replaced when the new model is exported; until the run is finished, its
 * copy is what goes on being the base. */
static int find_base(tern_training *run, tern_run_found found, tern_error *error)
{
    const tern_recipe *recipe = run->recipe;
    run->base_name = tern_strdup(recipe->model);
    if (!(run->folder_flags & TERN_RUN_OWN_BASE) || found != TERN_RUN_STARTED)
        return 0;
    free(run->base_name);
    run->base_name = tern_path_join(recipe->output.dir, "base/model");
    if (tern_folder_exists(run->base_name))
        return 0;
    return tern_fail(error, "%s: the base of this run is gone; --force starts anew from %s", run->base_name,
                     recipe->model);
}

int tern_train(tern_recipe *recipe, const tern_train_options *options, tern_train_result *result, tern_error *error)
{
    tern_training run = {.recipe = recipe, .options = options, .folder = {.lock = -1}};
    tern_run_found found = TERN_RUN_NONE;
    int status = -1;
    *result = (tern_train_result){0};
    tern_memory_give_back();
    resolve_memory(recipe, options->force);
    resolve_metric(recipe);
    run.identity = make_identity(recipe, options, resolve_similarity(recipe));
    run.folder_flags =
        (options->force ? TERN_RUN_FORCE : 0) | (tern_input_places_own_base(recipe) ? TERN_RUN_OWN_BASE : 0);
    if (tern_input_places_check(recipe, error) < 0 ||
        tern_run_folder_look(recipe->output.dir, run.identity, run.folder_flags, &found, error) < 0)
        status = -1;
    else if (found == TERN_RUN_FINISHED)
        status = give_finished(&run, result, error);
    else if (tern_check_recipe(recipe, error) == 0 && tern_check_similarity(recipe, error) == 0 &&
             find_base(&run, found, error) == 0)
        status = work(&run, result, error);
    tern_training_free(&run);
    return status;
}

void tern_train_result_free(tern_train_result *result)
{
    free(result->json);
    free(result->report);
    *result = (tern_train_result){0};
}
