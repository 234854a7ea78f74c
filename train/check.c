#include "train/check.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "eval/metrics.h"

#include <string.h>

static const char triplet_metric[] = "triplet_accuracy";

static int check_loss(const tern_recipe *recipe, tern_error *error)
{
    const char *name = recipe->loss.name, *line = tern_recipe_line(recipe, "loss.name");
    const char *names[64];
    size_t n = 0;
    if (tern_loss_find(name))
        return 0;
    for (const tern_loss *loss = tern_losses; loss->name && n < 64; loss++)
        names[n++] = loss->name;
    const char *near = tern_nearest(name, names, n);
    if (near)
        return tern_fail(error, "%s: there is no loss \"%s\"; did you mean %s?", line, name, near);
    tern_buffer list = {0};
    for (size_t i = 0; i < n; i++)
        tern_buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    tern_fail(error, "%s: there is no loss \"%s\"; there are %s", line, name, list.data);
    tern_buffer_free(&list);
    return -1;
}

static int check_metric_suits(const tern_recipe *recipe, const tern_recipe_data *data, const char *section,
                              tern_error *error)
{
    const char *metric = recipe->eval.metric;
    int triplets = strcmp(metric, triplet_metric) == 0;
    /* Without a line of its own the metric was chosen by the sets: the set that doesn't agree is named then. */
    const char *line = tern_recipe_line(recipe, tern_recipe_given(recipe, "eval.metric") ? "eval.metric" : section);
    if (data->file && !triplets)
        return tern_fail(error, "%s: %s is a file of triplets, which %s can't score; use %s", line, section, metric,
                         triplet_metric);
    if (data->beir && triplets)
        return tern_fail(error, "%s: %s is a BEIR folder, which %s can't score; use one such as ndcg_at_10", line,
                         section, metric);
    return 0;
}

static int check_metric(const tern_recipe *recipe, tern_error *error)
{
    const char *metric = recipe->eval.metric, *line = tern_recipe_line(recipe, "eval.metric");
    if (!tern_metric_exists(metric)) {
        const char *near = tern_metric_nearest(metric);
        return tern_fail(error, "%s: there is no metric \"%s\"; %s %s%s", line, metric,
                         near ? "did you mean" : "use one such as", near ? near : "ndcg_at_10", near ? "?" : "");
    }
    return 0;
}

static int check_file(const tern_recipe *recipe, const char *section, const char *key, const char *path,
                      tern_error *error)
{
    if (tern_file_exists(path))
        return 0;
    char *full = key ? tern_format("%s.%s", section, key) : tern_strdup(section);
    tern_fail(error, "%s: there is no file %s", tern_recipe_line(recipe, full), path);
    free(full);
    return -1;
}

static int check_beir(const tern_recipe *recipe, const char *section, const tern_recipe_data *data, tern_error *error)
{
    char *qrels = tern_format("%s/qrels/%s.tsv", data->beir, data->split);
    char *corpus = tern_path_join(data->beir, "corpus.jsonl"), *queries = tern_path_join(data->beir, "queries.jsonl");
    int status = 0;
    if (!tern_folder_exists(data->beir)) {
        char *key = tern_format("%s.beir", section);
        status = tern_fail(error, "%s: there is no folder %s", tern_recipe_line(recipe, key), data->beir);
        free(key);
    }
    if (status == 0 && (check_file(recipe, section, "beir", corpus, error) < 0 ||
                        check_file(recipe, section, "beir", queries, error) < 0 ||
                        check_file(recipe, section, NULL, qrels, error) < 0))
        status = -1;
    free(qrels);
    free(corpus);
    free(queries);
    return status;
}

static int check_data(const tern_recipe *recipe, const char *section, const tern_recipe_data *data, tern_error *error)
{
    if (data->beir)
        return check_beir(recipe, section, data, error);
    return data->file ? check_file(recipe, section, "file", data->file, error) : 0;
}

static int check_dims(const tern_recipe *recipe, tern_error *error)
{
    const tern_recipe_ints *dims = &recipe->loss.matryoshka;
    const char *line = tern_recipe_line(recipe, "loss.matryoshka");
    for (int i = 1; i < dims->n; i++)
        if (dims->items[i] >= dims->items[i - 1])
            return tern_fail(error, "%s: %lld after %lld; write the dimensions from the largest to the smallest", line,
                             (long long)dims->items[i], (long long)dims->items[i - 1]);
    return 0;
}

int tern_check_recipe(const tern_recipe *recipe, tern_error *error)
{
    if (check_loss(recipe, error) < 0 || check_metric(recipe, error) < 0 || check_dims(recipe, error) < 0 ||
        check_data(recipe, "data.train", &recipe->data.train, error) < 0 ||
        check_data(recipe, "data.dev", &recipe->data.dev, error) < 0 ||
        check_data(recipe, "data.test", &recipe->data.test, error) < 0 ||
        check_metric_suits(recipe, &recipe->data.dev, "data.dev", error) < 0 ||
        check_metric_suits(recipe, &recipe->data.test, "data.test", error) < 0)
        return -1;
    return recipe->model ? 0 : check_file(recipe, "scratch", "vocab", recipe->scratch.vocab, error);
}

int tern_check_model(const tern_recipe *recipe, const tern_model *model, tern_error *error)
{
    int64_t positions = tern_encoder_get_config(model->encoder)->bert.max_positions, dim = tern_model_dim(model);
    const tern_recipe_ints *dims = &recipe->loss.matryoshka;
    if (recipe->train.max_seq_length > positions)
        return tern_fail(error, "%s: %lld is more than the model's %lld positions",
                         tern_recipe_line(recipe, "train.max_seq_length"), (long long)recipe->train.max_seq_length,
                         (long long)positions);
    if (dims->n > 0 && dims->items[0] > dim)
        return tern_fail(error, "%s: %lld is more than the %lld dimensions of the model's vectors",
                         tern_recipe_line(recipe, "loss.matryoshka"), (long long)dims->items[0], (long long)dim);
    return 0;
}

int tern_check_rows(const tern_recipe *recipe, const tern_rows *rows, tern_error *error)
{
    const tern_loss *loss = tern_loss_find(recipe->loss.name);
    const char *data = recipe->data.train.beir ? recipe->data.train.beir : recipe->data.train.file;
    const struct {
        int needed, there;
        const char *role;
    } roles[] = {
        {TERN_NEEDS_POSITIVE, rows->has_positive, "positive"},
        {TERN_NEEDS_NEGATIVE, rows->n_negatives > 0, "negative"},
        {TERN_NEEDS_LABEL, rows->has_label, "label"},
        {TERN_NEEDS_SCORE, rows->has_score, "score"},
    };
    if (rows->n == 0)
        return tern_fail(error, "%s: %s holds no rows to train on", tern_recipe_line(recipe, "data.train"), data);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if ((loss->needs & roles[i].needed) && !roles[i].there)
            return tern_fail(error, "%s: the loss %s needs a %s in each row, and %s has none",
                             tern_recipe_line(recipe, "loss.name"), loss->name, roles[i].role, data);
    return 0;
}

tern_loss_options tern_loss_options_of(const tern_recipe *recipe)
{
    tern_loss_options options = {
        .name = recipe->loss.name,
        .scale = recipe->loss.scale,
        .symmetric = recipe->loss.symmetric,
        .margin = recipe->loss.margin,
        .distance = (tern_distance)recipe->loss.distance,
        .n_dims = recipe->loss.matryoshka.n,
    };
    for (int i = 0; i < options.n_dims; i++) {
        options.dims[i] = recipe->loss.matryoshka.items[i];
        options.dim_weights[i] = i < recipe->loss.matryoshka_weights.n ? recipe->loss.matryoshka_weights.items[i] : 1;
    }
    return options;
}
