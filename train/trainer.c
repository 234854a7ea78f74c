#include "train/trainer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "data/mixture.h"
#include "train/backprop.h"
#include "train/budget.h"
#include "train/diagnose.h"
#include "train/groups.h"
#include "train/idle.h"
#include "train/schedule.h"

#include <math.h>

_Static_assert((int)TERN_RATE_LINEAR == TERN_SCHEDULE_LINEAR && (int)TERN_RATE_COSINE == TERN_SCHEDULE_COSINE &&
                   (int)TERN_RATE_CONSTANT == TERN_SCHEDULE_CONSTANT &&
                   (int)TERN_RATE_WARMUP_STABLE_DECAY == TERN_SCHEDULE_WARMUP_STABLE_DECAY,
               "schedules in the order of recipes");
_Static_assert((int)TERN_MIXING_PROPORTIONAL == TERN_MIX_PROPORTIONAL &&
                   (int)TERN_MIXING_ROUND_ROBIN == TERN_MIX_ROUND_ROBIN &&
                   (int)TERN_MIXING_WEIGHTED == TERN_MIX_WEIGHTED &&
                   (int)TERN_MIXING_TEMPERATURE == TERN_MIX_TEMPERATURE,
               "mixing in the order of recipes");

struct tern_trainer {
    const tern_recipe *recipe;
    tern_model *model;
    tern_source *sources; /* [recipe->n_sources] */
    tern_mixture *mixture;
    int64_t total;
    tern_batch_survey survey;
    tern_schedule schedule;
    tern_params *heads; /* what the losses learn; without tensors: nothing */
    tern_optimizer *optimizer, *heads_optimizer;
    tern_average *average;
    tern_memory_plan memory;
    tern_tape *tape; /* NULL while resting */
    tern_batch batch;
    tern_profile *profile; /* NULL: none */
};

static void make_mixture(tern_trainer *t)
{
    tern_sampler *samplers[TERN_RECIPE_MOST_SOURCES];
    double weights[TERN_RECIPE_MOST_SOURCES];
    for (int i = 0; i < t->recipe->n_sources; i++) {
        samplers[i] = t->sources[i].sampler;
        weights[i] = t->recipe->sources[i].weight;
    }
    t->mixture = tern_mixture_create(&(tern_mixture_options){.kind = (tern_mixing)t->recipe->data.mixing,
                                                             .n = t->recipe->n_sources,
                                                             .samplers = samplers,
                                                             .weights = weights,
                                                             .alpha = t->recipe->data.mixing_alpha,
                                                             .seed = (uint64_t)t->recipe->train.seed});
    t->total = t->recipe->train.max_steps;
    if (t->total <= 0)
        t->total = tern_mixture_steps(t->mixture, t->recipe->train.epochs);
    t->survey = tern_batch_survey_make(t->mixture, t->sources, t->recipe->n_sources, t->total);
}

static void make_schedule(tern_trainer *t)
{
    t->schedule = (tern_schedule){.kind = (tern_rate_kind)t->recipe->train.schedule, .total = t->total};
    t->schedule.peak = t->recipe->train.learning_rate;
    t->schedule.warmup = tern_warmup_steps(t->recipe->train.warmup, t->total);
    t->schedule.decay = tern_warmup_steps(t->recipe->train.decay, t->total);
}

static void make_heads(tern_trainer *t)
{
    int64_t dim = tern_encoder_dim(t->model->encoder);
    t->heads = tern_params_create();
    for (int i = 0; i < t->recipe->n_sources; i++) {
        tern_objective *o = &t->sources[i].objective;
        char *prefix = tern_format("source.%d.loss.", i);
        o->n_layers = (int)tern_encoder_get_config(t->model->encoder)->bert.layers;
        o->seed = (uint64_t)t->recipe->train.seed;
        tern_objective_declare(o, &(tern_loss_sizes){.dim = dim, .n_labels = t->sources[i].rows->n_labels}, prefix,
                               t->heads);
        free(prefix);
    }
    tern_params_allocate(t->heads);
    for (int i = 0; i < t->recipe->n_sources; i++)
        tern_objective_start(&t->sources[i].objective, (uint64_t)t->recipe->train.seed);
}

static int make_optimizers(tern_trainer *t, tern_error *error)
{
    tern_params *params = tern_encoder_params(t->model->encoder);
    double *rate = tern_alloc(params->n, sizeof *rate);
    tern_optimizer_options options = {.weight_decay = t->recipe->train.weight_decay};
    int status = tern_groups_resolve(t->recipe, params, tern_encoder_get_config(t->model->encoder), rate, error);
    if (status == 0) {
        tern_params_want_grads(params);
        options.rate = rate;
        t->optimizer = tern_optimizer_create(params, &options);
        options.rate = NULL;
        tern_params_want_grads(t->heads);
        if (t->heads->n > 0)
            t->heads_optimizer = tern_optimizer_create(t->heads, &options);
        if (t->recipe->train.ema > 0)
            t->average = tern_average_create(params, t->recipe->train.ema);
    }
    free(rate);
    return status;
}

tern_trainer *tern_trainer_create(const tern_recipe *recipe, tern_model *model, tern_source *sources, tern_error *error)
{
    tern_trainer *t = tern_calloc(1, sizeof *t);
    *t = (tern_trainer){.recipe = recipe, .model = model, .sources = sources};
    make_mixture(t);
    make_schedule(t);
    make_heads(t);
    if (make_optimizers(t, error) == 0)
        return t;
    tern_trainer_free(t);
    return NULL;
}

void tern_trainer_free(tern_trainer *trainer)
{
    if (!trainer)
        return;
    tern_batch_free(&trainer->batch);
    tern_tape_free(trainer->tape);
    tern_average_free(trainer->average);
    tern_optimizer_free(trainer->optimizer);
    tern_optimizer_free(trainer->heads_optimizer);
    tern_params_free(trainer->heads);
    tern_mixture_free(trainer->mixture);
    free(trainer);
}

int64_t tern_trainer_total(const tern_trainer *trainer)
{
    return trainer->total;
}

int tern_trainer_begins_epoch(tern_trainer *trainer, int64_t step)
{
    return tern_mixture_at(trainer->mixture, step).epoch_step == 0;
}

void tern_trainer_forget_plans(tern_trainer *trainer)
{
    tern_mixture_forget(trainer->mixture);
}

int64_t tern_trainer_epoch(tern_trainer *trainer, int64_t step)
{
    return tern_mixture_at(trainer->mixture, step).epoch;
}

int tern_trainer_plan_memory(tern_trainer *trainer, const tern_exams *exams, int64_t longest, int resumed, char **text,
                             tern_error *error)
{
    tern_budget budget = {.recipe = trainer->recipe,
                          .model = trainer->model,
                          .heads = trainer->heads,
                          .sources = trainer->sources,
                          .survey = &trainer->survey,
                          .exams = exams,
                          .longest = longest,
                          .resumed = resumed};
    return tern_budget_plan(&budget, &trainer->memory, text, error);
}

int64_t tern_trainer_planned_peak(const tern_trainer *trainer)
{
    return trainer->memory.peak;
}

const tern_batch_survey *tern_trainer_survey(const tern_trainer *trainer)
{
    return &trainer->survey;
}

tern_trainer_parts tern_trainer_get_parts(tern_trainer *trainer)
{
    return (tern_trainer_parts){.optimizer = trainer->optimizer,
                                .heads_optimizer = trainer->heads_optimizer,
                                .heads = trainer->heads_optimizer ? trainer->heads : NULL,
                                .average = trainer->average};
}

void tern_trainer_set_profile(tern_trainer *trainer, tern_profile *profile)
{
    trainer->profile = profile;
}

void tern_trainer_rest(tern_trainer *trainer)
{
    tern_tape_free(trainer->tape);
    trainer->tape = NULL;
}

/* What the loss of a step needs besides the vectors. */
typedef struct step_loss {
    const tern_objective *objective;
    const tern_batch *batch;
    uint64_t step;
} step_loss;

static tern_tensor *value_of(void *context, tern_tape *tape, tern_tensor *x)
{
    const step_loss *s = context;
    tern_tape_within(tape, "the loss");
    return tern_objective_value(s->objective, tape, tern_batch_vectors(s->batch, tape, x), s->batch, s->step);
}

/* Values of params that have a gradient now: of row-sparse parameters those of touched rows. */
static double gradient_values_of(const tern_params *params)
{
    int64_t values = 0;
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        if (!(p->flags & TERN_PARAM_FROZEN) && !p->idle)
            values += (p->flags & TERN_PARAM_ROW_SPARSE ? p->n_touched : p->tensor->rows) * p->tensor->cols;
    }
    return (double)values;
}

/* For a profile; 0 without one. */
static double gradient_values(const tern_trainer *t)
{
    const tern_params *params = tern_encoder_params(t->model->encoder);
    return t->profile ? gradient_values_of(params) + gradient_values_of(t->heads) : 0;
}

/* The end of a span that passes so many times over values, their own and what belongs to them. */
static void end_passes(const tern_trainer *t, int passes, double values)
{
    tern_profile_end(t->profile, &(tern_work){.bytes = passes * values * sizeof(tern_real)});
}

/* Loss and gradients, then their norm; 0 where the loss is not finite. */
static double run_backprop(tern_trainer *t, const tern_backprop *job, double *norm)
{
    tern_optimizer *const both[] = {t->optimizer, t->heads_optimizer};
    double value = tern_backprop_run(t->tape, job);
    tern_profile_begin(t->profile, "gradient norm");
    *norm = isfinite(value) ? tern_optimizers_grad_norm(both, 2) : 0;
    end_passes(t, 1, gradient_values(t));
    return value;
}

static void update(tern_trainer *t, double rate, double scale)
{
    enum { ADAMW = 8 };                 /* gradient, weight and two moments are read and written */
    double values = gradient_values(t); /* there are none after the step */
    tern_profile_begin(t->profile, "adamw");
    tern_optimizer_step(t->optimizer, rate, scale);
    tern_optimizer_step(t->heads_optimizer, rate, scale);
    end_passes(t, ADAMW, values);
    if (t->average) {
        tern_profile_begin(t->profile, "average of weights");
        tern_average_update(t->average, t->optimizer->steps);
        tern_profile_end(t->profile, NULL);
    }
}

static int take_step(tern_trainer *t, int64_t step, tern_train_step *out, tern_error *error)
{
    double start = tern_seconds();
    int64_t n;
    int layers[TERN_MAX_LAYER_VIEWS];
    tern_mixture_place at = tern_mixture_at(t->mixture, step);
    const int64_t *rows = tern_mixture_rows(t->mixture, &at, &n);
    const tern_source *source = &t->sources[at.source];
    if (!t->tape)
        t->tape = tern_tape_create();
    tern_tape_set_profile(t->tape, t->profile);
    tern_profile_begin(t->profile, "batch");
    tern_source_fill(source, tern_mixture_view(t->mixture, &at), rows, n, t->recipe->train.dropout, &t->batch);
    tern_profile_end(t->profile, NULL);
    tern_pass pass = {.batch = &t->batch.packed, .dropout = t->recipe->train.dropout, .layers = layers};
    pass.seed = (uint64_t)t->recipe->train.seed;
    pass.step = (uint64_t)step;
    pass.bfloat16 = t->recipe->train.activations == TERN_ACTIVATIONS_BFLOAT16;
    pass.n_layers = tern_objective_layers(&source->objective, pass.step, layers);
    step_loss loss = {&source->objective, &t->batch, pass.step};
    tern_backprop job = {.encoder = t->model->encoder, .pass = &pass, .loss = value_of, .context = &loss};
    /* A batch longer than any that the plan knows of, late in a long run, is worked through in chunks. */
    job.chunk_tokens = t->memory.chunk_tokens > 0 ? t->memory.chunk_tokens : t->survey.tokens[at.source];
    tern_objective_choose_heads(&source->objective, t->heads);

    double norm, value = run_backprop(t, &job, &norm), rate = tern_schedule_rate(&t->schedule, step);
    if (!isfinite(value) || !isfinite(norm)) {
        tern_diagnosis d = {.job = &job, .batch = &t->batch, .rows = rows, .heads = t->heads, .data = source->name};
        return tern_diagnose_fail(t->tape, &d, isfinite(value) ? "gradient's norm" : "loss",
                                  isfinite(value) ? norm : value, step + 1, error);
    }
    update(t, rate, tern_clip_scale(norm, t->recipe->train.max_grad_norm));
    *out = (tern_train_step){.step = step + 1, .total = t->total, .loss = value, .learning_rate = rate};
    out->grad_norm = norm;
    out->idle = norm == 0 ? (int)tern_idle_reason(&source->objective, &t->batch) : TERN_IDLE_NONE;
    out->rows = n;
    out->tokens = t->batch.tokens;
    out->source = t->recipe->n_sources > 1 ? source->name : NULL;
    out->seconds = tern_seconds() - start;
    return 0;
}

int tern_trainer_step(tern_trainer *trainer, int64_t step, tern_train_step *out, tern_error *error)
{
    char words[64];
    tern_profile_step_begin(trainer->profile, step + 1);
    int status = take_step(trainer, step, out, error);
    snprintf(words, sizeof words, "%lld tokens", (long long)trainer->batch.tokens);
    tern_profile_step_end(trainer->profile, words);
    return status;
}
