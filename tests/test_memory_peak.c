/* The announced peak against what the system says the process took at most: real training steps under a budget, in a
 * program of their own, since a peak is never forgotten. */
#include "tests/encoders.h"

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "base/clock.h"
#include "base/limits.h"
#include "train/backprop.h"
#include "train/memory_plan.h"
#include "train/optimizer.h"

#include <math.h>

enum { PAIRS = 128, TEXTS = 2 * PAIRS, LONGEST = 60, VOCABULARY = 30000, STEPS = 2 };

static const double TOLERANCE = 0.1;
static const int64_t MB = 1 << 20;

static const tern_encoder_config config = {
    .bert = {VOCABULARY, 128, 4, 4, 512, 128, 2, 1e-12, 0.1, 0.1, 0.02, 0},
    .modules = {{.kind = TERN_MODULE_POOLING}, {.kind = TERN_MODULE_NORMALIZE}},
    .n_modules = 2,
};

static int32_t ids[TEXTS * LONGEST];
static int64_t offsets[TEXTS + 1];

static tern_tensor *in_batch(void *context, tern_tape *tape, tern_tensor *x)
{
    (void)context;
    tern_tensor *a = tern_normalize(tape, tern_rows_of(tape, x, 0, PAIRS));
    tern_tensor *c = tern_normalize(tape, tern_rows_of(tape, x, PAIRS, PAIRS));
    return tern_in_batch_softmax(tape, a, c, &(tern_in_batch){.scale = 20, .directions = TERN_A_TO_C});
}

static void train(tern_encoder *encoder, int64_t chunk_tokens, int bfloat16)
{
    tern_params *params = tern_encoder_params(encoder);
    tern_optimizer *optimizer = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.01});
    tern_tape *tape = tern_tape_create();
    for (uint64_t step = 0; step < STEPS; step++) {
        tern_packed batch = random_texts(step, TEXTS, LONGEST, VOCABULARY, ids, offsets);
        tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 1, .step = step, .bfloat16 = bfloat16};
        tern_backprop job = {encoder, &pass, chunk_tokens, in_batch, NULL};
        ck_assert(isfinite(tern_backprop_run(tape, &job)));
        tern_optimizer_step(optimizer, 2e-5, 1);
    }
    tern_tape_free(tape);
    tern_optimizer_free(optimizer);
}

static int64_t most_tokens(void)
{
    int64_t most = 0;
    for (uint64_t step = 0; step < STEPS; step++) {
        tern_packed batch = random_texts(step, TEXTS, LONGEST, VOCABULARY, ids, offsets);
        most = batch.n_tok > most ? batch.n_tok : most;
    }
    return most;
}

/* In chunks, with bfloat16, with everything kept: the system tells the most so far, so each must take more than the one
 * before. */
START_TEST(the_peak_is_the_announced_one)
{
    enum { CHUNKS, BFLOAT16, KEPT };
    tern_error error = {{0}};
    tern_encoder *encoder = tern_encoder_create(&config);
    tern_params *params = tern_encoder_params(encoder);
    tern_loss_options loss = {.name = "multiple_negatives_ranking"};
    tern_memory_batch batch = {
        .rows = PAIRS, .texts = TEXTS, .tokens = most_tokens(), .longest = LONGEST, .n_losses = 1};
    batch.losses = &loss;
    tern_memory_job job = {.config = &config, .params = params, .dropout = 0.1, .batches = &batch, .n_batches = 1};
    job.word_rows = VOCABULARY;
    job.budget = (_i == CHUNKS ? 200 : 2000) * MB;
    job.bfloat16 = _i == BFLOAT16;
    job.threads = tern_threads();
    job.line = "";
    tern_memory_plan plan;
    ck_assert_msg(tern_memory_plan_make(&plan, &job, &error) == 0, "%s", error.message);
    ck_assert_int_eq(plan.chunk_tokens > 0, _i == CHUNKS);
    tern_params_allocate(params);
    tern_encoder_init(encoder, 1);
    tern_params_want_grads(params);
    train(encoder, plan.chunk_tokens, job.bfloat16);
    tern_encoder_free(encoder);
    double said = (double)plan.peak / (double)MB, took = tern_peak_memory_mb();
    char *line = tern_memory_plan_text(&plan, &job);
    printf("%s; measured %.0f MB, said %.0f\n", line, took, said);
    free(line);
    ck_assert_msg(fabs(took / said - 1) <= TOLERANCE, "the peak was %.0f MB, said %.0f", took, said);
}
END_TEST

int main(void)
{
    if (TERN_TEST_SANITIZED)
        TERN_TEST_SKIP("sanitizers take memory of their own");
    tern_memory_give_back();
    Suite *suite = suite_create("memory_peak");
    TCase *tcase = tcase_create("memory_peak");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, the_peak_is_the_announced_one, 0, 3);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
