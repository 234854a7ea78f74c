/* Cases of the losses over labelled pairs, of distillation and of the wrappers, for check_losses.c alone. The last
 * layer is a constant in the adaptive layer's third term, so that differences of it would see what the gradient leaves
 * out: the cases here set the term's weight to 0; the operation's own check and the goldens are for that term. */
#ifndef TERN_SELFTEST_CASES_PAIRS_H
#define TERN_SELFTEST_CASES_PAIRS_H

static const loss_case cases_contrastive[] = {
    {.n = 6, .dim = 3, .scores = 1, .levels = 2},
    {.n = 7, .dim = 5, .scores = 1, .levels = 2, .options = {.distance = TERN_EUCLIDEAN, .margin = 3}},
    {.n = 5, .dim = 4, .scores = 1, .options = {.distance = TERN_MANHATTAN, .margin = 5}},
    {.n = 5, .dim = 6, .scores = 1, .levels = 2, .options = {.margin = 1.5, .dims = {6, 3}, .n_dims = 2}},
    {.n = 300, .dim = 33, .scores = 1, .levels = 2, .options = {.margin = 1}},
};

static const loss_case cases_online_contrastive[] = {
    {.n = 9, .dim = 3, .scores = 1, .levels = 2, .options = {.margin = 1}},
    {.n = 8, .dim = 5, .scores = 1, .levels = 2, .options = {.distance = TERN_EUCLIDEAN, .margin = 4}},
    {.n = 6, .dim = 4, .scores = 1, .levels = 1, .options = {.distance = TERN_MANHATTAN, .margin = 9}},
    {.n = 300, .dim = 33, .scores = 1, .levels = 2, .options = {.margin = 1}},
};

static const loss_case cases_cosine_similarity[] = {
    {.n = 1, .dim = 2, .scores = 1},
    {.n = 6, .dim = 7, .scores = 1, .levels = 6},
    {.n = 3, .dim = 6, .scores = 1, .options = {.dims = {2, 6, 3}, .n_dims = 3, .dims_per_step = 2}},
    {.n = 300, .dim = 33, .scores = 1},
};

static const loss_case cases_cosent[] = {
    {.n = 1, .dim = 2, .scores = 1, .spread = 0.1},
    {.n = 8, .dim = 3, .scores = 1, .levels = 3, .options = {.scale = 5}},
    {.n = 7, .dim = 5, .scores = 1},
    {.n = 7, .dim = 4, .scores = 1, .options = {.similarity = TERN_BY_DOT}},
    {.n = 4, .dim = 7, .scores = 1, .options = {.dims = {7, 4}, .dim_weights = {1, 0.5}, .n_dims = 2}},
    {.n = 4,
     .dim = 5,
     .scores = 1,
     .views = 2,
     .layer = {0, 2},
     .n_layers = 4,
     .options = {.adaptive_layer = 1, .last_layer_weight = 2, .prior_layers_weight = 0.5, .kl_weight = ZERO}},
    {.n = 300, .dim = 33, .scores = 1, .levels = 26},
};

static const loss_case cases_angle[] = {
    {.n = 6, .dim = 4, .scores = 1, .levels = 3, .options = {.scale = 5}},
    {.n = 5, .dim = 7, .scores = 1},
    {.n = 4, .negatives = 2, .dim = 6, .scores = 1, .levels = 3, .options = {.scale = 3}},
    {.n = 5, .dim = 6, .scores = 1, .options = {.scale = 4, .dims = {6, 3}, .n_dims = 2}},
    {.n = 300, .dim = 34, .scores = 1, .levels = 26},
};

static const loss_case cases_softmax[] = {
    {.n = 1, .dim = 1, .labels = 2},
    {.n = 6, .dim = 5, .labels = 3},
    {.n = 4, .dim = 6, .labels = 3, .options = {.dims = {6, 4}, .n_dims = 2}},
    {.n = 3,
     .dim = 4,
     .labels = 2,
     .views = 1,
     .n_layers = 2,
     .options = {.adaptive_layer = 1, .kl_weight = ZERO, .dims = {4, 2}, .n_dims = 2, .dims_per_step = 1}},
    {.n = 300, .dim = 33, .labels = 3},
};

static const loss_case cases_margin_mse[] = {
    {.n = 5, .negatives = 1, .dim = 3, .scores = 1},
    {.n = 4, .negatives = 1, .dim = 3, .scores = 2},
    {.n = 3, .negatives = 3, .dim = 5, .scores = 3},
    {.n = 3, .negatives = 2, .dim = 4, .other_dim = 7},
    {.n = 3, .negatives = 1, .dim = 6, .other_dim = 6, .options = {.dims = {6, 2}, .n_dims = 2}},
    {.n = 200, .negatives = 2, .dim = 33, .scores = 3},
};

static const loss_case cases_distill_kl_div[] = {
    {.n = 5, .negatives = 1, .dim = 3, .scores = 2},
    {.n = 3, .negatives = 3, .dim = 5, .scores = 4, .options = {.temperature = 2, .teacher_temperature = 0.5}},
    {.n = 4, .negatives = 2, .dim = 4, .other_dim = 3, .options = {.temperature = 0.5}},
    {.n = 200, .negatives = 4, .dim = 33, .scores = 5, .options = {.temperature = 3, .teacher_temperature = 3}},
};

static const loss_case cases_embedding_mse[] = {
    {.n = 4, .one_text = 1, .dim = 3, .other_dim = 3},
    {.n = 3, .negatives = 2, .dim = 4, .other_dim = 6},
    {.n = 3, .dim = 6, .other_dim = 6, .options = {.dims = {6, 3}, .n_dims = 2}},
    {.n = 3, .one_text = 1, .dim = 5, .other_dim = 2, .options = {.dims = {5, 3}, .n_dims = 2}},
    {.n = 200, .negatives = 1, .dim = 33, .other_dim = 40},
};

static const loss_case cases_embedding_cosine[] = {
    {.n = 4, .one_text = 1, .dim = 3, .other_dim = 3},
    {.n = 3, .negatives = 2, .dim = 4, .other_dim = 6},
    {.n = 3, .dim = 6, .other_dim = 6, .options = {.dims = {6, 3}, .n_dims = 2}},
    {.n = 200, .negatives = 1, .dim = 33, .other_dim = 40},
};

static const loss_case cases_global_orthogonal[] = {
    {.n = 1, .one_text = 1, .dim = 3},
    {.n = 5, .one_text = 1, .dim = 4},
    {.n = 4, .negatives = 2, .dim = 3, .options = {.mean_weight = 0.5, .second_moment_weight = 2}},
    {.n = 4, .negatives = 1, .dim = 5, .options = {.sum_columns = 1, .second_moment_weight = ZERO}},
    {.n = 4, .dim = 6, .options = {.mean_weight = ZERO, .dims = {6, 3}, .n_dims = 2}},
    {.n = 600, .negatives = 2, .dim = 20, .spread = 1},
};

#endif
