/* The beginning of a run: everything is read and checked before anything is written. */
#include "train/training.h"

#include "autograd/gemm.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "base/words.h"
#include "train/budget.h"
#include "train/check.h"
#include "train/check_data.h"
#include "train/check_negatives.h"
#include "train/mine_rows.h"
#include "train/remine.h"

#include <math.h>
#include <string.h>

/* The sizes that recipes leave out are those of BERT (Devlin et al. 2019). */
static tern_model *from_scratch(const tern_recipe *recipe, tern_error *error)
{
    tern_encoder_config config = {
        .bert = {.hidden_size = recipe->scratch.width,
                 .layers = recipe->scratch.layers,
                 .heads = recipe->scratch.heads,
                 .intermediate_size = recipe->scratch.intermediate,
                 .max_positions = recipe->scratch.max_positions,
                 .type_vocab_size = 2,
                 .layer_norm_eps = 1e-12,
                 .hidden_dropout = 0.1,
                 .attention_dropout = 0.1,
                 .initializer_range = 0.02},
        .modules = {{.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN}, {.kind = TERN_MODULE_NORMALIZE}},
        .n_modules = 2,
    };
    tern_model *model = tern_model_declare(&config, recipe->scratch.vocab, recipe->scratch.lower_case, error);
    if (model && tern_budget_check_model(recipe, model, error) < 0) {
        tern_model_free(model);
        return NULL;
    }
    if (model)
        tern_model_fill(model, (uint64_t)recipe->train.seed);
    return model;
}

static int read_model(tern_training *run, tern_error *error)
{
    const tern_recipe *recipe = run->recipe;
    run->model = recipe->model ? tern_model_load(run->base_name, error) : from_scratch(recipe, error);
    if (!run->model)
        return tern_fail_within(error, "%s", tern_recipe_line(recipe, recipe->model ? "model" : "scratch"));
    tern_training_warn_all(run, &run->model->warnings);
    if (recipe->model) {
        run->weights = tern_inputs_add_model(&run->found, "the base model", recipe->model, run->model);
    } else {
        tern_inputs_add_file(&run->found, "the vocabulary", recipe->scratch.vocab, "", recipe->scratch.vocab);
        run->weights = tern_weights_fingerprint(tern_encoder_params(run->model->encoder));
    }
    if (tern_check_model(recipe, run->model, error) < 0)
        return -1;
    tern_readings_make(run->readings, recipe, run->model);
    run->reading = tern_readings_hash(run->readings);
    tern_reading_set(&run->readings[TERN_READING_EXPORTED], run->model);
    return 0;
}

/* Between the parts of long work; tern_train takes the failure for a stop. */
static int go_on(const tern_training *run, tern_error *error)
{
    return tern_training_stopping(run) ? tern_fail(error, "interrupted") : 0;
}

static void warn(void *run, const char *sentence)
{
    tern_training_warn(run, "%s", sentence);
}

/* What a file holds and isn't used is said before what its losses lack: it may be the reason. */
static int read_source(tern_training *run, int i, tern_error *error)
{
    tern_source *source = &run->sources[i];
    int status = tern_source_read(source, run->recipe, i, &run->found, error);
    if (source->rows)
        tern_check_say_findings(run->recipe, i, &source->findings, warn, run);
    if (status == 0)
        tern_check_say_ignored(run->recipe, i, source->rows, &source->findings, warn, run);
    if (status == 0)
        tern_check_say_negatives(run->recipe, i, source->rows, warn, run);
    return status;
}

static int read_sources(tern_training *run, tern_error *error)
{
    const tern_recipe *recipe = run->recipe;
    run->sources = tern_calloc((size_t)recipe->n_sources, sizeof *run->sources);
    for (int i = 0; i < recipe->n_sources; i++) {
        if (go_on(run, error) < 0 || read_source(run, i, error) < 0)
            return -1;
        tern_training_warn_all(run, &run->sources[i].warnings);
    }
    return 0;
}

static int read_exams(tern_training *run, tern_error *error)
{
    static const char *const kinds[TERN_EXAMS] = {"the dev data", TERN_INPUT_TEST};
    const tern_recipe_data *data[TERN_EXAMS] = {&run->recipe->data.dev, &run->recipe->data.test};
    if (run->options->no_eval)
        return 0;
    if (go_on(run, error) < 0)
        return -1;
    int status = tern_exams_open(&run->exams, run->recipe, error);
    tern_training_warn_all(run, &run->exams.warnings);
    if (status < 0)
        return -1;
    for (int i = 0; i < TERN_EXAMS; i++)
        if (tern_exams_has(&run->exams, i))
            tern_inputs_add(&run->found, kinds[i], data[i]->beir ? data[i]->beir : data[i]->file, "",
                            tern_exams_fingerprint(&run->exams, i));
    return 0;
}

/* Where the longest texts are cut that are scored. */
static int64_t longest_scored(const tern_training *run)
{
    int64_t most = 0;
    for (int i = 0; i < TERN_READINGS; i++)
        most = tern_max(most, run->readings[i].max_seq_length);
    return most;
}

static int tokenize(tern_training *run, tern_error *error)
{
    int status = 0;
    tern_profile_begin(run->options->profile, "tokenising");
    tern_reading_set(&run->readings[TERN_READING_TRAINED], run->model);
    for (int i = 0; status == 0 && i < run->recipe->n_sources; i++) {
        int64_t texts;
        status = go_on(run, error);
        if (status < 0)
            break;
        tern_source_prepare(&run->sources[i], run->recipe, run->model);
        run->cut_texts += tern_tokens_cut(run->sources[i].tokens, &texts);
        run->texts += texts;
    }
    tern_reading_set(&run->readings[TERN_READING_EXPORTED], run->model);
    tern_profile_end(run->options->profile, NULL);
    return status;
}

/* What can't be trained is refused here, before anything is written or scored. */
static int make_trainer(tern_training *run, tern_error *error)
{
    char *line = NULL;
    int status = tokenize(run, error);
    run->trainer = status == 0 ? tern_trainer_create(run->recipe, run->model, run->sources, error) : NULL;
    if (!run->trainer)
        return -1;
    status = tern_trainer_plan_memory(run->trainer, run->options->no_eval ? NULL : &run->exams, longest_scored(run), 0,
                                      &line, error);
    free(line);
    return status;
}

/* Judgements that are read twice, for training and for test say, are counted once. */
static void add_missing(tern_training *run, const tern_coverage *of, const char *note)
{
    size_t before = json_array_size(run->warnings);
    tern_training_warn(run, "%s", note);
    if (json_array_size(run->warnings) == before)
        return;
    run->missing.queries_missing += of->queries_missing;
    run->missing.documents_missing += of->documents_missing;
    run->missing.judgements_missing += of->judgements_missing;
}

/* What judgements name and isn't there is said, and counted for the result. */
static void count_missing(tern_training *run)
{
    for (int i = 0; i < run->recipe->n_sources; i++) {
        const tern_rows *rows = run->sources[i].rows;
        run->judged |= run->sources[i].recipe->data.beir != NULL;
        if (rows->note)
            add_missing(run, &rows->coverage, rows->note);
    }
    for (int i = 0; i < TERN_EXAMS; i++) {
        const tern_beir *beir = run->exams.exam[i].beir;
        run->judged |= beir != NULL;
        if (beir && beir->note)
            add_missing(run, &beir->coverage, beir->note);
    }
}

static void count_negatives(tern_training *run)
{
    for (int i = 0; i < run->recipe->n_sources; i++) {
        const tern_negatives *pool = run->sources[i].rows->pool;
        if (!pool)
            continue;
        run->draws = 1;
        run->drawn.rows_short += pool->short_rows;
        run->drawn.rows_without += pool->empty_rows;
        run->drawn.anchors_without += pool->empty_anchors;
        run->drawn.left_out += pool->left_out;
    }
}

/* "mined 3224 negatives for 807 queries: 1612 dense, 1612 bm25". */
static void say_mined(tern_training *run, const json_t *audit)
{
    long long negatives = json_integer_value(json_object_get(audit, "negatives")),
              queries = json_integer_value(json_object_get(audit, "queries"));
    tern_buffer miners = {0};
    const char *name;
    json_t *n;
    json_object_foreach(json_object_get(audit, "miners"), name, n)
    {
        tern_buffer_printf(&miners, "%s%lld %s", miners.n ? ", " : "", (long long)json_integer_value(n), name);
    }
    tern_training_say(run, "mined %lld negative%s for %lld quer%s: %s", negatives, tern_s(negatives), queries,
                      tern_ies(queries), miners.data);
    tern_buffer_free(&miners);
}

/* Where only some of a row's negatives are used a time, rows that have enough for that may still be short. */
static void warn_of_few(tern_training *run, const json_t *audit)
{
    long long few = json_integer_value(json_object_get(audit, "queries_short"));
    if (few > 0 && run->recipe->mine.per_row > 0)
        tern_training_warn(run, "%lld of %lld queries have fewer than %lld mined negatives", few,
                           json_integer_value(json_object_get(audit, "queries")),
                           (long long)run->recipe->mine.num_negatives);
}

static int mine_source(tern_training *run, int i, tern_error *error)
{
    tern_source *source = &run->sources[i];
    tern_warnings warnings = {0};
    json_t *audit = NULL;
    tern_mine_setup *setup = NULL;
    int64_t every = tern_remine_every(run->recipe, NULL);
    int status = tern_mine_rows(run->recipe, i, source->rows, run->model, &run->options->watch, &warnings, &audit,
                                every > 0 ? &setup : NULL, error);
    if (setup)
        run->remine = tern_remine_create(run->recipe, setup, source->rows);
    tern_training_warn_all(run, &warnings);
    tern_warnings_free(&warnings);
    if (status == 0) {
        say_mined(run, audit);
        warn_of_few(run, audit);
        json_object_set_new(run->mined, source->name, audit);
        status = tern_check_negatives(run->recipe, i, source->rows, error);
    }
    if (status == 0) {
        tern_check_say_negatives(run->recipe, i, source->rows, warn, run);
        tern_inputs_add(&run->found, "the mined negatives", source->name, "", tern_rows_fingerprint(source->rows));
    }
    return status;
}

/* Long work, once all that is quick was checked. */
static int mine_sources(tern_training *run, tern_error *error)
{
    for (int i = 0; i < run->recipe->n_sources; i++) {
        if (tern_mine_rows_each(run->recipe, i) == 0)
            continue;
        run->mined = run->mined ? run->mined : json_object();
        if (go_on(run, error) < 0 || mine_source(run, i, error) < 0)
            return -1;
    }
    return 0;
}

/* What was mined and why, for people to look at. */
static int write_audit(const tern_training *run, tern_error *error)
{
    if (!run->mined)
        return 0;
    char *path = tern_run_path(&run->folder, "mining.json"), *text = json_dumps(run->mined, JSON_INDENT(1));
    int status = tern_file_write(path, text, strlen(text), error);
    free(text);
    free(path);
    return status;
}

int tern_training_read(tern_training *run, tern_error *error)
{
    if (read_model(run, error) < 0 || read_sources(run, error) < 0 || read_exams(run, error) < 0 ||
        mine_sources(run, error) < 0)
        return -1;
    count_missing(run);
    count_negatives(run);
    run->inputs = tern_inputs_text(&run->found);
    return make_trainer(run, error);
}

static const char *const exam_names[TERN_EXAMS] = {"dev", "test"};

/* The rows of the report that are the base's; numbered as the readings they are scored in. */
enum { BASE_ROW = TERN_READING_BASE, TRAINED_ROW = TERN_READING_TRAINED, BASE_ROWS };

static tern_scores *row_scores(tern_training *run, int row, int which)
{
    return row == BASE_ROW ? &run->base[which] : &run->as_trained[which];
}

static char *base_path(const tern_training *run, int row, int which, const char *ending)
{
    return tern_format("%s/base/%s%s.%s", run->folder.path, exam_names[which], row == BASE_ROW ? "" : "-as-trained",
                       ending);
}

/* Beside the scores: the fingerprint of the set, of the weights, and of how texts are read. */
static char *base_mark(const tern_training *run, int row, int which)
{
    uint64_t model = run->weights ^ run->reading;
    return tern_format("%016llx\n", (unsigned long long)tern_mix((tern_exams_fingerprint(&run->exams, which) ^ model) +
                                                                 (uint64_t)row));
}

static int write_base(tern_training *run, int row, int which, tern_error *error)
{
    char *path = base_path(run, row, which, "csv"), *beside = base_path(run, row, which, "data");
    char *mark = base_mark(run, row, which);
    int status = tern_scores_write(row_scores(run, row, which), path, 1, error);
    if (status == 0)
        status = tern_file_write(beside, mark, strlen(mark), error);
    free(mark);
    free(beside);
    free(path);
    return status;
}

/* 1: an earlier start of this run scored the same set, 0: another one, -1: none. */
static int same_set(const tern_training *run, int row, int which)
{
    char *path = base_path(run, row, which, "data"), *mark = base_mark(run, row, which), *old = NULL;
    int same = tern_file_exists(path) && tern_file_read(path, 64, &old, NULL, NULL) == 0 ? strcmp(old, mark) == 0 : -1;
    free(old);
    free(mark);
    free(path);
    return same;
}

/* The test data alone may change: the base is scored again on them as they are now. */
static void warn_of_test(tern_training *run)
{
    char *changed = run->restart.inputs ? tern_inputs_changed(run->restart.inputs, run->inputs, 1) : NULL;
    if (changed && same_set(run, BASE_ROW, TERN_EXAM_TEST) != 1)
        tern_training_warn(run, "%s: %s; base and tuned model are scored on them as they are now", run->folder.path,
                           changed);
    free(changed);
}

int tern_training_claim(tern_training *run, tern_error *error)
{
    const tern_recipe *recipe = run->recipe;
    if (tern_run_folder_open(&run->folder, recipe->output.dir, run->identity, run->folder_flags, error) < 0)
        return -1;
    if (run->folder.warning)
        tern_training_warn(run, "%s", run->folder.warning);
    tern_checkpoint checkpoint = tern_training_checkpoint(run);
    if (tern_checkpoint_find(&checkpoint, &run->restart, error) < 0)
        return -1;
    warn_of_test(run);
    char *path = tern_run_path(&run->folder, "recipe.yaml"), *text = tern_recipe_resolved(recipe);
    int status = tern_file_write(path, text, strlen(text), error);
    free(path);
    free(text);
    return status < 0 ? -1 : write_audit(run, error);
}

/* Scores that an earlier start of this run left; those that can't be read are made again. */
static int read_base(tern_training *run, int row, int which)
{
    char *path = base_path(run, row, which, "csv");
    tern_scores *scores = row_scores(run, row, which);
    tern_error ignored = {{0}};
    int found = same_set(run, row, which) == 1 && tern_file_exists(path) &&
                tern_scores_read(scores, path, &ignored) == 0 &&
                !isnan(tern_scores_get(scores, run->recipe->eval.metric));
    if (!found)
        tern_scores_free(scores);
    free(path);
    return found;
}

/* Whether the set makes a row: the base as it was read in training only where its vectors are others. */
static int has_row(const tern_training *run, int row, int which)
{
    const tern_reading *base = &run->readings[TERN_READING_BASE], *trained = &run->readings[TERN_READING_TRAINED];
    if (!tern_exams_has(&run->exams, which) || row == BASE_ROW)
        return tern_exams_has(&run->exams, which);
    if (!tern_reading_same_prompts(base, trained))
        return 1;
    return base->max_seq_length != trained->max_seq_length &&
           tern_exams_cut(&run->exams, which, run->model, tern_min(base->max_seq_length, trained->max_seq_length));
}

static int score_missing(tern_training *run, int row, int has[TERN_EXAMS], tern_error *error)
{
    int want[TERN_EXAMS], any = 0;
    for (int i = 0; i < TERN_EXAMS; i++) {
        has[i] = has_row(run, row, i);
        want[i] = has[i] && !read_base(run, row, i);
        any |= want[i];
    }
    if (any && tern_exams_score_both(&run->exams, want, run->model, "scoring the base", &run->options->watch,
                                     row_scores(run, row, 0), error) < 0)
        return -1;
    for (int i = 0; i < TERN_EXAMS; i++)
        if (want[i] && write_base(run, row, i, error) < 0)
            return -1;
    return 0;
}

static int score_row(tern_training *run, int row, tern_error *error)
{
    int has[TERN_EXAMS];
    tern_reading_set(&run->readings[row], run->model);
    int status = score_missing(run, row, has, error);
    tern_reading_set(&run->readings[TERN_READING_EXPORTED], run->model);
    char *words = row == BASE_ROW ? tern_strdup("") : tern_reading_words(run->readings);
    for (int i = 0; i < TERN_EXAMS && status == 0; i++)
        if (has[i])
            tern_training_say(run, "base model on %s%s%s: %s %.5f", exam_names[i], *words ? ", " : "", words,
                              run->recipe->eval.metric,
                              tern_scores_get(row_scores(run, row, i), run->recipe->eval.metric));
    free(words);
    return status;
}

int tern_training_score_base(tern_training *run, tern_error *error)
{
    if (!tern_exams_has(&run->exams, TERN_EXAM_DEV) && !tern_exams_has(&run->exams, TERN_EXAM_TEST))
        return 0;
    for (int row = 0; row < BASE_ROWS; row++)
        if (score_row(run, row, error) < 0)
            return -1;
    return 0;
}

static int64_t count_rows(const tern_training *run)
{
    int64_t rows = 0;
    for (int i = 0; i < run->recipe->n_sources; i++)
        rows += run->sources[i].rows->n;
    return rows;
}

/* "multiple_negatives_ranking", "triplet + 0.1 global_orthogonal". */
static char *losses_of(const tern_recipe_source *source)
{
    tern_buffer text = {0};
    for (int k = 0; k < source->n_losses; k++) {
        tern_buffer_printf(&text, "%s", k ? " + " : "");
        if (source->losses[k].weight != 1)
            tern_buffer_printf(&text, "%g ", source->losses[k].weight);
        tern_buffer_printf(&text, "%s", source->losses[k].name);
    }
    return text.data;
}

/* The loss of all sources, or "cosent on stsb, triplet on snli". */
static char *loss_words(const tern_training *run)
{
    const tern_recipe *recipe = run->recipe;
    char *first = losses_of(&recipe->sources[0]), *each;
    tern_buffer text = {0};
    int same = 1;
    for (int i = 0; i < recipe->n_sources; i++) {
        each = losses_of(&recipe->sources[i]);
        same &= strcmp(each, first) == 0;
        tern_buffer_printf(&text, "%s%s on %s", i ? ", " : "", each, run->sources[i].name);
        free(each);
    }
    if (!same) {
        free(first);
        return text.data;
    }
    tern_buffer_free(&text);
    return first;
}

/* "64 rows and about 1469 tokens", "16 to 64 rows and about 370 to 1469 tokens". */
static char *batch_words(const tern_training *run)
{
    const tern_batch_survey *s = tern_trainer_survey(run->trainer);
    if (s->least_rows == s->most_rows)
        return tern_format("%lld row%s and about %.0f tokens", (long long)s->most_rows, tern_s(s->most_rows),
                           s->tokens_per_row * (double)s->most_rows);
    return tern_format("%lld to %lld rows and about %.0f to %.0f tokens", (long long)s->least_rows,
                       (long long)s->most_rows, s->least_tokens, s->most_tokens);
}

/* How much of the training data the model doesn't see, and what it will see that it wasn't trained on. */
static void say_lengths(tern_training *run)
{
    int64_t trained = run->readings[TERN_READING_TRAINED].max_seq_length,
            exported = run->readings[TERN_READING_EXPORTED].max_seq_length;
    if (run->cut_texts > 0)
        tern_training_say(run, "%lld of %lld training texts (%.0f %%) are cut at %lld tokens%s",
                          (long long)run->cut_texts, (long long)run->texts,
                          100 * (double)run->cut_texts / (double)run->texts, (long long)trained,
                          run->recipe->train.max_seq_length > 0 ? " (train.max_seq_length)" : ", as the base does");
    if (trained > exported)
        tern_training_warn(run,
                           "training reads up to %lld tokens of a text, the exported model %lld; for more of them set "
                           "output.max_seq_length",
                           (long long)trained, (long long)exported);
}

/* Prompts of the data sets alone are easily taken for the model's. */
static void say_prompts(tern_training *run)
{
    const tern_reading *trained = &run->readings[TERN_READING_TRAINED],
                       *exported = &run->readings[TERN_READING_EXPORTED];
    const struct {
        const char *role, *trained, *exported;
    } prompts[] = {{"query", trained->query_prompt, exported->query_prompt},
                   {"document", trained->document_prompt, exported->document_prompt}};
    for (int i = 0; i < 2; i++)
        if (strcmp(prompts[i].trained, prompts[i].exported) != 0)
            tern_training_warn(
                run,
                "training puts \"%s\" before each %s, and the exported model \"%s\"; for one prompt in both "
                "give prompts.%s in place of data.train.prompts.%s",
                prompts[i].trained, prompts[i].role, prompts[i].exported, prompts[i].role, prompts[i].role);
}

static int say_plan(tern_training *run, tern_error *error)
{
    int resumed = run->folder.found == TERN_RUN_STARTED;
    char *memory = NULL;
    if (tern_trainer_plan_memory(run->trainer, run->options->no_eval ? NULL : &run->exams, longest_scored(run), resumed,
                                 &memory, error) < 0)
        return -1;
    char *losses = loss_words(run), *size = batch_words(run);
    int64_t rows = count_rows(run), steps = tern_trainer_total(run->trainer);
    tern_training_say(run, "%lld row%s, %lld step%s of %s, %s, %d thread%s", (long long)rows, tern_s(rows),
                      (long long)steps, tern_s(steps), size, losses, tern_threads(), tern_s(tern_threads()));
    say_lengths(run);
    say_prompts(run);
    tern_training_say(run, "%s", memory);
    free(losses);
    free(size);
    free(memory);
    return 0;
}

static int embed_second(tern_training *run, tern_error *error)
{
    for (int i = 0; i < run->recipe->n_sources; i++)
        if (tern_source_embed_second(&run->sources[i], run->recipe, &run->options->watch, error) < 0)
            return -1;
    return 0;
}

static int load_checkpoint(tern_training *run, tern_error *error)
{
    tern_checkpoint checkpoint = tern_training_checkpoint(run);
    if (run->restart.skipped.message[0])
        tern_training_say(run, "left out: %s", run->restart.skipped.message);
    if (tern_checkpoint_load(&checkpoint, &run->restart, error) < 0 || tern_best_check(&checkpoint, error) < 0)
        return -1;
    if (run->remine) {
        tern_remine_restored(run->remine);
        tern_trainer_forget_plans(run->trainer);
    }
    run->saved_step = run->restart.step;
    tern_restart_close(&run->restart);
    tern_training_say(run, "going on after step %lld", (long long)run->saved_step);
    return 0;
}

static int open_logs(tern_training *run, tern_error *error)
{
    char *metrics = tern_run_path(&run->folder, "metrics.jsonl"), *dev = tern_run_path(&run->folder, "dev.jsonl");
    const tern_progress *p = &run->progress;
    run->metrics = tern_metrics_log_open(metrics, p->step, error);
    if (run->metrics && tern_exams_has(&run->exams, TERN_EXAM_DEV)) {
        const char *metric = run->recipe->eval.metric;
        run->dev_log = tern_metrics_log_open(dev, p->evaluated_step, error);
        double base = tern_scores_get(&run->base[TERN_EXAM_DEV], metric);
        if (run->dev_log && p->evaluated_step == 0 &&
            tern_metrics_log_add(run->dev_log, json_pack("{s:i, s:f}", "step", 0, metric, base), error) < 0)
            run->dev_log = (tern_metrics_log_close(run->dev_log, NULL), NULL);
    }
    if (run->metrics && run->remine) {
        char *mining = tern_run_path(&run->folder, "mining.jsonl");
        run->mining_log = tern_metrics_log_open(mining, p->step - 1, error);
        free(mining);
        if (!run->mining_log)
            run->metrics = (tern_metrics_log_close(run->metrics, NULL), NULL);
    }
    free(metrics);
    free(dev);
    return run->metrics && (run->dev_log || !tern_exams_has(&run->exams, TERN_EXAM_DEV)) ? 0 : -1;
}

int tern_training_restore(tern_training *run, tern_error *error)
{
    if (say_plan(run, error) < 0 || embed_second(run, error) < 0)
        return -1;
    run->saved_step = -1;
    if (run->restart.step >= 0 && load_checkpoint(run, error) < 0)
        return -1;
    return open_logs(run, error);
}
