#include "train/beside.h"

#include "eval/retrieval.h"
#include "search/ranker.h"
#include "train/stored.h"
#include "train/watched.h"

static int check_name(const tern_recipe *recipe, const char *name, tern_error *error)
{
    tern_ranker_name parsed;
    const char *line = tern_recipe_line(recipe, "eval.beside");
    int status = tern_ranker_name_parse(&parsed, name, error);
    if (status < 0)
        tern_fail_within(error, "%s", line);
    else if (parsed.options.index[0])
        status = tern_fail(error, "%s: index= is for tern eval and tern search; a recipe's BM25 is made anew", line);
    else if (parsed.model && !tern_model_exists(parsed.model))
        status = tern_fail(error, "%s: there is no model %s; tern info NAME says where it would be looked for", line,
                           parsed.model);
    tern_ranker_name_free(&parsed);
    return status;
}

int tern_beside_check(const tern_recipe *recipe, tern_error *error)
{
    const tern_recipe_texts *names = &recipe->eval.beside;
    if (names->n > 0 && !recipe->data.test.beir)
        return tern_fail(error, "%s: eval.beside ranks the documents of a BEIR folder, and data.test.beir isn't given",
                         tern_recipe_line(recipe, "eval.beside"));
    for (int i = 0; i < names->n; i++)
        if (check_name(recipe, names->items[i], error) < 0)
            return -1;
    return 0;
}

static int rank_by(const char *name, const tern_exam *test, const tern_train_watch *watch, tern_scores *out,
                   tern_error *error)
{
    tern_ranker_name parsed;
    tern_model *model = NULL;
    int status = tern_ranker_name_parse(&parsed, name, error);
    if (status == 0 && parsed.model)
        status = (model = tern_model_open(parsed.model, error)) ? 0 : -1;
    if (status == 0) {
        tern_watched how = {watch, name};
        tern_model_source source = tern_watched_source(&how, model, test->beir->n_docs + test->beir->n_queries);
        tern_stored stored = {.source = &source};
        tern_rank_options options = {.exclude_same_id = test->exclude_same_id};
        if (model)
            options.embedder = tern_stored_embedder(&stored);
        tern_ranker *ranker = parsed.bm25 ? tern_ranker_of_name(&parsed, &options.embedder) : NULL;
        options.ranker = ranker;
        status = tern_retrieval_evaluate(test->beir, &options, NULL, out, error);
        tern_ranker_free(ranker);
        if (model)
            tern_model_source_finish(&source);
        tern_stored_close(&stored);
        tern_train_say_stored(&stored, watch);
    }
    tern_model_free(model);
    tern_ranker_name_free(&parsed);
    return status;
}

static json_t *entry_of(const tern_scores *scores, double p_value)
{
    json_t *means = json_object();
    for (int m = 0; m < scores->n_metrics; m++)
        json_object_set_new(means, scores->names[m], json_real(scores->means[m]));
    return json_pack("{s:o, s:f}", "scores", means, "p_value", p_value);
}

int tern_beside_score(const tern_recipe *recipe, const tern_exam *test, const tern_scores *tuned,
                      const tern_train_watch *watch, json_t **out, tern_error *error)
{
    const tern_recipe_texts *names = &recipe->eval.beside;
    json_t *all = names->n > 0 ? json_object() : NULL;
    int status = 0;
    for (int i = 0; i < names->n && status == 0; i++) {
        tern_scores scores = {0};
        tern_comparison comparison;
        status = rank_by(names->items[i], test, watch, &scores, error);
        if (status == 0)
            status = tern_scores_compare(&scores, tuned, recipe->eval.metric, &comparison, error);
        if (status == 0)
            json_object_set_new(all, names->items[i], entry_of(&scores, comparison.p_value));
        tern_scores_free(&scores);
    }
    *out = status == 0 ? all : NULL;
    if (status < 0)
        json_decref(all);
    return status;
}
