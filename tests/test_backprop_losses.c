/* Every loss of the table through the gradient cache, with its wrappers, dropout on, and chunks that don't divide the
 * batch: the same value and gradients as directly. And what the losses take is no more than the memory plan says. */
#include "tests/encoders.h"

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "base/memory.h"
#include "losses/loss.h"
#include "train/backprop.h"
#include "train/memory_sizes.h"

#include <math.h>
#include <string.h>

enum { ROWS = 12, NEGATIVES = 2, TEXTS = ROWS * (2 + NEGATIVES), LONGEST = 20, DIM = 32, LABELS = 3, GUIDE = 24 };
enum { LAYERS = 4, VIEWS = 2 };
/* The batch whose memory is measured: what counts is vectors, not the constant parts. */
enum { MANY = 500, WIDE = 256, MANY_TEXTS = MANY * (2 + NEGATIVES) };

static const double TOLERANCE = 1e-5; /* norm-wise, of one tensor */
static const int views[VIEWS] = {0, 2};

/* What wraps a loss. */
enum { PLAIN, MATRYOSHKA, ADAPTIVE, BOTH, LEARNED, WRAPPERS };

static tern_encoder *encoder;
static tern_params *params;
static tern_packed batch;
static int32_t ids[TEXTS * LONGEST];
static int64_t offsets[TEXTS + 1], label[MANY];
static double score[MANY];
static uint8_t masked[MANY * MANY * (1 + NEGATIVES)];
static tern_real guide[MANY_TEXTS * GUIDE];
static int64_t rows = ROWS, dim = DIM;

static void set_up(void)
{
    tern_encoder_config config = {
        .bert = {90, DIM, LAYERS, 4, 64, LONGEST, 2, 1e-12, 0.1, 0.1, 0.2, 0},
        .modules = {{.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN}, {.kind = TERN_MODULE_NORMALIZE}},
        .n_modules = 2,
    };
    encoder = learning_encoder(&config, 7);
    params = tern_encoder_params(encoder);
    batch = random_texts(0, TEXTS, LONGEST, 90, ids, offsets);
    for (int i = 0; i < MANY; i++) {
        label[i] = i % LABELS;
        score[i] = i % 2;
    }
    for (int i = 0; i < ROWS; i++)
        masked[i * ROWS * (1 + NEGATIVES) + (i + 3) % ROWS] = (uint8_t)(1 << i % 3);
    for (uint64_t i = 0; i < MANY_TEXTS * GUIDE; i++)
        guide[i] = (tern_real)(tern_random_unit(3, i, 0, 0) - 0.5);
}

static void tear_down(void)
{
    tern_encoder_free(encoder);
}

/* A loss and the batch that it is computed on. */
typedef struct setting {
    const tern_loss *loss;
    tern_loss_options options;
    int n_views, teacher; /* teacher 1: the second model's vectors are there, and no scores */
} setting;

static tern_loss_roles split(tern_tape *tape, tern_tensor *x)
{
    return (tern_loss_roles){tern_rows_of(tape, x, 0, rows), tern_rows_of(tape, x, rows, rows),
                             tern_rows_of(tape, x, 2 * rows, rows * NEGATIVES)};
}

/* Rows of one text have neither positives nor negatives. */
static void drop_roles(const setting *s, tern_loss_roles *roles)
{
    int pairs = TERN_NEEDS_POSITIVE | TERN_NEEDS_TWICE, needs = s->loss->needs;
    int single = (needs & TERN_NEEDS_LABEL) && !(needs & pairs);
    if (single)
        roles->positive = NULL;
    if (single || (needs & (TERN_NEEDS_SCORE | TERN_NEEDS_TWICE | TERN_NEEDS_LABEL)))
        roles->negative = NULL;
}

static tern_tensor *value_of(void *context, tern_tape *tape, tern_tensor *x)
{
    const setting *s = context;
    tern_loss_roles earlier[VIEWS], last, other = {0};
    tern_tensor *whole = s->n_views > 0 ? tern_columns_of(tape, x, 0, dim) : x;
    last = split(tape, whole);
    drop_roles(s, &last);
    for (int v = 0; v < s->n_views; v++) {
        earlier[v] = split(tape, tern_columns_of(tape, x, (1 + v) * dim, dim));
        drop_roles(s, &earlier[v]);
    }
    if (s->teacher) {
        other = split(tape, tern_tape_input(tape, guide, rows * (2 + NEGATIVES), GUIDE, 0));
        drop_roles(s, &other);
    }
    tern_loss_batch b = {.n = rows, .anchor = last.anchor, .positive = last.positive, .negative = last.negative};
    b.n_negatives = last.negative ? NEGATIVES : 0;
    b.masked = s->loss->in_batch && last.negative ? masked : NULL;
    b.label = s->loss->needs & TERN_NEEDS_LABEL ? label : NULL;
    b.score = s->loss->needs & TERN_NEEDS_SCORE ? score : NULL;
    b.n_scores = b.score ? 1 : 0;
    b.other = other;
    b.layer_roles = earlier;
    b.layer = views;
    b.n_layer_views = s->n_views;
    b.n_layers = LAYERS;
    b.seed = 5;
    b.step = 3;
    return tern_loss_value(&s->options, tape, &b);
}

static setting setting_of(const tern_loss *loss, int wrapper)
{
    int second = TERN_NEEDS_GUIDE | TERN_NEEDS_TEACHER | TERN_NEEDS_TEACHER_VECTORS;
    setting s = {.loss = loss, .options = tern_loss_defaults(loss->name), .teacher = (loss->needs & second) != 0};
    if (wrapper == MATRYOSHKA || wrapper == BOTH) {
        const int64_t dims[] = {dim, dim / 2 + 1, dim / 4};
        memcpy(s.options.dims, dims, sizeof dims);
        s.options.n_dims = 3;
        s.options.dims_per_step = wrapper == BOTH ? 2 : 0;
    }
    if (wrapper == ADAPTIVE || wrapper == BOTH) {
        s.options.adaptive_layer = 1;
        s.n_views = VIEWS;
    }
    s.options.learned_scale = wrapper == LEARNED;
    s.options.symmetric = wrapper == LEARNED;
    return s;
}

/* A matrix that a loss learns fits vectors of one size. */
static int possible(const tern_loss *loss, int wrapper)
{
    int learns = strcmp(loss->name, "softmax") == 0 || (loss->needs & TERN_NEEDS_TEACHER_VECTORS);
    return !learns || (wrapper != MATRYOSHKA && wrapper != BOTH);
}

static double length(size_t n, const tern_real *x)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* |x - y| / |y|; of a tensor whose gradient nearly cancels, such as the last bias under a loss that looks at
 * differences only, against a hundredth of all gradients' length. */
static double distance(size_t n, const tern_real *x, const tern_real *y, double all)
{
    double difference = 0;
    for (size_t i = 0; i < n; i++)
        difference += pow((double)x[i] - (double)y[i], 2);
    return sqrt(difference) / fmax(fmax(length(n, y), all / 100), 1e-30);
}

/* Gradients of model and heads after one run; the caller's. */
static tern_real *run(setting *s, tern_params *heads, int64_t chunk_tokens, double *loss)
{
    size_t n = (size_t)params->size, m = (size_t)heads->size;
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5, .layers = views, .n_layers = s->n_views};
    tern_backprop job = {encoder, &pass, chunk_tokens, value_of, s};
    tern_tape *tape = tern_tape_create();
    *loss = tern_backprop_run(tape, &job);
    tern_real *gradients = tern_alloc(n + m, sizeof *gradients);
    memcpy(gradients, params->grad, n * sizeof *gradients);
    if (m)
        memcpy(gradients + n, heads->grad, m * sizeof *gradients);
    tern_params_zero_grads(params);
    tern_params_zero_grads(heads);
    tern_tape_free(tape);
    return gradients;
}

static void check_params(const char *name, const tern_params *p, const tern_real *got, const tern_real *want)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t n = tern_tensor_size(p->table[i].tensor), from = (size_t)p->table[i].offset;
        if (strstr(p->table[i].name, "self.key.bias")) { /* its true gradient is zero: held against its query's */
            from = (size_t)p->table[i - 1].offset;
            n *= 2;
        }
        double off = distance(n, got + from, want + from, length((size_t)p->size, want));
        ck_assert_msg(off <= TOLERANCE, "%s: gradient of %s off by %g", name, p->table[i].name, off);
    }
}

/* What the loss learns over vectors of dim, with start values; the caller's. */
static tern_params *make_heads(setting *s)
{
    tern_params *heads = tern_params_create();
    tern_loss_declare(&s->options, &(tern_loss_sizes){dim, LABELS, GUIDE}, "", heads);
    tern_params_allocate(heads);
    tern_params_want_grads(heads);
    tern_loss_init(&s->options, 9);
    return heads;
}

static void check_loss(const tern_loss *loss, int wrapper)
{
    setting s = setting_of(loss, wrapper);
    tern_params *heads = make_heads(&s);
    double direct, cached;
    tern_real *want = run(&s, heads, 0, &direct), *got = run(&s, heads, 70, &cached);
    ck_assert_msg(fabs(cached - direct) <= 2e-6 * fmax(1, fabs(direct)), "%s: %.9g cached, %.9g directly", loss->name,
                  cached, direct);
    check_params(loss->name, params, got, want);
    check_params(loss->name, heads, got + params->size, want + params->size);
    free(got);
    free(want);
    tern_params_free(heads);
}

START_TEST(every_loss_goes_through_the_cache)
{
    for (const tern_loss *loss = tern_losses; loss->name; loss++)
        if (possible(loss, _i))
            check_loss(loss, _i);
}
END_TEST

/* What a tape holds for the loss alone, in a few passes over vectors x whose gradient is the caller's. */
static double measure(setting *s, tern_real *x, tern_real *dx)
{
    tern_tape *tape = tern_tape_create();
    for (int i = 0; i < 3; i++) {
        tern_tensor *t = tern_tape_input(tape, x, MANY_TEXTS, WIDE * (1 + s->n_views), 1);
        t->grad = dx;
        tern_tape_backward(tape, value_of(s, tape, t));
        tern_tape_reset(tape);
    }
    double bytes = (double)tern_tape_capacity(tape);
    tern_tape_free(tape);
    return bytes;
}

static void check_memory(const tern_loss *loss, int wrapper, tern_real *x, tern_real *dx)
{
    setting s = setting_of(loss, wrapper);
    tern_params *heads = make_heads(&s);
    tern_memory_batch b = {.rows = MANY, .texts = MANY_TEXTS, .losses = &s.options, .n_losses = 1, .layers = s.n_views};
    b.other_width = s.teacher ? GUIDE : 0;
    /* Scratch of threads is counted elsewhere: two tiles of scores each. The pool adds an eighth that is never written.
     */
    tern_memory_tape tape = tern_memory_tape_of_loss(&b, WIDE);
    double took = measure(&s, x, dx) - tern_threads() * 600e3, said = (double)tape.arena + (double)tape.pool * 9 / 8;
    ck_assert_msg(took <= said * 1.05, "%s: %.0f bytes, said %.0f", loss->name, took, said);
    if (loss->in_batch && !(loss->needs & TERN_NEEDS_TWICE))
        ck_assert_msg(took >= said * 0.65, "%s: only %.0f bytes, said %.0f", loss->name, took, said);
    tern_params_free(heads);
}

START_TEST(no_loss_takes_more_than_is_planned)
{
    size_t n = (size_t)MANY_TEXTS * WIDE * (1 + VIEWS);
    tern_real *x = tern_alloc(n, sizeof *x), *dx = tern_calloc(n, sizeof *dx);
    for (size_t i = 0; i < n; i++)
        x[i] = (tern_real)(tern_random_unit(4, i, 0, 0) - 0.5);
    rows = MANY;
    dim = WIDE;
    for (const tern_loss *loss = tern_losses; loss->name; loss++)
        if (possible(loss, _i))
            check_memory(loss, _i, x, dx);
    rows = ROWS;
    dim = DIM;
    free(x);
    free(dx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backprop_losses");
    TCase *tcase = tcase_create("backprop_losses");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, every_loss_goes_through_the_cache, 0, WRAPPERS);
    tcase_add_loop_test(tcase, no_loss_takes_more_than_is_planned, 0, WRAPPERS);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
