/* One table of cases, cases_<loss>, for every line of loss_list.h: a loss without one doesn't compile. The last case of
 * a table is the large one. */
#include "selftest/check.h"

typedef struct loss_case {
    int64_t n, negatives, dim;
    int masked;
    tern_loss_options options;
} loss_case;

/* A large batch meets several tiles of the softmax. */
static const loss_case cases_infonce[] = {
    {.n = 1, .negatives = 1, .dim = 2, .options = {.scale = 10}},
    {.n = 5, .dim = 7, .options = {.scale = 20}},
    {.n = 4, .negatives = 2, .dim = 5, .masked = 1, .options = {.scale = 8, .symmetric = 1}},
    {.n = 200, .negatives = 2, .dim = 33, .masked = 1, .options = {.scale = 20, .symmetric = 1}},
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
    {.n = 150, .negatives = 1, .dim = 48, .masked = 1, .options = {.dims = {48, 20}, .n_dims = 2}},
};
static const loss_case cases_triplet[] = {
    {.n = 5, .negatives = 1, .dim = 3, .options = {.distance = TERN_COSINE, .margin = 0.3}},
    {.n = 4, .negatives = 2, .dim = 5, .options = {.distance = TERN_EUCLIDEAN, .margin = -1}},
    {.n = 6, .negatives = 1, .dim = 7, .options = {.distance = TERN_MANHATTAN, .margin = 1}},
    {.n = 3,
     .negatives = 1,
     .dim = 6,
     .options = {.distance = TERN_EUCLIDEAN, .margin = 0.5, .dims = {6, 3}, .dim_weights = {1, 2}, .n_dims = 2}},
    {.n = 150, .negatives = 2, .dim = 33, .options = {.distance = TERN_EUCLIDEAN, .margin = 1}},
};

static int make(tern_check *c, int shape, const char *name, const loss_case *cases, int n)
{
    if (shape >= n - 1)
        return 0;
    const loss_case *l = &cases[shape == TERN_SELFTEST_LARGE ? n - 1 : shape];
    tern_check_tensor(c, "anchor", l->n, l->dim);
    tern_check_tensor(c, "positive", l->n, l->dim);
    if (l->negatives)
        tern_check_tensor(c, "negative", l->n * l->negatives, l->dim);
    if (l->masked)
        tern_check_mask(c, l->n, l->n * (1 + l->negatives));
    c->number[0] = l->n;
    c->number[1] = l->negatives;
    c->loss = l->options;
    c->loss.name = name;
    return 1;
}

static tern_tensor *build(tern_check *c, tern_tape *tape)
{
    tern_loss_batch batch = {.n = c->number[0],
                             .anchor = c->in[0],
                             .positive = c->in[1],
                             .negative = c->in[2],
                             .n_negatives = (int)c->number[1],
                             .masked = c->masked};
    return tern_loss_value(&c->loss, tape, &batch);
}

#define TERN_LOSS(name, needs, in_batch, help)                                                                         \
    static int make_##name(tern_check *c, int shape)                                                                   \
    {                                                                                                                  \
        return make(c, shape, #name, cases_##name, (int)(sizeof cases_##name / sizeof *cases_##name));                 \
    }
#include "losses/loss_list.h"
#undef TERN_LOSS

const tern_check_kind tern_check_losses[] = {
#define TERN_LOSS(name, needs, in_batch, help) {"loss", #name, make_##name, build},
#include "losses/loss_list.h"
#undef TERN_LOSS
    {NULL, NULL, NULL, NULL},
};
