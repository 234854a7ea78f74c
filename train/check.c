#include "train/check.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/words.h"
#include "eval/metrics.h"
#include "losses/loss.h"
#include "recipes/other_tools.h"
#include "train/beside.h"
#include "train/check_negatives.h"
#include "train/mine_rows.h"

#include <string.h>

int64_t tern_check_batch_size(const tern_recipe *recipe, int source)
{
    int64_t own = recipe->sources[source].batch_size;
    return own > 0 ? own : recipe->train.batch_size;
}

const char *tern_check_source_line(const tern_recipe *recipe, int source, const char *key)
{
    char *path = tern_format("data.train[%d]%s%s", source, key ? "." : "", key ? key : "");
    const char *line = tern_recipe_line(recipe, path);
    free(path);
    return line;
}

/* The path of a key of a source's loss, as the recipe gives it: the source's own, or the recipe's. A new string. */
static char *loss_key(const tern_recipe *recipe, int source, int loss, const char *key)
{
    char *own = tern_format("data.train[%d].loss", source);
    int given = tern_recipe_given(recipe, own);
    char *path = given ? tern_format("%s[%d].%s", own, loss, key) : tern_format("loss[%d].%s", loss, key);
    free(own);
    return path;
}

const char *tern_check_loss_line(const tern_recipe *recipe, int source, int loss, const char *key)
{
    char *path = loss_key(recipe, source, loss, key);
    const char *line = tern_recipe_line(recipe, path);
    free(path);
    return line;
}

static int fail_unknown_loss(const char *line, const char *name, tern_error *error)
{
    const tern_other_name *other = tern_other_name_find(name);
    const char *names[64] = {NULL}, *near = NULL;
    size_t n = 0;
    for (const tern_loss *loss = tern_losses; loss->name && n < 64; loss++) {
        names[n++] = loss->name;
        if (tern_other_name_equal(loss->name, name))
            near = loss->name;
    }
    if (other && (!other->value || other->note)) {
        char *advice = tern_other_name_advice(other);
        tern_fail(error, "%s: there is no loss \"%s\"; %s", line, name, advice);
        free(advice);
        return -1;
    }
    near = other ? other->value : near ? near : tern_nearest(name, names, n);
    if (near)
        return tern_fail(error, "%s: there is no loss \"%s\"; did you mean %s?", line, name, near);
    tern_buffer list = {0};
    for (size_t i = 0; i < n; i++)
        tern_buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    tern_fail(error, "%s: there is no loss \"%s\"; there are %s", line, name, list.data);
    tern_buffer_free(&list);
    return -1;
}

static int check_dims(const tern_recipe_loss *loss, const char *line, tern_error *error)
{
    const tern_recipe_ints *dims = &loss->matryoshka;
    for (int i = 1; i < dims->n; i++)
        if (dims->items[i] >= dims->items[i - 1])
            return tern_fail(error, "%s: %lld after %lld; write the dimensions from the largest to the smallest", line,
                             (long long)dims->items[i], (long long)dims->items[i - 1]);
    if (loss->matryoshka_per_step > dims->n && dims->n > 0)
        return tern_fail(error, "%s: matryoshka_per_step is %lld, but there are %d dimensions", line,
                         (long long)loss->matryoshka_per_step, dims->n);
    return 0;
}

/* A second model must be named where the loss has a use for it; whether it loads is seen when it is. */
static int check_second(const tern_recipe *recipe, int i, int j, const tern_loss *kind, tern_error *error)
{
    const tern_recipe_loss *loss = &recipe->sources[i].losses[j];
    const char *line = tern_check_loss_line(recipe, i, j, "name");
    if ((kind->needs & TERN_NEEDS_GUIDE) && !loss->guide)
        return tern_fail(error, "%s: the loss %s needs a second model; add guide: FOLDER or NAME", line, kind->name);
    if ((kind->needs & TERN_NEEDS_TEACHER_VECTORS) && !loss->teacher)
        return tern_fail(error, "%s: the loss %s needs a second model; add teacher: FOLDER or NAME", line, kind->name);
    if ((kind->needs & TERN_NEEDS_TWICE) && recipe->train.dropout <= 0)
        return tern_fail(error,
                         "%s: the loss %s tells the two sights of a text apart by dropout, and train.dropout is 0; "
                         "set it to 0.1",
                         line, kind->name);
    return 0;
}

/* Directions without a right answer among their candidates make no softmax of their own. */
static int check_directions(const tern_recipe_loss *loss, const char *line, tern_error *error)
{
    unsigned same = TERN_QUERY_TO_QUERY | TERN_DOC_TO_DOC;
    if (loss->directions && !(loss->directions & TERN_QUERY_TO_DOC))
        return tern_fail(error, "%s: directions without query_to_doc, which holds the right answers; add it", line);
    if ((loss->directions & same) && !loss->joint)
        return tern_fail(error,
                         "%s: query_to_query and doc_to_doc hold no right answers, so they need one softmax with "
                         "query_to_doc; add joint: true",
                         line);
    return 0;
}

static int check_loss(const tern_recipe *recipe, int i, int j, tern_error *error)
{
    const tern_recipe_loss *loss = &recipe->sources[i].losses[j];
    const tern_loss *kind = tern_loss_find(loss->name);
    if (!kind)
        return fail_unknown_loss(tern_check_loss_line(recipe, i, j, "name"), loss->name, error);
    if (check_dims(loss, tern_check_loss_line(recipe, i, j, "matryoshka"), error) < 0)
        return -1;
    if (check_directions(loss, tern_check_loss_line(recipe, i, j, "directions"), error) < 0)
        return -1;
    if (tern_check_options(recipe, i, j, error) < 0)
        return -1;
    return check_second(recipe, i, j, kind, error);
}

/* Losses of one sum see the same batch. simcse makes a positive of each anchor, and leaves out those of the data. */
static int check_sum(const tern_recipe *recipe, int i, int j, tern_error *error)
{
    const tern_recipe_loss *losses = recipe->sources[i].losses;
    const tern_loss *loss = tern_loss_find(losses[j].name);
    for (int k = 0; k < recipe->sources[i].n_losses; k++) {
        const tern_loss *other = tern_loss_find(losses[k].name);
        if ((loss->needs & (TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE)) && (other->needs & TERN_NEEDS_TWICE))
            return tern_fail(
                error,
                "%s: the loss %s needs positives, and %s takes each anchor for its own; train with %s on a "
                "data set of its own",
                tern_check_loss_line(recipe, i, j, "name"), loss->name, other->name, other->name);
        if (k < j && loss->in_batch && other->in_batch && losses[k].mask != losses[j].mask)
            return tern_fail(error, "%s: %s and %s are parts of one sum, which has one mask; give mask: equal to both",
                             tern_check_loss_line(recipe, i, losses[j].mask == TERN_MASK_EQUAL ? j : k, "mask"),
                             other->name, loss->name);
    }
    return 0;
}

/* All losses of a source; earlier layers are looked at for one of them. */
static int check_losses(const tern_recipe *recipe, int i, tern_error *error)
{
    int views = 0;
    for (int j = 0; j < recipe->sources[i].n_losses; j++) {
        if (check_loss(recipe, i, j, error) < 0)
            return -1;
        views += recipe->sources[i].losses[j].adaptive_layer;
        if (views > 1)
            return tern_fail(error, "%s: a second loss with adaptive_layer; one of a sum can have it",
                             tern_check_loss_line(recipe, i, j, "adaptive_layer"));
    }
    for (int j = 0; j < recipe->sources[i].n_losses; j++)
        if (check_sum(recipe, i, j, error) < 0)
            return -1;
    return 0;
}

static int check_metric_suits(const tern_recipe *recipe, const tern_recipe_data *data, const char *section,
                              tern_error *error)
{
    const char *metric = recipe->eval.metric;
    int retrieval = tern_metric_family_of(metric) == TERN_METRIC_RETRIEVAL;
    /* Without a line of its own the metric was chosen by the sets: the set that doesn't agree is named then. */
    const char *line = tern_recipe_line(recipe, tern_recipe_given(recipe, "eval.metric") ? "eval.metric" : section);
    if (data->file && retrieval)
        return tern_fail(error,
                         "%s: %s is a file of triplets or of pairs with scores, which %s can't score; use "
                         "triplet_accuracy or cosine_spearman",
                         line, section, metric);
    if (data->beir && !retrieval)
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

/* Weights that leave no source to draw from. */
static int check_weights(const tern_recipe *recipe, tern_error *error)
{
    double sum = 0;
    for (int i = 0; i < recipe->n_sources; i++)
        sum += recipe->sources[i].weight;
    if (recipe->data.mixing != TERN_MIX_WEIGHTED || sum > 0)
        return 0;
    return tern_fail(error, "%s: mixing by weight, and all weights are 0; give one data set a weight above 0",
                     tern_recipe_line(recipe, "data.mixing"));
}

static int check_sources(const tern_recipe *recipe, tern_error *error)
{
    if (check_weights(recipe, error) < 0 || tern_beside_check(recipe, error) < 0 ||
        tern_mine_rows_check(recipe, error) < 0)
        return -1;
    for (int i = 0; i < recipe->n_sources; i++) {
        char *section = tern_format("data.train[%d]", i);
        int status = check_losses(recipe, i, error);
        if (status == 0)
            status = tern_check_negatives_used(recipe, i, error);
        if (status == 0)
            status = check_data(recipe, section, &recipe->sources[i].data, error);
        free(section);
        if (status < 0)
            return -1;
    }
    return 0;
}

int tern_check_recipe(const tern_recipe *recipe, tern_error *error)
{
    if (check_metric(recipe, error) < 0 || check_sources(recipe, error) < 0 ||
        check_data(recipe, "data.dev", &recipe->data.dev, error) < 0 ||
        check_data(recipe, "data.test", &recipe->data.test, error) < 0 ||
        check_metric_suits(recipe, &recipe->data.dev, "data.dev", error) < 0 ||
        check_metric_suits(recipe, &recipe->data.test, "data.test", error) < 0)
        return -1;
    return recipe->model ? 0 : check_file(recipe, "scratch", "vocab", recipe->scratch.vocab, error);
}

static int check_loss_sizes(const tern_recipe *recipe, int i, int j, const tern_model *model, tern_error *error)
{
    const tern_recipe_loss *loss = &recipe->sources[i].losses[j];
    int64_t dim = tern_encoder_dim(model->encoder), layers = tern_encoder_get_config(model->encoder)->bert.layers;
    const tern_recipe_ints *dims = &loss->matryoshka;
    if (dims->n > 0 && dims->items[0] > dim)
        return tern_fail(error, "%s: %lld is more than the %lld dimension%s of the model's vectors",
                         tern_check_loss_line(recipe, i, j, "matryoshka"), (long long)dims->items[0], (long long)dim,
                         tern_s(dim));
    if (loss->adaptive_layer && (layers < 2 || layers > TERN_MAX_LAYER_VIEWS))
        return tern_fail(error, "%s: adaptive_layer takes models of 2 to %d layers, and this one has %lld",
                         tern_check_loss_line(recipe, i, j, "adaptive_layer"), TERN_MAX_LAYER_VIEWS, (long long)layers);
    if (loss->adaptive_layer && loss->layers_per_step >= layers)
        return tern_fail(error, "%s: %lld layer%s a step, but the model has %lld before the last",
                         tern_check_loss_line(recipe, i, j, "layers_per_step"), (long long)loss->layers_per_step,
                         tern_s(loss->layers_per_step), (long long)layers - 1);
    return 0;
}

/* A prompt must leave room for a text. key: where the recipe gives it; it is the model's own where it doesn't. */
static int check_prompt(const tern_recipe *recipe, const tern_model *model, const char *key, const char *prompt,
                        tern_error *error)
{
    tern_ids ids = {0};
    int64_t trained = recipe->train.max_seq_length, exported = recipe->output.max_seq_length;
    trained = trained > 0 ? trained : model->max_seq_length;
    exported = exported > 0 ? exported : model->max_seq_length;
    int64_t most = trained < exported ? trained : exported;
    if (!prompt || !*prompt)
        return 0;
    tern_tokenizer_encode(model->tokenizer, prompt, strlen(prompt), 0, &ids);
    int64_t n = ids.offsets[ids.n];
    tern_ids_free(&ids);
    if (n < most)
        return 0;
    return tern_fail(error,
                     "%s: the prompt has %lld token%s, special ones included, and a text is cut to %lld, which "
                     "leaves no room for it; take a shorter prompt",
                     tern_recipe_line(recipe, tern_recipe_given(recipe, key) ? key : "model"), (long long)n, tern_s(n),
                     (long long)most);
}

static int check_prompts(const tern_recipe *recipe, const tern_model *model, tern_error *error)
{
    const char *query = recipe->prompts.query, *document = recipe->prompts.document;
    int status = check_prompt(recipe, model, "prompts.query", query ? query : model->query_prompt, error);
    if (status == 0)
        status = check_prompt(recipe, model, "prompts.document", document ? document : model->document_prompt, error);
    for (int i = 0; i < recipe->n_sources && status == 0; i++) {
        char *first = tern_format("data.train[%d].prompts.query", i);
        char *second = tern_format("data.train[%d].prompts.document", i);
        status = check_prompt(recipe, model, first, recipe->sources[i].prompts.query, error);
        if (status == 0)
            status = check_prompt(recipe, model, second, recipe->sources[i].prompts.document, error);
        free(first);
        free(second);
    }
    return status;
}

static int check_length(const tern_recipe *recipe, const tern_model *model, const char *key, int64_t length,
                        tern_error *error)
{
    int64_t positions = tern_encoder_get_config(model->encoder)->bert.max_positions;
    if (length <= positions)
        return 0;
    return tern_fail(error, "%s: %lld is more than the model's %lld positions", tern_recipe_line(recipe, key),
                     (long long)length, (long long)positions);
}

int tern_check_model(const tern_recipe *recipe, const tern_model *model, tern_error *error)
{
    if (check_length(recipe, model, "train.max_seq_length", recipe->train.max_seq_length, error) < 0 ||
        check_length(recipe, model, "output.max_seq_length", recipe->output.max_seq_length, error) < 0)
        return -1;
    for (int i = 0; i < recipe->n_sources; i++)
        for (int j = 0; j < recipe->sources[i].n_losses; j++)
            if (check_loss_sizes(recipe, i, j, model, error) < 0)
                return -1;
    return check_prompts(recipe, model, error);
}

static int check_roles(const tern_recipe *recipe, int i, int j, const tern_rows *rows, const char *data,
                       tern_error *error)
{
    const tern_recipe_loss *given = &recipe->sources[i].losses[j];
    const tern_loss *loss = tern_loss_find(given->name);
    const struct {
        int needed, there;
        const char *role;
    } roles[] = {
        {TERN_NEEDS_POSITIVE, rows->has_positive, "positive"},
        {TERN_NEEDS_NEGATIVE, rows->n_negatives > 0, "negative"},
        {TERN_NEEDS_LABEL, rows->has_label, "label"},
        {TERN_NEEDS_SCORE, rows->has_score, "score"},
        {TERN_NEEDS_TEACHER, rows->has_score || given->teacher, "score (or the loss a teacher)"},
    };
    for (size_t k = 0; k < sizeof roles / sizeof *roles; k++)
        if ((loss->needs & roles[k].needed) && !roles[k].there)
            return tern_fail(error, "%s: the loss %s needs a %s in each row, and %s has none%s%s%s",
                             tern_check_loss_line(recipe, i, j, "name"), loss->name, roles[k].role, data,
                             rows->note ? " (" : "", rows->note ? rows->note : "", rows->note ? ")" : "");
    if ((loss->needs & TERN_NEEDS_LABEL) && rows->n_labels < 2)
        return tern_fail(error, "%s: the loss %s needs rows of two labels or more, and %s has %lld",
                         tern_check_loss_line(recipe, i, j, "name"), loss->name, data, (long long)rows->n_labels);
    return 0;
}

/* Scores as the loss can take them: a number a row, or the teacher's for the positive and each negative. */
static int check_scores(const tern_recipe *recipe, int i, int j, const tern_rows *rows, const char *data,
                        tern_error *error)
{
    const tern_recipe_loss *given = &recipe->sources[i].losses[j];
    const tern_loss *loss = tern_loss_find(given->name);
    const char *line = tern_check_loss_line(recipe, i, j, "name");
    int k = rows->n_negatives;
    if ((loss->needs & TERN_NEEDS_SCORE) && rows->n_scores != 1)
        return tern_fail(error, "%s: the loss %s takes one score a row, and %s has %d", line, loss->name, data,
                         rows->n_scores);
    int margins = strcmp(loss->name, "margin_mse") == 0 && rows->n_scores == k;
    if ((loss->needs & TERN_NEEDS_TEACHER) && !given->teacher && rows->n_scores != k + 1 && !margins)
        return tern_fail(error,
                         "%s: the loss %s takes %d scores a row, of the positive and of each negative, and %s has %d",
                         line, loss->name, k + 1, data, rows->n_scores);
    double least = strcmp(loss->name, "cosine_similarity") == 0 ? -1 : 0;
    int bounded = least < 0 || strstr(loss->name, "contrastive");
    for (int64_t r = 0; bounded && r < rows->n; r++)
        if (rows->score[r] < least || rows->score[r] > 1)
            return tern_fail(error,
                             "%s: the loss %s takes scores from %g to 1, and row %lld of %s has %g; say score_range: "
                             "[LEAST, MOST] beside the file",
                             line, loss->name, least, (long long)r + 1, data, rows->score[r]);
    return 0;
}

/* 1 when two rows have the same label. */
static int repeats_label(const tern_rows *rows)
{
    uint8_t *seen = tern_calloc((size_t)rows->n_labels, sizeof *seen);
    int found = 0;
    for (int64_t r = 0; r < rows->n && !found; r++)
        found = seen[rows->label[r]]++ > 0;
    free(seen);
    return found;
}

static int scores_differ(const tern_rows *rows)
{
    for (int64_t r = 1; r < rows->n; r++)
        if (rows->score[r] != rows->score[0])
            return 1;
    return 0;
}

static int any_judged(const tern_rows *rows)
{
    for (int64_t r = 0; r < rows->n; r++)
        if (rows->score[r] == 0 || rows->score[r] == 1)
            return 1;
    return 0;
}

/* Losses that are constant, and so teach nothing, on a batch of one row. */
static int compares_rows(const tern_loss *loss, const tern_rows *rows)
{
    if (loss->in_batch && !(loss->needs & TERN_NEEDS_TWICE))
        return rows->n_negatives == 0 && strcmp(loss->name, "mega_batch_margin") != 0;
    return (loss->needs & TERN_NEEDS_SEVERAL) || (strcmp(loss->name, "angle") == 0 && rows->n_negatives == 0);
}

/* Data on which the loss stays the same whatever the model does. */
static int check_teaches(const tern_recipe *recipe, int i, int j, const tern_rows *rows, const char *data,
                         tern_error *error)
{
    const tern_recipe_loss *given = &recipe->sources[i].losses[j];
    const tern_loss *loss = tern_loss_find(given->name);
    const char *line = tern_check_loss_line(recipe, i, j, "name");
    int64_t batch = tern_check_batch_size(recipe, i);
    if ((batch < rows->n ? batch : rows->n) < 2 && compares_rows(loss, rows))
        return tern_fail(error, "%s: the loss %s compares the rows of a batch, and batches of %s have one", line,
                         loss->name, data);
    if ((loss->needs & TERN_NEEDS_LABEL) && (loss->needs & TERN_NEEDS_SEVERAL) && !repeats_label(rows))
        return tern_fail(error, "%s: the loss %s needs several rows of a label, and each row of %s has its own", line,
                         loss->name, data);
    if ((strcmp(loss->name, "cosent") == 0 || (strcmp(loss->name, "angle") == 0 && rows->n_negatives == 0)) &&
        !scores_differ(rows))
        return tern_fail(error, "%s: the loss %s goes by the order of scores, and all rows of %s have %g", line,
                         loss->name, data, rows->score[0]);
    if (strcmp(loss->name, "online_contrastive") == 0 && !any_judged(rows))
        return tern_fail(error, "%s: the loss %s takes rows with a score of 0 or 1, and %s has none", line, loss->name,
                         data);
    if (given->hardness == TERN_HARDNESS_HARD && (rows->n_negatives == 0 || (loss->needs & TERN_NEEDS_TWICE)))
        return tern_fail(error, "%s: hardness: hard is for rows' own negatives, and %s has none; write in_batch",
                         tern_check_loss_line(recipe, i, j, "hardness"), data);
    return 0;
}

static int check_per_label(const tern_recipe *recipe, int i, const tern_rows *rows, const char *data, tern_error *error)
{
    const tern_recipe_source *source = &recipe->sources[i];
    int64_t batch = tern_check_batch_size(recipe, i);
    const char *line = tern_check_source_line(recipe, i, "per_label");
    if (source->per_label > 0 && !rows->has_label)
        return tern_fail(error, "%s: per_label needs a label in each row, and %s has none", line, data);
    if (source->per_label * 2 > batch)
        return tern_fail(error, "%s: per_label is %lld, which leaves a batch of %lld no room for a second label", line,
                         (long long)source->per_label, (long long)batch);
    return 0;
}

int tern_check_rows(const tern_recipe *recipe, int source, const tern_rows *rows, tern_error *error)
{
    const tern_recipe_data *data = &recipe->sources[source].data;
    const char *place = data->beir ? data->beir : data->file;
    if (rows->n == 0)
        return tern_fail(error, "%s: %s holds no rows to train on", tern_check_source_line(recipe, source, NULL),
                         place);
    if (tern_check_negatives(recipe, source, rows, error) < 0)
        return -1;
    for (int j = 0; j < recipe->sources[source].n_losses; j++)
        if (check_roles(recipe, source, j, rows, place, error) < 0 ||
            check_scores(recipe, source, j, rows, place, error) < 0 ||
            check_teaches(recipe, source, j, rows, place, error) < 0)
            return -1;
    return check_per_label(recipe, source, rows, place, error);
}
