#include "train/objective.h"

#include "autograd/ops.h"
#include "base/memory.h"

#include <math.h>

static void copy_dims(tern_loss_options *o, const tern_recipe_loss *from)
{
    o->n_dims = from->matryoshka.n;
    o->dims_per_step = (int)from->matryoshka_per_step;
    for (int i = 0; i < o->n_dims; i++) {
        o->dims[i] = from->matryoshka.items[i];
        o->dim_weights[i] = i < from->matryoshka_weights.n ? from->matryoshka_weights.items[i] : 1;
    }
}

static tern_loss_options options_of(const tern_recipe_loss *from)
{
    tern_loss_options o = tern_loss_defaults(from->name);
    o.weight = from->weight;
    o.scale = from->scale;
    o.learned_scale = from->learned_scale;
    o.symmetric = from->symmetric;
    o.directions = from->directions;
    o.partition = from->joint ? TERN_JOINT : TERN_PER_DIRECTION;
    o.hardness = (tern_hardness)from->hardness;
    o.hardness_strength = from->hardness_strength;
    o.guide_margin = from->relative_margin ? TERN_MARGIN_RELATIVE : TERN_MARGIN_ABSOLUTE;
    o.without_anchors = !from->contrast_anchors;
    o.without_positives = !from->contrast_positives;
    if (!isnan(from->margin))
        o.margin = from->margin;
    if (!isnan(from->negative_margin))
        o.negative_margin = from->negative_margin;
    o.similarity = from->similarity == TERN_COMPARE_DOT ? TERN_BY_DOT : TERN_BY_COSINE;
    if (from->distance >= 0)
        o.distance = (tern_distance)from->distance;
    o.temperature = from->student_temperature;
    o.teacher_temperature = from->teacher_temperature;
    o.mean_weight = from->mean_weight;
    o.second_moment_weight = from->second_moment_weight;
    o.sum_columns = from->sum_columns;
    o.adaptive_layer = from->adaptive_layer;
    o.layers_per_step = (int)from->layers_per_step;
    o.last_layer_weight = from->last_layer_weight;
    o.prior_layers_weight = from->prior_layers_weight;
    o.kl_weight = from->kl_weight;
    o.kl_temperature = from->kl_temperature;
    copy_dims(&o, from);
    return o;
}

void tern_objective_init(tern_objective *objective, const tern_recipe_source *source)
{
    *objective = (tern_objective){.n_losses = source->n_losses, .view = -1};
    for (int i = 0; i < source->n_losses; i++) {
        const tern_recipe_loss *from = &source->losses[i];
        const tern_loss *loss = tern_loss_find(from->name);
        TERN_CHECK(loss, "no loss %s", from->name);
        objective->losses[i] = options_of(from);
        objective->second_model[i] = loss->needs & TERN_NEEDS_GUIDE ? from->guide : from->teacher;
        objective->needs |= loss->needs;
        objective->in_batch |= loss->in_batch;
        objective->judged |= loss->in_batch && from->mask == TERN_MASK_JUDGED;
        if (from->adaptive_layer)
            objective->view = i;
    }
}

void tern_objective_declare(tern_objective *objective, const tern_loss_sizes *sizes, const char *prefix,
                            tern_params *heads)
{
    objective->dim = sizes->dim;
    objective->first_head = heads->n;
    for (int i = 0; i < objective->n_losses; i++) {
        tern_loss_sizes own = *sizes;
        char *name = tern_format("%s%d.", prefix, i);
        own.teacher_dim = objective->second_dim[i];
        tern_loss_declare(&objective->losses[i], &own, name, heads);
        free(name);
    }
    objective->n_heads = heads->n - objective->first_head;
}

void tern_objective_choose_heads(const tern_objective *objective, tern_params *heads)
{
    for (size_t i = 0; i < heads->n; i++)
        heads->table[i].idle = i < objective->first_head || i - objective->first_head >= objective->n_heads;
}

void tern_objective_start(const tern_objective *objective, uint64_t seed)
{
    for (int i = 0; i < objective->n_losses; i++)
        tern_loss_init(&objective->losses[i], seed);
}

int tern_objective_layers(const tern_objective *objective, uint64_t step, int *layers)
{
    if (objective->view < 0)
        return 0;
    return tern_loss_layers(&objective->losses[objective->view], objective->n_layers, objective->seed, step, layers);
}

/* The roles of x [places, dim]: anchors, positives, each row's negatives. */
static tern_loss_roles split(tern_tape *tape, tern_tensor *x, const tern_batch *batch)
{
    int64_t n = batch->n, from = n;
    tern_loss_roles roles = {.anchor = tern_rows_of(tape, x, 0, n)};
    if (batch->has_positive) {
        roles.positive = tern_rows_of(tape, x, from, n);
        from += n;
    }
    if (batch->n_texts > from)
        roles.negative = tern_rows_of(tape, x, from, batch->n_texts - from);
    return roles;
}

/* The second model's vectors of the batch, without gradient. */
static tern_loss_roles second_roles(const tern_second_vectors *vectors, tern_tape *tape, const tern_batch *batch)
{
    int64_t dim = tern_second_dim(vectors);
    tern_tensor *x = tern_tape_tensor(tape, batch->n_texts, dim);
    for (int64_t i = 0; i < batch->n_texts; i++) {
        int none = batch->texts[i] == TERN_NO_TEXT;
        const float *v = none ? NULL : tern_second_vector(vectors, batch->roles[i], batch->texts[i]);
        for (int64_t c = 0; c < dim; c++)
            x->data[i * dim + c] = v ? (tern_real)v[c] : 0;
    }
    return split(tape, x, batch);
}

tern_tensor *tern_objective_value(const tern_objective *objective, tern_tape *tape, tern_tensor *x,
                                  const tern_batch *batch, uint64_t step)
{
    int layers[TERN_MAX_LAYER_VIEWS], views = tern_objective_layers(objective, step, layers);
    tern_loss_roles earlier[TERN_MAX_LAYER_VIEWS];
    tern_tensor *value[TERN_RECIPE_MOST_LOSSES], *last = x;
    double weight[TERN_RECIPE_MOST_LOSSES];
    TERN_CHECK_SHAPE("objective", x, batch->n_texts, objective->dim * (1 + views));
    if (views > 0)
        last = tern_columns_of(tape, x, 0, objective->dim);
    for (int v = 0; v < views; v++)
        earlier[v] = split(tape, tern_columns_of(tape, x, (1 + v) * objective->dim, objective->dim), batch);
    tern_loss_roles roles = split(tape, last, batch);
    for (int i = 0; i < objective->n_losses; i++) {
        tern_loss_batch b = {.n = batch->n,
                             .anchor = roles.anchor,
                             .positive = roles.positive,
                             .negative = roles.negative,
                             .n_negatives = batch->n_negatives,
                             .masked = batch->is_masked ? batch->masked : NULL,
                             .text = batch->texts,
                             .label = batch->label,
                             .score = batch->score,
                             .n_scores = batch->n_scores,
                             .n_layers = objective->n_layers,
                             .seed = objective->seed,
                             .step = step};
        if (objective->second[i]) { /* a teacher that is named is asked, whatever the data say */
            b.score = tern_loss_find(objective->losses[i].name)->needs & TERN_NEEDS_TEACHER ? NULL : b.score;
            b.other = second_roles(objective->second[i], tape, batch);
        }
        if (i == objective->view) {
            b.layer_roles = earlier;
            b.layer = layers;
            b.n_layer_views = views;
        }
        value[i] = tern_loss_value(&objective->losses[i], tape, &b);
        weight[i] = objective->losses[i].weight == 0 ? 1 : objective->losses[i].weight;
    }
    return objective->n_losses == 1 && weight[0] == 1 ? value[0]
                                                      : tern_weighted_sum(tape, value, weight, objective->n_losses);
}
