#include "train/budget.h"

#include "autograd/gemm.h"
#include "base/limits.h"
#include "base/integer.h"
#include "base/memory.h"
#include "train/groups.h"

#include <math.h>
#include <string.h>

/* How many rows are looked at beyond the first epoch. */
enum { SURVEYED_ROWS = 1 << 22 };

/* Tokens of the batch, whose rows are of view. */
static int64_t look_at(tern_batch_survey *s, const tern_source *source, int number, const tern_rows *view,
                       const int64_t *rows, int64_t n)
{
    int64_t tokens = 0;
    for (int64_t i = 0; i < n; i++)
        tokens += view->pool ? tern_tokens_of_row(source->tokens, view, rows[i]) : source->lengths[rows[i]];
    s->rows[number] = tern_max(s->rows[number], n);
    s->tokens[number] = tern_max(s->tokens[number], tokens);
    return tokens;
}

/* A source whose turn comes later than what was looked at. */
static void look_at_first_epoch(tern_batch_survey *s, const tern_source *source, int number)
{
    tern_plan *plan = tern_sampler_plan(source->sampler, 0);
    for (int64_t b = 0; b < plan->n_batches; b++)
        look_at(s, source, number, plan->view, plan->rows + plan->start[b], plan->start[b + 1] - plan->start[b]);
    tern_plan_free(plan);
}

/* What full batches of a source are like, among those of the others. */
static void compare(tern_batch_survey *s, const tern_source *source, int number)
{
    double tokens = 0;
    for (int64_t i = 0; i < source->rows->n; i++)
        tokens += (double)source->lengths[i];
    tokens *= (double)s->rows[number] / (double)source->rows->n;
    s->least_tokens = s->most_rows > 0 ? fmin(s->least_tokens, tokens) : tokens;
    s->most_tokens = fmax(s->most_tokens, tokens);
    s->least_rows = s->most_rows > 0 ? tern_min(s->least_rows, s->rows[number]) : s->rows[number];
    s->most_rows = tern_max(s->most_rows, s->rows[number]);
}

tern_batch_survey tern_batch_survey_make(tern_mixture *mixture, const tern_source *sources, int n_sources,
                                         int64_t steps)
{
    tern_batch_survey s = {.least_rows = 0};
    int64_t all_rows = 0, all_tokens = 0, seen = 0, step = 0;
    for (; step < steps; step++) {
        int64_t n;
        tern_mixture_place at = tern_mixture_at(mixture, step);
        if (at.epoch > 0 && seen >= SURVEYED_ROWS)
            break;
        const int64_t *rows = tern_mixture_rows(mixture, &at, &n);
        int64_t tokens = look_at(&s, &sources[at.source], at.source, tern_mixture_view(mixture, &at), rows, n);
        seen += n;
        if (at.epoch == 0) {
            all_rows += n;
            all_tokens += tokens;
        }
    }
    for (int i = 0; i < n_sources; i++) {
        if (s.rows[i] == 0 && step < steps && tern_mixture_uses(mixture, i))
            look_at_first_epoch(&s, &sources[i], i);
        if (s.rows[i] > 0)
            compare(&s, &sources[i], i);
    }
    s.tokens_per_row = all_rows > 0 ? (double)all_tokens / (double)all_rows : 0;
    return s;
}

static tern_memory_batch describe(const tern_source *source, int64_t rows, int64_t tokens)
{
    const tern_objective *o = &source->objective;
    int twice = tern_source_twice(source);
    tern_memory_batch batch = {.rows = rows, .tokens = tokens};
    batch.texts = rows * (1 + (source->rows->positive || twice ? 1 : 0) + source->rows->n_negatives);
    batch.longest = tern_tokens_longest(source->tokens);
    batch.masked = tern_source_masked(source);
    batch.shares = source->rows->pool && source->rows->pool->short_rows > 0;
    batch.losses = o->losses;
    batch.n_losses = o->n_losses;
    for (int i = 0; i < o->n_losses; i++)
        batch.other_width += o->second_dim[i];
    if (o->view >= 0)
        batch.layers = o->losses[o->view].layers_per_step > 0 ? o->losses[o->view].layers_per_step : o->n_layers - 1;
    return batch;
}

/* Rows of the word table that the texts use. */
static int64_t count_words(const tern_budget *b)
{
    int64_t vocabulary = tern_encoder_get_config(b->model->encoder)->bert.vocab_size, n = 0;
    uint8_t *seen = tern_calloc((size_t)vocabulary, 1);
    for (int i = 0; i < b->recipe->n_sources; i++)
        tern_tokens_mark_ids(b->sources[i].tokens, seen);
    for (int64_t i = 0; i < vocabulary; i++)
        n += seen[i];
    free(seen);
    return n;
}

static int64_t largest_evaluation(const tern_budget *b)
{
    const tern_encoder_config *config = tern_encoder_get_config(b->model->encoder);
    int64_t most = 0;
    for (int i = 0; b->exams && i < TERN_EXAMS; i++) {
        const tern_exam *exam = &b->exams->exam[i];
        int64_t bytes = 0;
        if (exam->beir)
            bytes = tern_memory_of_retrieval(config, exam->beir, b->longest, b->exams->shared_corpus);
        else if (exam->rows)
            bytes = tern_memory_of_texts(config, exam->rows->n * (2 + exam->rows->n_negatives), b->longest);
        most = tern_max(most, bytes);
    }
    return most;
}

static int64_t held_data(const tern_budget *b)
{
    int64_t bytes = 0;
    for (int i = 0; i < b->recipe->n_sources; i++) {
        const tern_source *s = &b->sources[i];
        bytes += tern_memory_of_rows(s->rows, tern_tokens_total(s->tokens));
        for (int k = 0; k < s->objective.n_losses; k++)
            bytes += s->objective.second_dim[k] * tern_texts_count(s->texts) * (int64_t)sizeof(float);
    }
    for (int i = 0; b->exams && i < TERN_EXAMS; i++) {
        const tern_exam *exam = &b->exams->exam[i];
        bytes += exam->beir ? tern_memory_of_beir(exam->beir) : exam->rows ? tern_memory_of_rows(exam->rows, 0) : 0;
    }
    return bytes;
}

int tern_budget_check_model(const tern_recipe *recipe, tern_model *model, tern_error *error)
{
    enum { LEAST_TOKENS = 3, SIZE = 32 };
    const tern_encoder_config *config = tern_encoder_get_config(model->encoder);
    tern_params *params = tern_encoder_params(model->encoder);
    double *rate = tern_alloc(params->n, sizeof *rate);
    int status = tern_groups_resolve(recipe, params, config, rate, error);
    free(rate);
    const tern_memory_batch batch = {.rows = 1, .texts = 1, .tokens = LEAST_TOKENS, .longest = LEAST_TOKENS};
    const tern_memory_job job = {
        .config = config,
        .params = params,
        .word_rows = LEAST_TOKENS,
        .dropout = recipe->train.dropout,
        .bfloat16 = recipe->train.activations == TERN_ACTIVATIONS_BFLOAT16,
        .average = recipe->train.ema > 0,
        .batches = &batch,
        .n_batches = 1,
        .budget = recipe->train.memory,
        .threads = tern_threads(),
        .line = tern_recipe_line(recipe, "train.memory"),
    };
    tern_memory_plan plan;
    if (status < 0 || tern_memory_plan_make(&plan, &job, NULL) == 0 || plan.parts.model <= job.budget)
        return status; /* what is needed besides depends on the data: for the whole plan to say */
    char budget_text[SIZE], model_text[SIZE];
    tern_memory_text(budget_text, SIZE, job.budget);
    tern_memory_text(model_text, SIZE, plan.parts.model);
    return tern_fail(
        error,
        "%s%strain.memory is %s, but the model's weights, gradients and moments alone need %s; give it more "
        "memory, or make the model smaller (scratch.layers, scratch.width)",
        job.line, *job.line ? ": " : "", budget_text, model_text);
}

int tern_budget_plan(const tern_budget *budget, tern_memory_plan *plan, char **text, tern_error *error)
{
    const tern_recipe *recipe = budget->recipe;
    tern_memory_batch batches[TERN_RECIPE_MOST_SOURCES];
    for (int i = 0; i < recipe->n_sources; i++)
        batches[i] = describe(&budget->sources[i], budget->survey->rows[i], budget->survey->tokens[i]);
    tern_memory_job job = {
        .config = tern_encoder_get_config(budget->model->encoder),
        .params = tern_encoder_params(budget->model->encoder),
        .heads = budget->heads,
        .word_rows = count_words(budget),
        .dropout = recipe->train.dropout,
        .bfloat16 = recipe->train.activations == TERN_ACTIVATIONS_BFLOAT16,
        .average = recipe->train.ema > 0,
        .resumed = budget->resumed,
        .batches = batches,
        .n_batches = recipe->n_sources,
        .data = held_data(budget),
        .evaluation = largest_evaluation(budget),
        .budget = recipe->train.memory,
        .threads = tern_threads(),
        .line = tern_recipe_line(recipe, "train.memory"),
    };
    if (tern_memory_plan_make(plan, &job, error) < 0)
        return -1;
    *text = tern_memory_plan_text(plan, &job);
    return 0;
}
