/* One make_<op> and one build_<op> for every line of op_list.h: an operation without them doesn't compile. The last
 * row of a table of shapes is the large one. */
#include "selftest/check.h"

#define PICK(c, shape, table) tern_check_pick(c, shape, table, (int)(sizeof(table) / sizeof *(table)))

/* linear: T, C, D, bias ------------------------------------------------------------------------------------------- */
static int make_linear(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1, 1}, {5, 7, 3, 1}, {4, 13, 11, 0}, {1, 2, 9, 1}, {391, 65, 130, 1}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    tern_check_tensor(c, "w", s[2], s[1]);
    if (s[3])
        tern_check_tensor(c, "b", 1, s[2]);
    return 1;
}

static tern_tensor *build_linear(tern_check *c, tern_tape *tape)
{
    return tern_linear(tape, c->in[0], c->in[1], c->in[2]);
}

/* feed_forward: T, C, F ------------------------------------------------------------------------------------------- */
static int make_feed_forward(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1}, {5, 3, 7}, {3, 9, 5}, {391, 33, 129}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    tern_check_tensor(c, "w1", s[2], s[1]);
    tern_check_tensor(c, "b1", 1, s[2]);
    tern_check_tensor(c, "w2", s[1], s[2]);
    tern_check_tensor(c, "b2", 1, s[1]);
    return 1;
}

static tern_tensor *build_feed_forward(tern_check *c, tern_tape *tape)
{
    return tern_feed_forward(tape, c->in[0], c->in[1], c->in[2], c->in[3], c->in[4]);
}

/* One input [rows, cols]: gelu, tanh, normalize, sum -------------------------------------------------------------- */
static int make_one(tern_check *c, int shape, int64_t narrowest)
{
    static const int64_t shapes[][6] = {{1, 1}, {1, 13}, {7, 5}, {17, 3}, {391, 67}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1] < narrowest ? narrowest : s[1]);
    return 1;
}

static int make_gelu(tern_check *c, int shape)
{
    return make_one(c, shape, 1);
}

static tern_tensor *build_gelu(tern_check *c, tern_tape *tape)
{
    return tern_gelu(tape, c->in[0]);
}

static int make_tanh(tern_check *c, int shape)
{
    return make_one(c, shape, 1);
}

static tern_tensor *build_tanh(tern_check *c, tern_tape *tape)
{
    return tern_tanh(tape, c->in[0]);
}

/* A normalised row of one component is a constant: there would be no gradient to compare with. */
static int make_normalize(tern_check *c, int shape)
{
    return make_one(c, shape, 2);
}

static tern_tensor *build_normalize(tern_check *c, tern_tape *tape)
{
    return tern_normalize(tape, c->in[0]);
}

static int make_sum(tern_check *c, int shape)
{
    return make_one(c, shape, 1);
}

static tern_tensor *build_sum(tern_check *c, tern_tape *tape)
{
    return tern_sum(tape, c->in[0]);
}

/* embedding: batch, C, V ------------------------------------------------------------------------------------------ */
static int make_embedding(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{0, 1, 1}, {1, 5, 2}, {2, 7, 9}, {3, 3, 4}, {4, 33, 50}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_batch(c, s[0], s[2]);
    tern_check_tensor(c, "word", s[2], s[1]);
    tern_check_tensor(c, "position", c->batch.max_len + 1, s[1]);
    tern_check_tensor(c, "type", 2, s[1]);
    return 1;
}

static tern_tensor *build_embedding(tern_check *c, tern_tape *tape)
{
    return tern_embedding(tape, &c->batch, c->in[0], c->in[1], c->in[2], tern_params_of(c->params, c->in[0]));
}

/* layer_norm: batch, C, residual, dropout ------------------------------------------------------------------------- */
static int make_layer_norm(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{0, 2, 0, 0}, {1, 7, 1, 0}, {2, 5, 0, 1}, {3, 13, 1, 1}, {4, 67, 1, 1}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_batch(c, s[0], 5);
    tern_check_tensor(c, "x", c->batch.n_tok, s[1]);
    tern_check_tensor(c, "gamma", 1, s[1]);
    tern_check_tensor(c, "beta", 1, s[1]);
    if (s[2])
        tern_check_tensor(c, "residual", c->batch.n_tok, s[1]);
    c->dropout = (tern_dropout_site){.p = s[3] ? 0.3 : 0, .seed = 5, .step = 7, .site = 11};
    return 1;
}

static tern_tensor *build_layer_norm(tern_check *c, tern_tape *tape)
{
    return tern_layer_norm(tape, c->in[0], c->in[3], c->in[1], c->in[2], 1e-12, &c->batch, &c->dropout);
}

/* dropout: batch, C ----------------------------------------------------------------------------------------------- */
static int make_dropout(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{0, 13}, {1, 5}, {2, 7}, {3, 3}, {4, 67}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_batch(c, s[0], 5);
    tern_check_tensor(c, "x", c->batch.n_tok, s[1]);
    c->dropout = (tern_dropout_site){.p = 0.4, .seed = 5, .step = 7, .site = 11};
    return 1;
}

static tern_tensor *build_dropout(tern_check *c, tern_tape *tape)
{
    return tern_dropout(tape, c->in[0], &c->batch, &c->dropout);
}

/* attention: batch, C, H, dropout --------------------------------------------------------------------------------- */
static int make_attention(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{0, 1, 1, 0},  {1, 6, 2, 0},  {2, 3, 1, 0}, {3, 10, 2, 0},
                                        {3, 12, 4, 1}, {2, 15, 3, 1}, {4, 36, 3, 1}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_batch(c, s[0], 5);
    tern_check_tensor(c, "qkv", c->batch.n_tok, 3 * s[1]);
    c->dropout = (tern_dropout_site){.p = s[3] ? 0.2 : 0, .seed = 5, .step = 7, .site = 11};
    return 1;
}

static tern_tensor *build_attention(tern_check *c, tern_tape *tape)
{
    return tern_attention(tape, c->in[0], &c->batch, c->number[2], &c->dropout);
}

/* pool: kind, batch, C -------------------------------------------------------------------------------------------- */
static int make_pool(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {
        {TERN_POOL_KIND_MEAN, 3, 5},      {TERN_POOL_KIND_CLS, 3, 5},  {TERN_POOL_KIND_MAX, 3, 5},
        {TERN_POOL_KIND_LAST, 3, 5},      {TERN_POOL_KIND_MAX, 0, 1},  {TERN_POOL_KIND_MEAN, 1, 3},
        {TERN_POOL_KIND_MEAN_SQRT, 3, 5}, {TERN_POOL_KIND_MEAN, 2, 7}, {TERN_POOL_KIND_MEAN_SQRT, 4, 67}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_batch(c, s[1], 5);
    tern_check_tensor(c, "x", c->batch.n_tok, s[2]);
    return 1;
}

static tern_tensor *build_pool(tern_check *c, tern_tape *tape)
{
    return tern_pool(tape, c->in[0], &c->batch, (tern_pool_kind)c->number[0]);
}

/* rows_of, columns_of: rows, cols, from, n ------------------------------------------------------------------------ */
static int make_rows_of(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 0, 1}, {7, 3, 2, 4}, {5, 2, 0, 5}, {3, 5, 2, 1}, {391, 67, 5, 300}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    return 1;
}

static tern_tensor *build_rows_of(tern_check *c, tern_tape *tape)
{
    return tern_rows_of(tape, c->in[0], c->number[2], c->number[3]);
}

static int make_columns_of(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 0, 1}, {3, 7, 2, 4}, {2, 5, 0, 5}, {5, 3, 2, 1}, {391, 67, 5, 60}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[1]);
    return 1;
}

static tern_tensor *build_columns_of(tern_check *c, tern_tape *tape)
{
    return tern_columns_of(tape, c->in[0], c->number[2], c->number[3]);
}

/* stack_rows: rows of x, rows of y, cols -------------------------------------------------------------------------- */
static int make_stack_rows(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1}, {3, 5, 7}, {6, 2, 3}, {391, 100, 67}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[2]);
    tern_check_tensor(c, "y", s[1], s[2]);
    return 1;
}

static tern_tensor *build_stack_rows(tern_check *c, tern_tape *tape)
{
    return tern_stack_rows(tape, c->in[0], c->in[1]);
}

/* stack_columns: rows, tensors, cols of the first; 7 are more than one record takes -----------------------------------
 */
static int make_stack_columns(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 1}, {3, 2, 5}, {4, 7, 2}, {391, 3, 67}};
    static const char *const names[] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6"};
    const int64_t *s = PICK(c, shape, shapes);
    for (int i = 0; s && i < s[1]; i++)
        tern_check_tensor(c, names[i], s[0], s[2] + i % 3);
    return s != NULL;
}

static tern_tensor *build_stack_columns(tern_check *c, tern_tape *tape)
{
    return tern_stack_columns(tape, c->in, c->n_in);
}

/* weighted_sum: terms; 8 are more than one record takes ----------------------------------------------------------- */
static int make_weighted_sum(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1}, {2}, {6}, {7}, {8}};
    static const char *const names[] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"};
    const int64_t *s = PICK(c, shape, shapes);
    for (int i = 0; s && i < s[0]; i++)
        tern_check_tensor(c, names[i], 1, 1);
    return s != NULL;
}

static tern_tensor *build_weighted_sum(tern_check *c, tern_tape *tape)
{
    return tern_weighted_sum(tape, c->in, (const double[]){0.5, -2, 1, 3, 0.25, 1.5, -1, 0.75}, c->n_in);
}

/* in_batch_softmax: n, m, D, masked, directions (16: joint), sampled; tiles are 128 x 512 ------------------------- */
static int make_in_batch_softmax(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 2, 0, 2, 0},      {1, 3, 5, 0, 1, 0},     {5, 5, 3, 1, 1, 0},
                                        {4, 12, 7, 1, 1, 0},     {6, 6, 3, 0, 2, 0},     {5, 5, 2, 1, 2, 0},
                                        {4, 12, 3, 1, 3, 0},     {5, 10, 3, 0, 31, 0},   {4, 12, 4, 1, 31, 0},
                                        {5, 5, 3, 1, 25, 0},     {130, 520, 2, 1, 1, 9}, {130, 520, 2, 1, 31, 9},
                                        {300, 900, 33, 1, 31, 0}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "a", s[0], s[2]);
    tern_check_tensor(c, "c", s[1], s[2]);
    if (s[3])
        tern_check_mask(c, s[0], s[1]);
    c->sampled = s[5];
    return 1;
}

static tern_tensor *build_in_batch_softmax(tern_check *c, tern_tape *tape)
{
    tern_in_batch o = {
        .scale = 1.7, .masked = c->masked, .directions = (unsigned)c->number[4] & 15, .joint = c->number[4] > 15};
    return tern_in_batch_softmax(tape, c->in[0], c->in[1], &o);
}

/* hardest_margin: n, m, D, masked; tiles are 128 x 512 ------------------------------------------------------------ */
static int make_hardest_margin(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 2, 0}, {1, 3, 5, 0}, {5, 5, 3, 1}, {6, 12, 4, 1}, {300, 900, 33, 1}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "a", s[0], s[2]);
    tern_check_tensor(c, "c", s[1], s[2]);
    if (s[3])
        tern_check_mask(c, s[0], s[1]);
    return 1;
}

static tern_tensor *build_hardest_margin(tern_check *c, tern_tape *tape)
{
    return tern_hardest_margin(tape, c->in[0], c->in[1], 0.8, 0.3, c->masked);
}

/* triplet_margin: n, negatives each, D, distance ------------------------------------------------------------------ */
static int make_triplet_margin(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 2, 0}, {5, 1, 3, 0}, {7, 2, 5, 1},   {6, 1, 4, 2},
                                        {3, 3, 7, 0}, {1, 1, 1, 1}, {200, 2, 33, 1}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "a", s[0], s[2]);
    tern_check_tensor(c, "p", s[0], s[2]);
    tern_check_tensor(c, "n", s[0] * s[1], s[2]);
    return 1;
}

static tern_tensor *build_triplet_margin(tern_check *c, tern_tape *tape)
{
    tern_pair_kind distance = (tern_pair_kind)(TERN_PAIR_COSINE_DISTANCE + c->number[3]);
    return tern_triplet_margin(tape, c->in[0], c->in[1], c->in[2], distance, c->number[0] == 1 ? 5 : 0.5, NULL);
}

/* batch_triplet: n, labels, D, kind, distance, different texts (0: all) -------------------------------------------- */
static int make_batch_triplet(tern_check *c, int shape)
{
    static const int64_t shapes[][6] = {{1, 1, 3, 0, 0},  {1, 1, 3, 1, 1},   {1, 1, 3, 2, 0},    {7, 1, 3, 1, 1},
                                        {7, 1, 3, 2, 1},  {9, 3, 4, 0, 0},   {9, 3, 4, 1, 1},    {9, 3, 4, 2, 2},
                                        {9, 3, 4, 3, 1},  {8, 8, 3, 1, 0},   {9, 3, 4, 0, 0, 5}, {9, 3, 4, 1, 0, 5},
                                        {70, 5, 2, 0, 1}, {150, 5, 17, 0, 1}};
    const int64_t *s = PICK(c, shape, shapes);
    if (!s)
        return 0;
    tern_check_tensor(c, "x", s[0], s[2]);
    int64_t *label = c->extra = tern_check_alloc(c, (size_t)s[0], sizeof *label);
    for (int64_t i = 0; i < s[0]; i++)
        label[i] = i * 7 % s[1];
    int64_t *text = s[5] ? tern_check_alloc(c, (size_t)s[0], sizeof *text) : NULL;
    for (int64_t i = 0; text && i < s[0]; i++)
        text[i] = i % s[5];
    return 1;
}

static tern_tensor *build_batch_triplet(tern_check *c, tern_tape *tape)
{
    tern_pair_kind distance = (tern_pair_kind)(TERN_PAIR_COSINE_DISTANCE + c->number[4]);
    double margin = c->number[0] == 70 ? 50 : 0.7; /* so many triplets have a kink in reach, unless all are active */
    return tern_batch_triplet(tape, c->in[0], c->extra, c->owned[1], (tern_triplet_kind)c->number[3], distance, margin);
}

#include "selftest/check_pair_ops.h"

const tern_check_kind tern_check_ops[] = {
#define TERN_OP(name) {"op", #name, make_##name, build_##name},
#include "autograd/op_list.h"
#undef TERN_OP
    {NULL, NULL, NULL, NULL},
};
