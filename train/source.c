#include "train/source.h"

#include "base/hash.h"
#include "base/memory.h"
#include "train/check.h"
#include "train/check_data.h"
#include "train/mine_rows.h"
#include "train/rows_source.h"

#include <string.h>

/* A file's or folder's own name when the recipe gives none. */
static char *name_of(const tern_recipe_source *source)
{
    const char *path = source->data.beir ? source->data.beir : source->data.file, *slash = strrchr(path, '/');
    return tern_strdup(source->name ? source->name : slash ? slash + 1 : path);
}

static int number_of(const tern_source *source, const tern_recipe *recipe)
{
    return (int)(source->recipe - recipe->sources);
}

static int has_guide(const tern_source *source, int loss)
{
    return (tern_loss_find(source->recipe->losses[loss].name)->needs & TERN_NEEDS_GUIDE) != 0;
}

/* Where a loss's second model is given. */
static const char *second_line(const tern_source *source, const tern_recipe *recipe, int loss)
{
    const char *key = has_guide(source, loss) ? "guide" : "teacher";
    return tern_check_loss_line(recipe, number_of(source, recipe), loss, key);
}

/* A second model that can't be loaded is better known of before anything long starts. */
static int measure_second(tern_source *source, const tern_recipe *recipe, tern_inputs *inputs, tern_error *error)
{
    tern_objective *o = &source->objective;
    for (int i = 0; i < o->n_losses; i++) {
        if (!o->second_model[i])
            continue;
        const char *kind = has_guide(source, i) ? "the guide" : "the teacher";
        o->second_dim[i] = tern_second_model_look(o->second_model[i], kind, inputs, &source->warnings, error);
        if (o->second_dim[i] < 0)
            return tern_fail_within(error, "%s", second_line(source, recipe, i));
    }
    return 0;
}

int tern_source_read(tern_source *source, const tern_recipe *recipe, int i, tern_inputs *inputs, tern_error *error)
{
    *source = (tern_source){.recipe = &recipe->sources[i]};
    source->name = name_of(source->recipe);
    tern_objective_init(&source->objective, source->recipe);
    tern_rows_source from = tern_rows_source_of(recipe, &source->recipe->data);
    source->texts = tern_texts_create();
    source->findings.go_on = 1;
    from.findings = &source->findings;
    source->rows = tern_rows_read(&from, source->texts, error);
    if (!source->rows)
        return tern_fail_within(error, "%s", tern_check_source_line(recipe, i, NULL));
    if (tern_mine_rows_each(recipe, i) > 0) {
        if (source->rows->n_negatives > 0)
            tern_warn(&source->warnings,
                      "%s: the negatives that %s has are not used; those that are mined take their place",
                      tern_recipe_line(recipe, "mine"), source->name);
        tern_mine_rows_expect(source->rows, tern_mine_rows_each(recipe, i));
    }
    if (tern_check_rows(recipe, i, source->rows, error) < 0 ||
        tern_check_judgements(recipe, i, source->rows, &source->findings, error) < 0)
        return -1;
    const tern_recipe_data *data = &source->recipe->data;
    tern_inputs_add(inputs, "the training data", data->beir ? data->beir : data->file, "",
                    tern_rows_fingerprint(source->rows));
    return measure_second(source, recipe, inputs, error);
}

/* Sources of the same rows draw them in orders of their own. */
static uint64_t seed_of(const tern_source *s, const tern_recipe *recipe)
{
    uint64_t seed = (uint64_t)recipe->train.seed, number = (uint64_t)number_of(s, recipe);
    return number == 0 ? seed : tern_mix(seed ^ tern_mix(number));
}

static void make_sampler(tern_source *s, const tern_recipe *recipe)
{
    tern_sampler_options options = {
        .batch_size = tern_check_batch_size(recipe, number_of(s, recipe)),
        .seed = seed_of(s, recipe),
        .apart = s->objective.in_batch,
        .bucket_batches = recipe->train.bucket,
        .per_label = s->recipe->per_label,
    };
    s->lengths = tern_alloc((size_t)s->rows->n, sizeof *s->lengths);
    for (int64_t i = 0; i < s->rows->n; i++)
        s->lengths[i] = (1 + tern_source_twice(s)) * tern_tokens_of_row(s->tokens, s->rows, i);
    options.lengths = s->lengths;
    s->sampler = tern_sampler_create(s->rows, &options);
}

void tern_source_prepare(tern_source *source, const tern_recipe *recipe, const tern_model *model)
{
    const char *query = source->recipe->prompts.query, *document = source->recipe->prompts.document;
    if (tern_source_twice(source))
        tern_rows_keep_anchors(source->rows);
    source->tokens = tern_tokens_create(model, query ? query : model->query_prompt,
                                        document ? document : model->document_prompt, source->rows);
    make_sampler(source, recipe);
}

/* Losses with the same second model share its vectors. */
int tern_source_embed_second(tern_source *source, const tern_recipe *recipe, const tern_train_watch *watch,
                             tern_error *error)
{
    tern_objective *o = &source->objective;
    for (int i = 0; i < o->n_losses; i++) {
        if (!o->second_model[i])
            continue;
        for (int k = 0; k < i && !o->second[i]; k++)
            if (o->second_model[k] && strcmp(o->second_model[k], o->second_model[i]) == 0)
                o->second[i] = o->second[k];
        if (o->second[i])
            continue;
        source->second[i] = tern_second_vectors_create(o->second_model[i], source->rows, watch, error);
        if (!source->second[i])
            return tern_fail_within(error, "%s", second_line(source, recipe, i));
        o->second[i] = source->second[i];
    }
    return 0;
}

void tern_source_free(tern_source *source)
{
    tern_sampler_free(source->sampler);
    tern_tokens_free(source->tokens);
    for (int i = 0; i < TERN_RECIPE_MOST_LOSSES; i++)
        tern_second_vectors_free(source->second[i]);
    tern_rows_free(source->rows);
    tern_findings_free(&source->findings);
    tern_texts_free(source->texts);
    tern_warnings_free(&source->warnings);
    free(source->lengths);
    free(source->name);
    *source = (tern_source){0};
}

int tern_source_twice(const tern_source *source)
{
    return (source->objective.needs & TERN_NEEDS_TWICE) != 0;
}

int tern_source_masked(const tern_source *source)
{
    return source->objective.in_batch;
}

void tern_source_fill(const tern_source *source, const tern_rows *view, const int64_t *rows, int64_t n, double dropout,
                      tern_batch *batch)
{
    tern_batch_options options = {.merge = dropout <= 0, .twice = tern_source_twice(source)};
    tern_batch_fill(batch, view, source->tokens, rows, n, &options);
    if (tern_source_masked(source))
        tern_batch_mask(batch, view, rows, source->objective.judged);
}
