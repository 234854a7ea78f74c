/* The memory plan: its formulas against what real passes take, and the choice it makes. */
#include "tests/support.h"

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "autograd/tile.h"
#include "base/hash.h"
#include "base/memory.h"
#include "train/backprop.h"
#include "train/memory_plan.h"
#include "train/memory_sizes.h"

#include <math.h>
#include <string.h>

static const double TOLERANCE = 0.03;
static const int64_t MB = 1 << 20;

/* A model and a batch to measure. */
typedef struct shape {
    int64_t width, layers, heads, inner, texts, length;
    double dropout;
    int64_t trained_from; /* parameters below are frozen; -1: none */
    int views;
    tern_pooling pooling;
    int64_t dense; /* width of a Dense module with tanh; 0: none */
} shape;

static const shape shapes[] = {
    {64, 1, 4, 256, 40, 50, 0, -1, 0, TERN_POOL_MEAN, 0},      {64, 2, 4, 256, 40, 50, 0.1, -1, 0, TERN_POOL_MEAN, 0},
    {64, 3, 4, 256, 40, 50, 0.1, -1, 0, TERN_POOL_CLS, 0},     {128, 4, 4, 512, 30, 60, 0.1, -1, 0, TERN_POOL_MAX, 0},
    {96, 6, 12, 384, 25, 77, 0, -1, 0, TERN_POOL_MEAN, 48},    {96, 6, 12, 100, 90, 7, 0.1, -1, 0, TERN_POOL_LAST, 0},
    {64, 6, 2, 256, 40, 50, 0.1, -1, 5, TERN_POOL_MEAN, 0},    {64, 6, 2, 256, 40, 50, 0.1, -1, 2, TERN_POOL_MEAN, 32},
    {64, 6, 4, 256, 40, 50, 0.1, 2, 0, TERN_POOL_MEAN, 0},     {64, 6, 4, 256, 40, 50, 0, 5, 0, TERN_POOL_MEAN, 0},
    {384, 6, 12, 1536, 8, 100, 0.1, -1, 0, TERN_POOL_MEAN, 0}, {64, 4, 4, 64, 1, 500, 0, -1, 0, TERN_POOL_MEAN, 0},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, VOCABULARY = 500, POSITIONS = 512 };

static tern_encoder_config config_of(const shape *s)
{
    tern_encoder_config config = {
        .bert = {VOCABULARY, s->width, s->layers, s->heads, s->inner, POSITIONS, 2, 1e-12, 0.1, 0.1, 0.02, 0},
        .modules = {{.kind = TERN_MODULE_POOLING, .pooling = s->pooling}},
        .n_modules = 1,
    };
    if (s->dense)
        config.modules[config.n_modules++] = (tern_module){
            .kind = TERN_MODULE_DENSE, .in_features = s->width, .out_features = s->dense, .activation = TERN_TANH};
    config.modules[config.n_modules++] = (tern_module){.kind = TERN_MODULE_NORMALIZE};
    return config;
}

static void freeze(tern_params *params, int64_t below)
{
    for (size_t i = 0; i < params->n; i++) {
        tern_param *p = &params->table[i];
        int64_t layer = strncmp(p->name, "encoder.layer.", 14) == 0 ? atoll(p->name + 14) : POSITIONS;
        if (below >= 0 && (strncmp(p->name, "embeddings.", 11) == 0 || layer < below))
            p->flags |= TERN_PARAM_FROZEN;
    }
}

/* A batch of texts of one length. */
static tern_packed make_batch(int64_t texts, int64_t length)
{
    int32_t *ids = tern_alloc((size_t)(texts * length), sizeof *ids);
    int64_t *offsets = tern_alloc((size_t)texts + 1, sizeof *offsets);
    for (int64_t i = 0; i < texts * length; i++)
        ids[i] = (int32_t)(tern_random(1, (uint64_t)i, 0, 0) % VOCABULARY);
    for (int64_t i = 0; i <= texts; i++)
        offsets[i] = i * length;
    return (tern_packed){texts, texts * length, length, ids, NULL, offsets, NULL};
}

static void free_batch(tern_packed *batch)
{
    free((void *)(uintptr_t)batch->ids);
    free((void *)(uintptr_t)batch->offsets);
}

static tern_tensor *sum(void *context, tern_tape *tape, tern_tensor *x)
{
    (void)context;
    return tern_sum(tape, x);
}

/* What the tape holds after a few passes of one shape. */
static double measure(const shape *s, const tern_encoder_config *config, int backward, int bfloat16)
{
    tern_encoder *encoder = tern_encoder_create(config);
    tern_params *params = tern_encoder_params(encoder);
    tern_params_allocate(params);
    tern_encoder_init(encoder, 1);
    freeze(params, s->trained_from);
    tern_params_want_grads(params);
    tern_packed batch = make_batch(s->texts, s->length);
    tern_tape *tape = tern_tape_create();
    int layers[] = {0, 1, 2, 3, 4};
    tern_pass pass = {.tape = tape, .batch = &batch, .dropout = s->dropout, .layers = layers, .n_layers = s->views};
    pass.bfloat16 = bfloat16;
    for (int i = 0; i < 3; i++) {
        tern_backprop job = {encoder, &pass, 0, sum, NULL};
        if (backward)
            tern_backprop_run(tape, &job);
        else {
            tern_tape_set_recording(tape, 0);
            tern_encoder_embed(encoder, &pass);
            tern_tape_reset(tape);
        }
    }
    double bytes = (double)tern_tape_capacity(tape);
    tern_tape_free(tape);
    tern_encoder_free(encoder);
    free_batch(&batch);
    return bytes;
}

static tern_memory_pass pass_of(const shape *s, int backward, int bfloat16)
{
    tern_memory_pass pass = {.tokens = s->texts * s->length, .texts = s->texts, .longest = s->length};
    pass.layers = s->views;
    pass.dropout = s->dropout;
    pass.trained_from = s->trained_from;
    pass.backward = backward;
    pass.bfloat16 = bfloat16;
    return pass;
}

/* What the tape holds by the formula, with the eighth that the pool adds to a buffer and that is never written. */
static double capacity_of(const shape *s, const tern_encoder_config *config, int backward, int bfloat16)
{
    tern_memory_pass pass = pass_of(s, backward, bfloat16);
    tern_memory_tape tape = tern_memory_tape_of_pass(config, &pass);
    return (double)(tape.arena + tape.room) + (backward ? (double)tape.pool * 9 / 8 : 0);
}

START_TEST(a_pass_takes_what_the_formula_says)
{
    const shape *s = &shapes[_i];
    tern_encoder_config config = config_of(s);
    static const int ways[][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
    for (int i = 0; i < 4; i++) {
        int backward = ways[i][0], bfloat16 = ways[i][1];
        double want = measure(s, &config, backward, bfloat16), said = capacity_of(s, &config, backward, bfloat16);
        ck_assert_msg(fabs(said / want - 1) <= TOLERANCE,
                      "shape %d, backward %d, bfloat16 %d: %.0f bytes, said %.0f: %.1f %% off", _i, backward, bfloat16,
                      want, said, 100 * (said / want - 1));
    }
}
END_TEST

static const tern_loss_options no_loss = {.name = "multiple_negatives_ranking"};

/* MiniLM's shape, 4,096 pairs of about 80 tokens. */
static tern_encoder *big;
static tern_encoder_config big_config;
static tern_memory_batch big_batch;

static void set_up(void)
{
    big_config = (tern_encoder_config){
        .bert = {30522, 384, 6, 12, 1536, 512, 2, 1e-12, 0.1, 0.1, 0.02, 0},
        .modules = {{.kind = TERN_MODULE_POOLING}, {.kind = TERN_MODULE_NORMALIZE}},
        .n_modules = 2,
    };
    big = tern_encoder_create(&big_config);
    big_batch = (tern_memory_batch){.rows = 4096, .texts = 8192, .tokens = 650000, .longest = 256, .masked = 1};
    big_batch.losses = &no_loss;
    big_batch.n_losses = 1;
}

static void tear_down(void)
{
    tern_encoder_free(big);
}

static tern_memory_job big_job(int64_t budget)
{
    return (tern_memory_job){
        .config = &big_config,
        .params = tern_encoder_params(big),
        .dropout = 0.1,
        .batches = &big_batch,
        .n_batches = 1,
        .data = 50 * MB,
        .evaluation = 200 * MB,
        .budget = budget,
        .threads = 2,
        .line = "recipe.yaml:12",
    };
}

START_TEST(a_large_batch_is_cut_to_fit)
{
    tern_error error = {{0}};
    tern_memory_job job = big_job(2048 * MB);
    tern_memory_plan plan;
    ck_assert_msg(tern_memory_plan_make(&plan, &job, &error) == 0, "%s", error.message);
    ck_assert_int_gt(plan.chunk_tokens, 4096);
    ck_assert_int_eq(plan.chunk_tokens % 256, 0);
    ck_assert_int_eq(plan.chunks, (big_batch.tokens + plan.chunk_tokens - 1) / plan.chunk_tokens);
    ck_assert_int_le(plan.peak, job.budget);
    ck_assert_int_gt(plan.peak, job.budget * 4 / 5);
    const tern_memory_parts *p = &plan.parts;
    ck_assert_int_eq(plan.peak, p->process + p->model + p->data + p->activations + p->loss);
}
END_TEST

/* A little more would not fit; much more and everything is kept. */
START_TEST(the_chunk_is_the_largest_that_fits)
{
    tern_memory_plan plan, more;
    int64_t last = 0;
    for (int64_t budget = 800 * MB; budget < INT64_C(200000) * MB; budget += budget / 3) {
        tern_memory_job job = big_job(budget);
        ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
        int64_t chunk = plan.chunk_tokens > 0 ? plan.chunk_tokens : big_batch.tokens;
        ck_assert_int_ge(chunk, last);
        ck_assert_int_le(plan.peak, budget);
        last = chunk;
        if (plan.chunk_tokens == 0)
            continue;
        job.budget = budget + 40 * MB; /* 256 tokens take 34 MB */
        ck_assert_int_eq(tern_memory_plan_make(&more, &job, NULL), 0);
        ck_assert_int_gt(more.chunk_tokens, plan.chunk_tokens);
    }
    ck_assert_int_eq(plan.chunk_tokens, 0);
    ck_assert_int_eq(plan.chunks, 1);
}
END_TEST

START_TEST(threads_and_what_is_resumed_do_not_change_the_chunk)
{
    tern_memory_plan plan, other;
    tern_memory_job job = big_job(2048 * MB);
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
    job.threads = 64;
    ck_assert_int_eq(tern_memory_plan_make(&other, &job, NULL), 0);
    ck_assert_int_eq(other.chunk_tokens, plan.chunk_tokens);
    ck_assert_int_gt(other.peak, plan.peak);
    job.threads = 2;
    job.word_rows = 2000;
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
    ck_assert_int_eq(other.chunk_tokens, plan.chunk_tokens);
    job.resumed = 1;
    ck_assert_int_eq(tern_memory_plan_make(&other, &job, NULL), 0);
    ck_assert_int_eq(other.chunk_tokens, plan.chunk_tokens);
    ck_assert_int_gt(other.peak, plan.peak + 30 * MB);
}
END_TEST

START_TEST(what_is_frozen_takes_less)
{
    tern_memory_plan plan, frozen;
    tern_memory_job job = big_job(2048 * MB);
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
    freeze(tern_encoder_params(big), 3);
    ck_assert_int_eq(tern_memory_plan_make(&frozen, &job, NULL), 0);
    ck_assert_int_lt(frozen.parts.model, plan.parts.model - 3 * 45 * MB);
    ck_assert_int_gt(frozen.chunk_tokens, plan.chunk_tokens);
}
END_TEST

START_TEST(a_moving_average_and_heads_are_counted)
{
    tern_memory_plan plan, with;
    tern_memory_job job = big_job(2048 * MB);
    tern_params *heads = tern_params_create();
    tern_params_add(heads, "loss.classifier", 1000, 1024, 0);
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
    job.average = 1;
    ck_assert_int_eq(tern_memory_plan_make(&with, &job, NULL), 0);
    ck_assert_int_ge(with.parts.model, plan.parts.model + 86 * MB);
    job.average = 0;
    job.heads = heads;
    ck_assert_int_eq(tern_memory_plan_make(&with, &job, NULL), 0);
    ck_assert_int_eq(with.parts.model, plan.parts.model + 4 * 1000 * 1024 * 4);
    tern_params_free(heads);
}
END_TEST

START_TEST(the_batch_that_needs_most_decides)
{
    tern_memory_plan alone, both;
    tern_memory_batch batches[2] = {big_batch, big_batch};
    batches[0].rows = 64;
    batches[0].texts = 128;
    batches[0].tokens = 9000;
    tern_memory_job job = big_job(2048 * MB);
    ck_assert_int_eq(tern_memory_plan_make(&alone, &job, NULL), 0);
    job.batches = batches;
    job.n_batches = 2;
    ck_assert_int_eq(tern_memory_plan_make(&both, &job, NULL), 0);
    ck_assert_int_eq(both.chunk_tokens, alone.chunk_tokens);
    ck_assert_int_eq(both.largest, 1);
}
END_TEST

/* Rows that lack negatives: each place of the batch has a vector and a gradient of its own beside the texts'. */
START_TEST(places_that_share_vectors_are_counted)
{
    tern_memory_plan own, shared;
    tern_memory_batch batch = big_batch;
    tern_memory_job job = big_job(INT64_C(1) << 40);
    job.batches = &batch;
    job.dropout = 0.1;
    ck_assert_int_eq(tern_memory_plan_make(&own, &job, NULL), 0);
    batch.shares = 1;
    ck_assert_int_eq(tern_memory_plan_make(&shared, &job, NULL), 0);
    int64_t vectors = batch.texts * tern_memory_dim(job.config) * (int64_t)sizeof(tern_real);
    ck_assert_int_eq(shared.peak - own.peak, 2 * vectors);
    job.dropout = 0; /* equal texts share vectors whatever rows lack */
    ck_assert_int_eq(tern_memory_plan_make(&shared, &job, NULL), 0);
    batch.shares = 0;
    ck_assert_int_eq(tern_memory_plan_make(&own, &job, NULL), 0);
    ck_assert_int_eq(shared.peak, own.peak);
}
END_TEST

START_TEST(what_cannot_fit_is_refused_with_the_parts)
{
    tern_error error = {{0}};
    tern_memory_plan plan;
    tern_memory_job job = big_job(300 * MB);
    ck_assert_int_lt(tern_memory_plan_make(&plan, &job, &error), 0);
    ck_assert_ptr_nonnull(
        strstr(error.message, "recipe.yaml:12: train.memory is 300 MB, but the smallest plan needs "));
    ck_assert_ptr_nonnull(strstr(error.message, "weights, gradients and moments 345 MB"));
    ck_assert_ptr_nonnull(strstr(error.message, "train.freeze"));
    /* What it asks for is enough. */
    long need = strtol(strstr(error.message, "needs ") + 6, NULL, 10);
    job.budget = (need - 2) * MB;
    ck_assert_int_lt(tern_memory_plan_make(&plan, &job, NULL), 0);
    job.budget = need * MB;
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
}
END_TEST

START_TEST(a_refusal_says_what_would_help)
{
    tern_error error = {{0}};
    tern_memory_plan plan;
    tern_memory_job job = big_job(300 * MB);
    job.line = "";
    job.evaluation = 2000 * MB;
    ck_assert_int_lt(tern_memory_plan_make(&plan, &job, &error), 0);
    ck_assert_int_eq(strncmp(error.message, "train.memory is 300 MB", 22), 0);
    ck_assert_ptr_nonnull(strstr(error.message, "data.dev"));
    job.evaluation = 0;
    big_batch.rows = 1 << 17;
    big_batch.texts = 1 << 18;
    ck_assert_int_lt(tern_memory_plan_make(&plan, &job, &error), 0);
    ck_assert_ptr_nonnull(strstr(error.message, "train.batch_size"));
}
END_TEST

START_TEST(the_plan_is_told_in_one_line)
{
    tern_memory_plan plan;
    tern_memory_job job = big_job(2048 * MB);
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
    char *text = tern_memory_plan_text(&plan, &job);
    ck_assert_int_eq(strncmp(text, "memory: 2.00 GB; at most 4,096 rows of 650,000 tokens together, in about ", 73), 0);
    ck_assert_ptr_nonnull(strstr(text, " tokens, expected peak 1.9"));
    free(text);
    big_batch.rows = 8;
    big_batch.texts = 16;
    big_batch.tokens = 900;
    ck_assert_int_eq(tern_memory_plan_make(&plan, &job, NULL), 0);
    text = tern_memory_plan_text(&plan, &job);
    ck_assert_ptr_nonnull(strstr(text, "8 rows of 900 tokens together, all activations kept, expected peak "));
    free(text);
}
END_TEST

START_TEST(the_default_leaves_a_quarter)
{
    int64_t bytes = tern_memory_default();
    ck_assert_int_gt(bytes, 0);
    ck_assert_int_eq(bytes % MB, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory_plan");
    TCase *formulas = tcase_create("formulas"), *choice = tcase_create("choice");
    tcase_set_timeout(formulas, 120);
    tcase_add_loop_test(formulas, a_pass_takes_what_the_formula_says, 0, SHAPES);
    tcase_add_checked_fixture(choice, set_up, tear_down);
    tcase_add_test(choice, a_large_batch_is_cut_to_fit);
    tcase_add_test(choice, the_chunk_is_the_largest_that_fits);
    tcase_add_test(choice, threads_and_what_is_resumed_do_not_change_the_chunk);
    tcase_add_test(choice, what_is_frozen_takes_less);
    tcase_add_test(choice, a_moving_average_and_heads_are_counted);
    tcase_add_test(choice, the_batch_that_needs_most_decides);
    tcase_add_test(choice, places_that_share_vectors_are_counted);
    tcase_add_test(choice, what_cannot_fit_is_refused_with_the_parts);
    tcase_add_test(choice, a_refusal_says_what_would_help);
    tcase_add_test(choice, the_plan_is_told_in_one_line);
    tcase_add_test(choice, the_default_leaves_a_quarter);
    suite_add_tcase(suite, formulas);
    suite_add_tcase(suite, choice);
    return tern_test_run(suite);
}
