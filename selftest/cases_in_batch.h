/* Cases of the in-batch and the triplet losses, for check_losses.c alone. A large batch meets several tiles. */
#ifndef TERN_SELFTEST_CASES_IN_BATCH_H
#define TERN_SELFTEST_CASES_IN_BATCH_H

#define ALL_DIRECTIONS (TERN_QUERY_TO_DOC | TERN_DOC_TO_QUERY | TERN_QUERY_TO_QUERY | TERN_DOC_TO_DOC)

static const loss_case cases_infonce[] = {
    {.n = 1, .negatives = 1, .dim = 2, .options = {.scale = 10}},
    {.n = 5, .dim = 7, .options = {.scale = 20}},
    {.n = 4, .negatives = 2, .dim = 5, .masked = 1, .options = {.scale = 8, .symmetric = 1}},
    {.n = 4, .negatives = 1, .dim = 5, .options = {.learned_scale = 1, .symmetric = 1}},
    {.n = 5,
     .negatives = 1,
     .dim = 4,
     .masked = 1,
     .options = {.learned_scale = 1, .directions = ALL_DIRECTIONS, .partition = TERN_JOINT}},
    {.n = 5, .negatives = 2, .dim = 6, .masked = 1, .options = {.similarity = TERN_BY_DOT, .symmetric = 1}},
    {.n = 4, .dim = 3, .options = {.similarity = TERN_BY_DOT, .learned_scale = 1}},
    {.n = 200, .negatives = 2, .dim = 33, .masked = 1, .options = {.scale = 20, .symmetric = 1, .learned_scale = 1}},
};

static const loss_case cases_multiple_negatives_ranking[] = {
    {.n = 5, .negatives = 1, .dim = 3},
    {.n = 3, .negatives = 3, .dim = 9, .masked = 1},
    {.n = 6, .dim = 5, .masked = 1, .options = {.symmetric = 1}},
    {.n = 4, .negatives = 1, .dim = 11, .options = {.dims = {11, 5, 2}, .dim_weights = {1, 0.5, 0.25}, .n_dims = 3}},
    {.n = 3,
     .negatives = 2,
     .dim = 8,
     .options = {.symmetric = 1, .dims = {8, 7, 6, 5, 4, 3, 2}, .dim_weights = {0, 2}, .n_dims = 7}},
    {.n = 5, .dim = 4, .options = {.scale = 6, .directions = ALL_DIRECTIONS, .partition = TERN_JOINT}},
    {.n = 4,
     .negatives = 2,
     .dim = 4,
     .masked = 1,
     .options = {.scale = 6, .directions = TERN_QUERY_TO_DOC | TERN_DOC_TO_DOC, .partition = TERN_JOINT}},
    {.n = 1, .negatives = 1, .dim = 3, .options = {.directions = ALL_DIRECTIONS, .partition = TERN_JOINT}},
    {.n = 150, .negatives = 1, .dim = 48, .masked = 1, .options = {.dims = {48, 20}, .n_dims = 2}},
};

static const loss_case cases_simcse[] = {
    {.n = 5, .dim = 4},
    {.n = 150, .dim = 20, .masked = 1},
};

static const loss_case cases_guided[] = {
    {.n = 5, .dim = 4, .other_dim = 3, .options = {.scale = 5}},
    {.n = 4, .negatives = 2, .dim = 3, .other_dim = 5, .masked = 1, .options = {.scale = 5, .margin = 0.1}},
    {.n = 6,
     .negatives = 1,
     .dim = 3,
     .other_dim = 2,
     .options = {.scale = 4, .margin = -0.3, .guide_margin = TERN_MARGIN_RELATIVE, .without_anchors = 1}},
    {.n = 5, .dim = 3, .other_dim = 2, .options = {.learned_scale = 1, .without_positives = 1}},
    {.n = 5, .negatives = 1, .dim = 3, .other_dim = 2, .options = {.similarity = TERN_BY_DOT}},
    {.n = 150, .negatives = 2, .dim = 20, .other_dim = 9, .masked = 1, .options = {.margin = 0.05}},
};

static const loss_case cases_mega_batch_margin[] = {
    {.n = 1, .dim = 3},
    {.n = 6, .dim = 4},
    {.n = 5, .negatives = 2, .dim = 3, .masked = 1, .options = {.margin = 0.5, .negative_margin = ZERO}},
    {.n = 150, .negatives = 2, .dim = 20, .masked = 1},
};

static const loss_case cases_triplet[] = {
    {.n = 5, .negatives = 1, .dim = 3, .options = {.distance = TERN_COSINE, .margin = 0.3}},
    {.n = 4, .negatives = 2, .dim = 5, .options = {.distance = TERN_EUCLIDEAN}},
    {.n = 6, .negatives = 1, .dim = 7, .options = {.distance = TERN_MANHATTAN, .margin = 1}},
    {.n = 3,
     .negatives = 1,
     .dim = 6,
     .options = {.distance = TERN_EUCLIDEAN, .margin = 0.5, .dims = {6, 3}, .dim_weights = {1, 2}, .n_dims = 2}},
    {.n = 150, .negatives = 2, .dim = 33, .options = {.distance = TERN_EUCLIDEAN, .margin = 1}},
};

static const loss_case cases_batch_all_triplet[] = {
    {.n = 7, .dim = 4, .one_text = 1, .labels = 3, .options = {.distance = TERN_EUCLIDEAN}},
    {.n = 9, .dim = 4, .one_text = 1, .labels = 2, .options = {.distance = TERN_EUCLIDEAN, .margin = 0.4}},
    {.n = 8, .dim = 5, .one_text = 1, .labels = 3, .options = {.distance = TERN_COSINE, .margin = 0.2}},
    {.n = 6, .dim = 5, .one_text = 1, .labels = 2, .options = {.distance = TERN_MANHATTAN, .margin = ZERO}},
    {.n = 150, .dim = 20, .one_text = 1, .labels = 6, .options = {.distance = TERN_EUCLIDEAN}},
};

static const loss_case cases_batch_hard_triplet[] = {
    {.n = 9, .dim = 4, .one_text = 1, .labels = 3, .options = {.distance = TERN_EUCLIDEAN}},
    {.n = 9, .dim = 4, .one_text = 1, .labels = 4, .options = {.distance = TERN_COSINE}},
    {.n = 5, .dim = 4, .one_text = 1, .labels = 1, .options = {.distance = TERN_EUCLIDEAN, .margin = 0.5}},
    {.n = 8,
     .dim = 4,
     .one_text = 1,
     .labels = 3,
     .options = {.distance = TERN_EUCLIDEAN, .dims = {4, 2}, .n_dims = 2}},
    {.n = 150, .dim = 20, .one_text = 1, .labels = 6, .options = {.distance = TERN_COSINE}},
};

static const loss_case cases_batch_semi_hard_triplet[] = {
    {.n = 9, .dim = 4, .one_text = 1, .labels = 3, .options = {.distance = TERN_EUCLIDEAN}},
    {.n = 9, .dim = 4, .one_text = 1, .labels = 2, .options = {.distance = TERN_COSINE, .margin = 0.1}},
    {.n = 5, .dim = 4, .one_text = 1, .labels = 1, .options = {.distance = TERN_MANHATTAN, .margin = 0.5}},
    {.n = 150, .dim = 20, .one_text = 1, .labels = 6, .options = {.distance = TERN_EUCLIDEAN}},
};

static const loss_case cases_batch_hard_soft_margin_triplet[] = {
    {.n = 9, .dim = 4, .one_text = 1, .labels = 3, .options = {.distance = TERN_EUCLIDEAN}},
    {.n = 9, .dim = 4, .one_text = 1, .labels = 4, .options = {.distance = TERN_COSINE}},
    {.n = 150, .dim = 20, .one_text = 1, .labels = 6, .options = {.distance = TERN_EUCLIDEAN}},
};

#endif
