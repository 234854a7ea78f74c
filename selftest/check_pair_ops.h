/* make_<op> and build_<op> of the operations over pairs, labels and teachers, for check_ops.c alone. */
#ifndef TERN_SELFTEST_CHECK_PAIR_OPS_H
#define TERN_SELFTEST_CHECK_PAIR_OPS_H

/* n values that are always the same: normally distributed. */
static double *pair_numbers(tern_check *c, int64_t n)
{
    double *x = tern_check_alloc(c, (size_t)n, sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = tern_check_weight((size_t)(7919 + i));
    return x;
}

static tern_tensor *pair_constant(tern_check *c, tern_tape *tape, int64_t rows, int64_t cols)
{
    double *x = c->owned[0];
    tern_tensor *t = tern_tape_tensor(tape, rows, cols);
    for (int64_t i = 0; i < rows * cols; i++)
        t->data[i] = (tern_real)x[i];
    return t;
}

/* pair_rows: n, each, D, kind ------------------------------------------------------------------------------------- */
static int make_pair_rows(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {
        {1, 1, 1, TERN_PAIR_DOT},       {3, 2, 5, TERN_PAIR_DOT},       {4, 1, 3, TERN_PAIR_COSINE},
        {5, 3, 4, TERN_PAIR_ANGLE},     {3, 2, 5, TERN_PAIR_ANGLE},     {2, 3, 7, TERN_PAIR_COSINE_DISTANCE},
        {4, 2, 3, TERN_PAIR_EUCLIDEAN}, {3, 1, 6, TERN_PAIR_MANHATTAN}, {201, 3, 67, TERN_PAIR_ANGLE}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[2]);
    tern_check_tensor(c, "y", s[0] * s[1], s[2]);
    return 1;
}

static tern_tensor *build_pair_rows(tern_check *c, tern_tape *tape)
{
    return tern_pair_rows(tape, c->in[0], c->in[1], (tern_pair_kind)c->number[3]);
}

/* margins: n, columns --------------------------------------------------------------------------------------------- */
static int make_margins(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 2}, {3, 5}, {4, 2}, {391, 7}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    return 1;
}

static tern_tensor *build_margins(tern_check *c, tern_tape *tape)
{
    return tern_margins(tape, c->in[0]);
}

/* mean_square: n, columns, columns of the target ------------------------------------------------------------------ */
static int make_mean_square(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1}, {3, 5, 5}, {4, 2, 3}, {391, 33, 40}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    pair_numbers(c, s[0] * s[2]);
    return 1;
}

static tern_tensor *build_mean_square(tern_check *c, tern_tape *tape)
{
    return tern_mean_square(tape, c->in[0], pair_constant(c, tape, c->number[0], c->number[2]));
}

/* pull_push: n, columns ------------------------------------------------------------------------------------------- */
static int make_pull_push(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1}, {7, 1}, {3, 4}, {391, 2}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "d", s[0], s[1]);
    pair_numbers(c, 2 * s[0] * s[1]);
    return 1;
}

static tern_tensor *build_pull_push(tern_check *c, tern_tape *tape)
{
    const double *weights = c->owned[0];
    return tern_pull_push(tape, c->in[0], weights, weights + tern_tensor_size(c->in[0]), 0.5);
}

/* cosent: n, columns, levels of the scores ------------------------------------------------------------------------ */
static int make_cosent(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1}, {2, 1, 2}, {7, 1, 3}, {4, 3, 100}, {5, 1, 1}, {391, 1, 26}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "s", s[0], s[1]);
    double *score = pair_numbers(c, s[0] * s[1]);
    for (int64_t i = 0; i < s[0] * s[1]; i++)
        score[i] = (double)(i * 37 % 101 % s[2]);
    return 1;
}

static tern_tensor *build_cosent(tern_check *c, tern_tape *tape)
{
    return tern_cosent(tape, c->in[0], c->owned[0], 1.7);
}

/* softmax_kl: n, columns; temperatures of the student and the teacher in tenths ----------------------------------- */
static int make_softmax_kl(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 2, 10, 10}, {3, 5, 20, 5}, {4, 3, 3, 3}, {391, 33, 10, 30}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    pair_numbers(c, s[0] * s[1]);
    return 1;
}

static tern_tensor *build_softmax_kl(tern_check *c, tern_tape *tape)
{
    return tern_softmax_kl(tape, c->in[0], pair_constant(c, tape, c->number[0], c->number[1]),
                           (double)c->number[2] / 10, (double)c->number[3] / 10);
}

/* pair_features: n, D, width -------------------------------------------------------------------------------------- */
static int make_pair_features(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1}, {3, 5, 5}, {4, 2, 3}, {391, 33, 40}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "u", s[0], s[1]);
    tern_check_tensor(c, "v", s[0], s[1]);
    return 1;
}

static tern_tensor *build_pair_features(tern_check *c, tern_tape *tape)
{
    return tern_pair_features(tape, c->in[0], c->in[1], c->number[2]);
}

/* cross_entropy: n, classes --------------------------------------------------------------------------------------- */
static int make_cross_entropy(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 2}, {5, 3}, {2, 7}, {391, 5}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    int64_t *label = tern_check_alloc(c, (size_t)s[0], sizeof *label);
    for (int64_t i = 0; i < s[0]; i++)
        label[i] = i * 5 % s[1];
    return 1;
}

static tern_tensor *build_cross_entropy(tern_check *c, tern_tape *tape)
{
    return tern_cross_entropy(tape, c->in[0], c->owned[0]);
}

/* orthogonality: n, columns, D, different texts (0: all); tiles are 128 x 512 ---------------------------------------
 */
static int make_orthogonality(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{2, 1, 1}, {4, 1, 3}, {5, 3, 2}, {3, 2, 5}, {6, 2, 4, 3}, {600, 2, 17, 400}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0] * s[1], s[2]);
    int64_t *text = s[3] ? tern_check_alloc(c, (size_t)(s[0] * s[1]), sizeof *text) : NULL;
    for (int64_t i = 0; text && i < s[0] * s[1]; i++)
        text[i] = i * 7 % s[3];
    return 1;
}

static tern_tensor *build_orthogonality(tern_check *c, tern_tape *tape)
{
    return tern_orthogonality(tape, c->in[0], c->number[1], 0.7, 1.3, c->owned[0]);
}

#endif
