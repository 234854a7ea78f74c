/* One table of cases, cases_<loss>, for every line of loss_list.h: a loss without one doesn't compile. The last case of
 * a table is the large one, held against float alone. */
#include "base/hash.h"
#include "selftest/check.h"

#include <math.h>

/* Where 0 in a case's options would mean the loss's own (margins, weights of terms): 0 itself. */
#define ZERO (-INFINITY)

enum { CASE_VIEWS = 3, SEED = 11, STEP = 5 };

typedef struct loss_case {
    int64_t n, negatives, dim;
    int masked;
    int one_text;                 /* 1: rows of one text, no positive */
    int64_t labels;               /* classes; 0: no labels */
    int scores, levels;           /* numbers a row; they are 0 .. 1 in so many levels, 0: any */
    int64_t other_dim;            /* width of the second model's vectors; 0: none */
    int views, layer[CASE_VIEWS]; /* earlier layers that are looked at */
    int n_layers;                 /* of the model whose layers they are */
    int64_t sampled;              /* as tern_check.sampled */
    double spread, step;          /* as tern_check's; 0: as they are */
    tern_loss_options options;    /* margins and weights of terms: 0 is the loss's own, ZERO is 0 */
} loss_case;

#include "selftest/cases_in_batch.h"
#include "selftest/cases_pairs.h"

/* What a case has beside its parameters. */
typedef struct loss_extra {
    const loss_case *is;
    int64_t *label;
    double *score;
    tern_real *other[3];
} loss_extra;

static double said(double value)
{
    return value == 0 ? NAN : value == ZERO ? 0 : value;
}

static tern_loss_options options_of(const char *name, const loss_case *l)
{
    tern_loss_options o = l->options;
    o.name = name;
    o.margin = said(o.margin);
    o.negative_margin = said(o.negative_margin);
    o.mean_weight = said(o.mean_weight);
    o.second_moment_weight = said(o.second_moment_weight);
    o.last_layer_weight = said(o.last_layer_weight);
    o.prior_layers_weight = said(o.prior_layers_weight);
    o.kl_weight = said(o.kl_weight);
    o.kl_temperature = said(o.kl_temperature);
    return o;
}

/* The roles of one layer as inputs; NULL in c->in where the case has none. */
static void make_roles(tern_check *c, const loss_case *l)
{
    tern_check_tensor(c, "anchor", l->n, l->dim);
    if (!l->one_text)
        tern_check_tensor(c, "positive", l->n, l->dim);
    if (l->negatives)
        tern_check_tensor(c, "negative", l->n * l->negatives, l->dim);
}

static void make_labels(tern_check *c, const loss_case *l, loss_extra *extra)
{
    extra->label = tern_check_alloc(c, (size_t)l->n, sizeof *extra->label);
    for (int64_t i = 0; i < l->n; i++)
        extra->label[i] = (int64_t)tern_random_below((uint64_t)l->labels, SEED, 1, (uint64_t)i, 0);
}

static void make_scores(tern_check *c, const loss_case *l, loss_extra *extra)
{
    int64_t n = l->n * l->scores;
    extra->score = tern_check_alloc(c, (size_t)n, sizeof *extra->score);
    for (int64_t i = 0; i < n; i++)
        extra->score[i] = l->levels ? (double)tern_random_below((uint64_t)l->levels, SEED, 2, (uint64_t)i, 0) /
                                          (l->levels > 1 ? l->levels - 1 : 1)
                                    : tern_random_unit(SEED, 2, (uint64_t)i, 0);
}

static int64_t role_rows(const loss_case *l, int role)
{
    return role == 0 ? l->n : role == 1 ? (l->one_text ? 0 : l->n) : l->n * l->negatives;
}

static void make_other(tern_check *c, const loss_case *l, loss_extra *extra)
{
    for (int r = 0; r < 3; r++) {
        int64_t n = role_rows(l, r) * l->other_dim;
        if (n == 0)
            continue;
        extra->other[r] = tern_check_alloc(c, (size_t)n, sizeof *extra->other[r]);
        for (int64_t i = 0; i < n; i++)
            extra->other[r][i] = (tern_real)tern_check_weight((size_t)((r + 1) * 1000003 + i));
    }
}

static int make(tern_check *c, int shape, const char *name, const loss_case *cases, int n)
{
    if (shape >= n - 1)
        return 0;
    const loss_case *l = &cases[shape == TERN_SELFTEST_LARGE ? n - 1 : shape];
    loss_extra *extra = c->extra = tern_check_alloc(c, 1, sizeof *extra);
    extra->is = l;
    for (int v = 0; v <= l->views; v++)
        make_roles(c, l);
    if (l->masked)
        tern_check_mask(c, l->n, l->n * (1 + l->negatives));
    if (l->labels)
        make_labels(c, l, extra);
    if (l->scores)
        make_scores(c, l, extra);
    make_other(c, l, extra);
    c->loss = options_of(name, l);
    c->sampled = l->sampled;
    c->spread = l->spread > 0 ? l->spread : c->spread;
    c->step = l->step > 0 ? l->step : c->step;
    tern_loss_sizes sizes = {.dim = l->dim, .n_labels = l->labels, .teacher_dim = l->other_dim};
    tern_loss_declare(&c->loss, &sizes, "", c->params);
    return 1;
}

/* The roles of view v, 0 the last layer. */
static tern_loss_roles roles_of(const tern_check *c, const loss_case *l, int v)
{
    int each = 1 + !l->one_text + (l->negatives > 0);
    tern_tensor *const *in = c->in + v * each;
    return (tern_loss_roles){in[0], l->one_text ? NULL : in[1], l->negatives ? in[each - 1] : NULL};
}

static tern_tensor *other_of(tern_tape *tape, const loss_extra *extra, int role)
{
    const loss_case *l = extra->is;
    return extra->other[role] ? tern_tape_input(tape, extra->other[role], role_rows(l, role), l->other_dim, 0) : NULL;
}

static tern_tensor *build(tern_check *c, tern_tape *tape)
{
    const loss_extra *extra = c->extra;
    const loss_case *l = extra->is;
    tern_loss_roles last = roles_of(c, l, 0), earlier[CASE_VIEWS];
    for (int v = 0; v < l->views; v++)
        earlier[v] = roles_of(c, l, v + 1);
    tern_loss_batch batch = {
        .n = l->n,
        .anchor = last.anchor,
        .positive = last.positive,
        .negative = last.negative,
        .n_negatives = (int)l->negatives,
        .masked = c->masked,
        .label = extra->label,
        .score = extra->score,
        .n_scores = l->scores,
        .other = {other_of(tape, extra, 0), other_of(tape, extra, 1), other_of(tape, extra, 2)},
        .layer_roles = earlier,
        .layer = l->layer,
        .n_layer_views = l->views,
        .n_layers = l->n_layers,
        .seed = SEED,
        .step = STEP,
    };
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
