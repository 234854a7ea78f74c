/* The losses over labelled pairs, of distillation, and the wrappers, against sentence-transformers
 * (tests/goldens/losses_pairs.json, make_pair_goldens.py); what they learn and what they draw. */
#include "base/hash.h"
#include "base/memory.h"
#include "tests/loss_goldens.h"

enum { MOST_CASES = 80, VIEWS = 2, N_ROLES = 3 };

static tern_params *heads;
static float *owned[64];
static int n_owned;
static const char *const ROLES[] = {"anchor", "positive", "negative"};

static void load(void)
{
    load_goldens("tests/goldens/losses_pairs.json");
}

static void set_up(void)
{
    make_tape();
    heads = tern_params_create();
}

static void tear_down(void)
{
    free_tape();
    tern_params_free(heads);
    while (n_owned > 0)
        free(owned[--n_owned]);
}

static tern_loss_options options_of(const json_t *c)
{
    tern_loss_options o = tern_loss_defaults(string(c, "name"));
    o.scale = number_or(c, "scale", 0);
    o.margin = number_or(c, "margin", NAN);
    o.distance = TERN_COSINE;
    o.temperature = number_or(c, "temperature", 0);
    o.teacher_temperature = number_or(c, "teacher_temperature", 0);
    o.mean_weight = number_or(c, "mean_weight", NAN);
    o.second_moment_weight = number_or(c, "second_moment_weight", NAN);
    o.sum_columns = (int)number_or(c, "sum_columns", 0);
    o.adaptive_layer = (int)number_or(c, "adaptive_layer", 0);
    o.last_layer_weight = number_or(c, "last_layer_weight", NAN);
    o.prior_layers_weight = number_or(c, "prior_layers_weight", NAN);
    o.kl_weight = number_or(c, "kl_weight", NAN);
    o.kl_temperature = number_or(c, "kl_temperature", NAN);
    read_dims_and_distance(c, &o);
    return o;
}

static tern_tensor *input_of(const char *name, const char *suffix, int64_t rows, int64_t cols, int needs_grad)
{
    char *full = tern_format("%s%s", name, suffix);
    tern_tensor *x = input(full, rows, cols, needs_grad);
    free(full);
    return x;
}

/* The roles that a case has, of one layer or one model. */
static tern_loss_roles roles_of(const json_t *c, const char *suffix, int64_t dim, int needs_grad)
{
    int64_t n = (int64_t)number(goldens, "n"), k = (int64_t)number_or(c, "negatives", 0);
    tern_loss_roles roles = {.anchor = input_of("anchor", suffix, n, dim, needs_grad)};
    if (number_or(c, "one_text", 0) == 0)
        roles.positive = input_of("positive", suffix, n, dim, needs_grad);
    if (k > 0)
        roles.negative = input_of("negative", suffix, n * k, dim, needs_grad);
    return roles;
}

/* [n, n_scores]: the first columns of the goldens' array. */
static double *scores_of(const json_t *c, int64_t n, int n_scores)
{
    const json_t *array = json_object_get(json_object_get(goldens, "inputs"), string(c, "score"));
    int64_t cols = (int64_t)json_array_size(array) / n;
    double *score = tern_alloc((size_t)(n * n_scores), sizeof *score);
    for (int64_t i = 0; i < n * n_scores; i++)
        score[i] = json_number_value(json_array_get(array, (size_t)(i / n_scores * cols + i % n_scores)));
    return score;
}

static int64_t *labels_of(int64_t n)
{
    const json_t *array = json_object_get(json_object_get(goldens, "inputs"), "label");
    int64_t *label = tern_alloc((size_t)n, sizeof *label);
    for (int64_t i = 0; i < n; i++)
        label[i] = (int64_t)json_number_value(json_array_get(array, (size_t)i));
    return label;
}

/* What the case's loss learns, with the goldens' values. */
static void declare_heads(tern_loss_options *options, int64_t teacher_dim)
{
    tern_loss_sizes sizes = {.dim = (int64_t)number(goldens, "dim"),
                             .n_labels = (int64_t)number(goldens, "labels"),
                             .teacher_dim = teacher_dim};
    tern_loss_declare(options, &sizes, "", heads);
    tern_params_allocate(heads);
    tern_params_want_grads(heads);
    for (size_t p = 0; p < heads->n; p++) {
        tern_tensor *t = heads->table[p].tensor;
        const tern_tensor *from = input(heads->table[p].name, t->rows, t->cols, 0);
        memcpy(t->data, from->data, tern_tensor_size(t) * sizeof *t->data);
    }
}

static void compare_roles(int index, const json_t *c, const char *suffix, const tern_loss_roles *roles)
{
    tern_tensor *const in[N_ROLES] = {roles->anchor, roles->positive, roles->negative};
    for (int r = 0; r < N_ROLES; r++) {
        char *full = tern_format("%s%s", ROLES[r], suffix);
        if (in[r])
            check_gradient(index, c, full, tern_tape_grad(tape, in[r]), tern_tensor_size(in[r]), 0);
        free(full);
    }
}

START_TEST(values_and_gradients_are_those_of_sentence_transformers)
{
    static const char *const SUFFIXES[VIEWS] = {".0", ".1"};
    static const int LAYERS[VIEWS] = {0, 1};
    const json_t *c = golden_case(_i);
    if (!c)
        return;
    int64_t n = (int64_t)number(goldens, "n"), dim = (int64_t)number(goldens, "dim");
    const char *teacher = string(c, "teacher");
    int64_t teacher_dim = strcmp(teacher, ".teacher") == 0 ? (int64_t)number(goldens, "teacher_dim") : dim;
    tern_loss_options options = options_of(c);
    tern_loss_roles last = roles_of(c, "", dim, 1), earlier[VIEWS];
    declare_heads(&options, teacher_dim);
    for (int v = 0; v < VIEWS; v++)
        earlier[v] = roles_of(c, SUFFIXES[v], dim, 1);
    int n_scores = (int)number_or(c, "n_scores", 0);
    double *score = n_scores > 0 ? scores_of(c, n, n_scores) : NULL;
    int64_t *label = labels_of(n);
    tern_loss_batch batch = {.n = n,
                             .anchor = last.anchor,
                             .positive = last.positive,
                             .negative = last.negative,
                             .n_negatives = (int)number_or(c, "negatives", 0),
                             .label = label,
                             .score = score,
                             .n_scores = n_scores,
                             .layer_roles = earlier,
                             .layer = LAYERS,
                             .n_layer_views = options.adaptive_layer ? VIEWS : 0,
                             .n_layers = VIEWS + 1};
    if (*teacher)
        batch.other = roles_of(c, teacher, teacher_dim, 0);
    tern_tensor *loss = tern_loss_value(&options, tape, &batch);
    check_value(_i, c, loss, 0);
    tern_tape_backward(tape, loss);
    compare_roles(_i, c, "", &last);
    for (int v = 0; v < VIEWS; v++)
        compare_roles(_i, c, SUFFIXES[v], &earlier[v]);
    for (size_t p = 0; p < heads->n; p++) {
        const tern_tensor *t = heads->table[p].tensor;
        check_gradient(_i, c, heads->table[p].name, t->grad, tern_tensor_size(t), 0);
    }
    free(score);
    free(label);
}
END_TEST

START_TEST(all_goldens_are_looked_at)
{
    check_case_count(45, MOST_CASES);
}
END_TEST

/* n rows of values in (-1, 1). */
static tern_tensor *leaf(int64_t rows, int64_t cols)
{
    float *x = tern_alloc((size_t)(rows * cols), sizeof *x);
    for (int64_t i = 0; i < rows * cols; i++)
        x[i] = (float)(2 * tern_random_unit(3, (uint64_t)n_owned, (uint64_t)i, 0) - 1);
    owned[n_owned++] = x;
    return tern_tape_input(tape, x, rows, cols, 1);
}

/* Three pairs in two dimensions with cosine distances 0, 1, 0.4. */
static double value_of(const tern_loss_options *options, const double *score)
{
    static float a[] = {1, 0, 0, 2, 3, 0}, p[] = {2, 0, 1, 0, 0.6f, 0.8f};
    tern_loss_batch batch = {.n = 3,
                             .anchor = tern_tape_input(tape, a, 3, 2, 0),
                             .positive = tern_tape_input(tape, p, 3, 2, 0),
                             .score = score,
                             .n_scores = 1};
    return (double)*tern_loss_value(options, tape, &batch)->data;
}

START_TEST(contrastive_values_worked_by_hand)
{
    tern_loss_options o = tern_loss_defaults("contrastive"), online = tern_loss_defaults("online_contrastive");
    ck_assert_double_eq_tol(value_of(&o, (const double[]){1, 1, 0}), (0 + 1 + 0.1 * 0.1) / 6, 1e-7);
    o.margin = 2;
    ck_assert_double_eq_tol(value_of(&o, (const double[]){0, 1, 0}), (4 + 1 + 1.6 * 1.6) / 6, 1e-6);
    /* Of the pairs that belong together only the one beyond 0.4 is hard; the other is nearer than 1. */
    ck_assert_double_eq_tol(value_of(&online, (const double[]){1, 1, 0}), 1 + 0.1 * 0.1, 1e-6);
    /* No pair of the other sort: those beyond the mean. */
    ck_assert_double_eq_tol(value_of(&online, (const double[]){1, 1, 1}), 1, 1e-6);
    ck_assert_double_eq_tol(value_of(&online, (const double[]){0, 0, 0}), 0.25 + 0.01, 1e-6);
    /* Nothing is hard. */
    ck_assert_double_eq(value_of(&online, (const double[]){1, 0, 0}), 0);
}
END_TEST

START_TEST(cosent_values_worked_by_hand)
{
    tern_loss_options o = tern_loss_defaults("cosent");
    ck_assert_double_eq(value_of(&o, (const double[]){0.5, 0.5, 0.5}), 0);
    o.scale = 2; /* cosines 1, 0, 0.6 */
    double want = log(1 + exp(2 * (1 - 0.6)) + exp(2 * (0 - 0.6)));
    ck_assert_double_eq_tol(value_of(&o, (const double[]){0, 0, 1}), want, 1e-6);
    o.scale = 1e4; /* no overflow */
    ck_assert_double_eq_tol(value_of(&o, (const double[]){0, 0, 1}), 4e3, 1e-2);
}
END_TEST

START_TEST(cosent_needs_no_square_of_the_batch)
{
    enum { N = 4096, D = 8 };
    double *score = tern_alloc(N, sizeof *score), *s = tern_alloc(N, sizeof *s), sum = 1;
    tern_loss_options o = tern_loss_defaults("cosent");
    tern_loss_batch batch = {.n = N, .anchor = leaf(N, D), .positive = leaf(N, D), .score = score, .n_scores = 1};
    for (int i = 0; i < N; i++) {
        score[i] = (double)tern_random_below(6, 1, (uint64_t)i, 0, 0);
        double xy = 0, xx = 0, yy = 0;
        for (int d = 0; d < D; d++) {
            double x = (double)batch.anchor->data[i * D + d], y = (double)batch.positive->data[i * D + d];
            xy += x * y;
            xx += x * x;
            yy += y * y;
        }
        s[i] = xy / sqrt(xx * yy);
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            if (score[i] > score[j])
                sum += exp(20 * (s[j] - s[i]));
    tern_tensor *loss = tern_loss_value(&o, tape, &batch);
    tern_tape_backward(tape, loss);
    ck_assert_double_eq_tol((double)*loss->data, log(sum), 1e-5 * log(sum));
    ck_assert_uint_lt(tern_tape_capacity(tape), (size_t)8 << 20);
    free(score);
    free(s);
}
END_TEST

START_TEST(orthogonality_needs_no_square_of_the_batch)
{
    enum { N = 3000, D = 8 };
    tern_loss_options o = tern_loss_defaults("global_orthogonal");
    tern_loss_batch batch = {.n = N, .anchor = leaf(N, D)};
    tern_tape_backward(tape, tern_loss_value(&o, tape, &batch));
    ck_assert_uint_lt(tern_tape_capacity(tape), (size_t)16 << 20);
}
END_TEST

/* Rows 0 and 2 are one text: pairs (0, 1), (1, 2) and back are left, of the cosine 0.6 each, and 1/D is 1/2. */
START_TEST(orthogonality_never_holds_a_text_against_itself)
{
    float x[] = {1, 0, 0.6F, 0.8F, 1, 0};
    const int64_t text[] = {5, 9, 5}, all_one[] = {5, 5, 5};
    tern_loss_options o = tern_loss_defaults("global_orthogonal");
    tern_loss_batch batch = {.n = 3, .anchor = tern_tape_input(tape, x, 3, 2, 1), .text = text};
    tern_tensor *loss = tern_loss_value(&o, tape, &batch);
    ck_assert_double_eq_tol((double)*loss->data, 0.36, 1e-6); /* 0.6^2 + max(0, 0.36 - 0.5) */
    batch.text = all_one;
    loss = tern_loss_value(&o, tape, &batch);
    tern_tape_backward(tape, loss);
    ck_assert_double_eq((double)*loss->data, 0);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq((double)tern_tape_grad(tape, batch.anchor)[i], 0);
}
END_TEST

START_TEST(one_row_is_enough_for_all_of_them)
{
    static const char *const NAMES[] = {"contrastive", "online_contrastive", "cosine_similarity", "cosent",
                                        "angle",       "global_orthogonal",  "embedding_mse",     "embedding_cosine"};
    const double score = 1;
    tern_loss_batch batch = {.n = 1, .anchor = leaf(1, 4), .positive = leaf(1, 4), .score = &score, .n_scores = 1};
    batch.other = (tern_loss_roles){.anchor = leaf(1, 4)};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        tern_loss_options o = tern_loss_defaults(NAMES[i]);
        tern_tensor *loss = tern_loss_value(&o, tape, &batch);
        ck_assert_msg(isfinite((double)*loss->data), "%s", NAMES[i]);
        tern_tape_backward(tape, loss);
        ck_assert_msg(isfinite((double)tern_tape_grad(tape, batch.anchor)[0]), "%s", NAMES[i]);
    }
}
END_TEST

START_TEST(not_a_number_reaches_the_loss)
{
    static const char *const NAMES[] = {"contrastive", "online_contrastive", "cosine_similarity", "cosent",
                                        "angle",       "global_orthogonal"};
    const double score[] = {1, 0, 1, 0};
    tern_loss_batch batch = {.n = 4, .anchor = leaf(4, 3), .positive = leaf(4, 3), .score = score, .n_scores = 1};
    batch.anchor->data[4] = NAN;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        tern_loss_options o = tern_loss_defaults(NAMES[i]);
        ck_assert_msg(isnan((double)*tern_loss_value(&o, tape, &batch)->data), "%s", NAMES[i]);
    }
}
END_TEST

START_TEST(losses_declare_what_they_learn)
{
    tern_loss_sizes sizes = {.dim = 6, .n_labels = 3, .teacher_dim = 4};
    tern_loss_options softmax = tern_loss_defaults("softmax"), mse = tern_loss_defaults("embedding_mse");
    tern_loss_options scaled = tern_loss_defaults("infonce"), plain = tern_loss_defaults("cosent");
    scaled.learned_scale = plain.learned_scale = 1;
    scaled.scale = 12.5;
    tern_loss_declare(&softmax, &sizes, "a.", heads);
    tern_loss_declare(&mse, &sizes, "b.", heads);
    tern_loss_declare(&scaled, &sizes, "c.", heads);
    tern_loss_declare(&plain, &sizes, "d.", heads);
    tern_params_allocate(heads);
    ck_assert_uint_eq(heads->n, 5);
    const tern_param *w = tern_params_find(heads, "a.classifier.weight");
    ck_assert_ptr_eq(w->tensor, softmax.weights.classifier);
    ck_assert_int_eq(w->tensor->rows, 3);
    ck_assert_int_eq(w->tensor->cols, 18);
    ck_assert_int_eq(mse.weights.projection->rows, 4);
    ck_assert_int_eq(mse.weights.projection->cols, 6);
    ck_assert_int_eq(tern_params_find(heads, "b.projection.bias")->flags, TERN_PARAM_NO_DECAY | TERN_PARAM_VECTOR);
    ck_assert_ptr_null(plain.weights.log_scale);
    tern_loss_init(&softmax, 7);
    tern_loss_init(&scaled, 7);
    ck_assert_double_eq_tol((double)*tern_params_find(heads, "c.log_scale")->tensor->data, log(12.5), 1e-6);
    float first = *w->tensor->data, most = 0;
    for (size_t i = 0; i < tern_tensor_size(w->tensor); i++)
        most = fmaxf(most, fabsf(w->tensor->data[i]));
    ck_assert_float_le(most, (float)(1 / sqrt(18)));
    ck_assert_float_gt(most, (float)(0.8 / sqrt(18)));
    tern_loss_init(&softmax, 8);
    ck_assert_float_ne(*w->tensor->data, first);
    tern_loss_init(&softmax, 7);
    ck_assert_float_eq(*w->tensor->data, first);
}
END_TEST

START_TEST(a_teacher_of_the_same_width_needs_no_projection)
{
    tern_loss_sizes sizes = {.dim = 6, .teacher_dim = 6};
    tern_loss_options o = tern_loss_defaults("embedding_cosine");
    tern_loss_declare(&o, &sizes, "", heads);
    tern_params_allocate(heads);
    ck_assert_uint_eq(heads->n, 0);
    tern_loss_init(&o, 1);
}
END_TEST

START_TEST(layers_are_drawn_by_the_step_alone_and_all_alike)
{
    enum { STEPS = 3000, LAYERS = 6 };
    tern_loss_options o = tern_loss_defaults("cosent");
    int layer[TERN_MAX_LAYER_VIEWS], again[TERN_MAX_LAYER_VIEWS], seen[LAYERS] = {0};
    ck_assert_int_eq(tern_loss_layers(&o, LAYERS, 1, 1, layer), 0);
    o.adaptive_layer = 1;
    ck_assert_int_eq(tern_loss_layers(&o, 1, 1, 1, layer), 0);
    ck_assert_int_eq(tern_loss_layers(&o, LAYERS, 1, 1, layer), LAYERS - 1);
    for (int i = 0; i < LAYERS - 1; i++)
        ck_assert_int_eq(layer[i], i);
    ck_assert_int_eq(tern_loss_layers(&o, 1000, 1, 1, layer), TERN_MAX_LAYER_VIEWS);
    ck_assert_int_lt(layer[TERN_MAX_LAYER_VIEWS - 1], 999);
    o.layers_per_step = 2;
    for (uint64_t step = 0; step < STEPS; step++) {
        ck_assert_int_eq(tern_loss_layers(&o, LAYERS, 9, step, layer), 2);
        ck_assert_int_eq(tern_loss_layers(&o, LAYERS, 9, step, again), 2);
        ck_assert_mem_eq(layer, again, 2 * sizeof *layer);
        ck_assert_int_lt(layer[0], layer[1]);
        seen[layer[0]]++;
        seen[layer[1]]++;
    }
    ck_assert_int_eq(seen[LAYERS - 1], 0); /* the last layer isn't an earlier one */
    /* Five standard deviations of a binomial distribution. */
    for (int i = 0; i < LAYERS - 1; i++)
        ck_assert_double_eq_tol(seen[i] / (double)STEPS, 0.4, 5 * sqrt(0.4 * 0.6 / STEPS));
}
END_TEST

/* The dim that a step's loss is of, for a loss that is that of one dim. */
static int dim_of(const tern_loss_options *options, const tern_loss_batch *batch)
{
    double value = (double)*tern_loss_value(options, tape, batch)->data;
    for (int i = 0; i < options->n_dims; i++) {
        tern_loss_options one = *options;
        one.dims[0] = options->dims[i];
        one.dim_weights[0] = options->dim_weights[i];
        one.n_dims = 1;
        if (value == (double)*tern_loss_value(&one, tape, batch)->data)
            return i;
    }
    return -1;
}

START_TEST(dims_are_drawn_by_the_step)
{
    const double score[] = {0.1, 0.9, 0.4, 0.2};
    tern_loss_batch batch = {.n = 4, .anchor = leaf(4, 9), .positive = leaf(4, 9), .score = score, .n_scores = 1};
    tern_loss_options o = tern_loss_defaults("cosine_similarity");
    int seen[3] = {0};
    memcpy(o.dims, (const int64_t[]){9, 5, 2}, 3 * sizeof *o.dims);
    memcpy(o.dim_weights, (const double[]){1, 0.5, 3}, 3 * sizeof *o.dim_weights);
    o.n_dims = 3;
    o.dims_per_step = 1;
    for (batch.step = 0; batch.step < 40; batch.step++) {
        int dim = dim_of(&o, &batch);
        ck_assert_int_ge(dim, 0);
        ck_assert_int_eq(dim, dim_of(&o, &batch));
        seen[dim]++;
        tern_tape_reset(tape);
        batch.anchor = tern_tape_input(tape, owned[0], 4, 9, 0);
        batch.positive = tern_tape_input(tape, owned[1], 4, 9, 0);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_gt(seen[i], 0);
}
END_TEST

/* Matryoshka2d: earlier layers draw dims of their own. Both layers have the same vectors, so that with one dim a layer
 * the loss is twice the last one's exactly when they drew the same. */
START_TEST(each_layer_draws_its_own_dims)
{
    const double score[] = {0.1, 0.9, 0.4, 0.2};
    const int layer = 0;
    tern_loss_options both = tern_loss_defaults("cosine_similarity"), last;
    memcpy(both.dims, (const int64_t[]){9, 2}, 2 * sizeof *both.dims);
    both.n_dims = 2;
    both.dims_per_step = both.adaptive_layer = 1;
    last = both;
    last.adaptive_layer = 0;
    leaf(4, 9);
    leaf(4, 9);
    int same = 0;
    for (uint64_t step = 0; step < 40; step++) {
        tern_loss_roles roles = {tern_tape_input(tape, owned[0], 4, 9, 1), tern_tape_input(tape, owned[1], 4, 9, 1),
                                 NULL};
        tern_loss_batch batch = {.n = 4,
                                 .anchor = roles.anchor,
                                 .positive = roles.positive,
                                 .score = score,
                                 .n_scores = 1,
                                 .layer_roles = &roles,
                                 .layer = &layer,
                                 .n_layer_views = 1,
                                 .n_layers = 2,
                                 .step = step};
        double value = (double)*tern_loss_value(&both, tape, &batch)->data;
        double one = (double)*tern_loss_value(&last, tape, &batch)->data;
        same += fabs(value - 2 * one) < 1e-6;
        tern_tape_reset(tape);
    }
    ck_assert_int_gt(same, 5);
    ck_assert_int_lt(same, 35);
}
END_TEST

START_TEST(adaptive_layer_without_earlier_layers_is_the_weighted_loss)
{
    const double score[] = {0.1, 0.9, 0.4, 0.2};
    tern_loss_options o = tern_loss_defaults("cosine_similarity"), plain = o;
    tern_loss_batch batch = {.n = 4, .anchor = leaf(4, 9), .positive = leaf(4, 9), .score = score, .n_scores = 1};
    o.adaptive_layer = 1;
    o.last_layer_weight = 2;
    ck_assert_double_eq((double)*tern_loss_value(&o, tape, &batch)->data,
                        2 * (double)*tern_loss_value(&plain, tape, &batch)->data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_goldens_are_looked_at,
        contrastive_values_worked_by_hand,
        cosent_values_worked_by_hand,
        cosent_needs_no_square_of_the_batch,
        orthogonality_needs_no_square_of_the_batch,
        orthogonality_never_holds_a_text_against_itself,
        one_row_is_enough_for_all_of_them,
        not_a_number_reaches_the_loss,
        losses_declare_what_they_learn,
        a_teacher_of_the_same_width_needs_no_projection,
        layers_are_drawn_by_the_step_alone_and_all_alike,
        dims_are_drawn_by_the_step,
        each_layer_draws_its_own_dims,
        adaptive_layer_without_earlier_layers_is_the_weighted_loss,
    };
    Suite *suite = suite_create("losses of pairs");
    TCase *tc = tcase_create("losses of pairs");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, load, unload_goldens);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, values_and_gradients_are_those_of_sentence_transformers, 0, MOST_CASES);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
