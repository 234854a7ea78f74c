#include "train/budget.h"

#include "autograd/gemm.h"
#include "base/memory.h"

#include <string.h>

static void largest_batches(const tern_budget *b, tern_memory_batch *batches)
{
    for (int64_t step = 0; step < b->steps; step++) {
        int64_t n, tokens = 0;
        tern_mixture_place at = tern_mixture_at(b->mixture, step);
        const int64_t *rows = tern_mixture_rows(b->mixture, &at, &n), *lengths = b->sources[at.source].lengths;
        for (int64_t i = 0; i < n; i++)
            tokens += lengths[rows[i]];
        tern_memory_batch *batch = &batches[at.source];
        batch->rows = n > batch->rows ? n : batch->rows;
        batch->tokens = tokens > batch->tokens ? tokens : batch->tokens;
    }
}

static void describe(const tern_source *source, tern_memory_batch *batch)
{
    const tern_objective *o = &source->objective;
    int twice = (o->needs & TERN_NEEDS_TWICE) != 0, roles = 2 + source->rows->n_negatives;
    if (twice || !source->rows->positive)
        roles = twice ? 2 : 1;
    batch->texts = batch->rows * roles;
    batch->tokens *= twice ? 2 : 1;
    batch->longest = tern_tokens_longest(source->tokens);
    batch->masked = o->in_batch && source->rows->positive && !twice;
    batch->losses = o->losses;
    batch->n_losses = o->n_losses;
    for (int i = 0; i < o->n_losses; i++)
        batch->other_width += o->second_dim[i];
    if (o->view >= 0)
        batch->layers = o->losses[o->view].layers_per_step > 0 ? o->losses[o->view].layers_per_step : o->n_layers - 1;
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
    int64_t most = 0, longest = b->model->max_seq_length;
    for (int i = 0; b->exams && i < TERN_EXAMS; i++) {
        const tern_exam *exam = &b->exams->exam[i];
        int64_t bytes = 0;
        if (exam->beir)
            bytes = tern_memory_of_retrieval(config, exam->beir, longest, b->exams->shared_corpus);
        else if (exam->rows)
            bytes = tern_memory_of_texts(config, exam->rows->n * (2 + exam->rows->n_negatives), longest);
        most = bytes > most ? bytes : most;
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

int tern_budget_plan(const tern_budget *budget, tern_memory_plan *plan, char **text, tern_error *error)
{
    const tern_recipe *recipe = budget->recipe;
    tern_memory_batch batches[TERN_RECIPE_MOST_SOURCES] = {{0}};
    largest_batches(budget, batches);
    for (int i = 0; i < recipe->n_sources; i++)
        describe(&budget->sources[i], &batches[i]);
    tern_memory_job job = {
        .config = tern_encoder_get_config(budget->model->encoder),
        .params = tern_encoder_params(budget->model->encoder),
        .heads = budget->heads,
        .word_rows = count_words(budget),
        .dropout = recipe->train.dropout,
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
