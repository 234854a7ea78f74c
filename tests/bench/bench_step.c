/* The speed of a training step: forward, loss, backward, clipping and AdamW on a model of MiniLM's size (6 layers, 384
 * wide), 64 pairs of queries (about 8 tokens) and passages (about 78), dropout 0.1.
 *
 *     bench_step [--rounds N] [--threads N] [--dropout P] [--pairs N] [--chunk-tokens N]
 *
 * chunk-tokens above 0: with the gradient cache, so many tokens at a time.
 *
 * Useful work is 6 x 10.6 million x real tokens: a multiply and an add for each weight of the layers, once forward and
 * twice backward. It is put beside what sgemm alone reaches on the same threads, measured before each step, and the
 * medians of both and of the ratio are printed. A line is one JSON object, so that scripts can read it. */
#include "autograd/gemm.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "encoders/encoder.h"
#include "losses/loss.h"
#include "autograd/ops.h"
#include "train/backprop.h"
#include "train/optimizer.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 384, INNER = 1536, VOCABULARY = 30522, MAX_PAIRS = 65536, MAX_ROUNDS = 101 };

/* Token ids as natural as counters can make them: few words are frequent, many are rare. */
static int32_t some_id(int64_t i)
{
    double u = tern_random_unit(1, 2, (uint64_t)i, 3);
    return (int32_t)(1000 + u * u * u * (VOCABULARY - 1001));
}

static tern_packed make_batch(int64_t pairs)
{
    int64_t sequences = 2 * pairs, *offsets = tern_calloc((size_t)sequences + 1, sizeof *offsets), longest = 0;
    for (int64_t s = 0; s < sequences; s++) {
        int64_t n = s < pairs ? 5 + s % 7 : 48 + s * 37 % 61;
        offsets[s + 1] = offsets[s] + n;
        longest = n > longest ? n : longest;
    }
    int32_t *ids = tern_calloc((size_t)offsets[sequences], sizeof *ids);
    for (int64_t i = 0; i < offsets[sequences]; i++)
        ids[i] = some_id(i);
    return (tern_packed){sequences, offsets[sequences], longest, ids, NULL, offsets, NULL};
}

/* GF/s of [4096, 384] x [384, 1536] in tiles of 256 rows on all threads. */
static double sgemm_rate(float *a, float *b, float *c)
{
    enum { ROWS = 4096, TILE = 256, TIMES = 4 };
    double start = tern_seconds();
    for (int k = 0; k < TIMES; k++) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int64_t i = 0; i < ROWS; i += TILE)
            tern_gemm(0, 1, TILE, INNER, WIDTH, 1, a + i * WIDTH, WIDTH, b, WIDTH, 0, c + i * INNER, INNER);
    }
    return 2.0 * TIMES * ROWS * INNER * WIDTH / (tern_seconds() - start) / 1e9;
}

static tern_tensor *ranking_loss(void *context, tern_tape *tape, tern_tensor *x)
{
    const int64_t *pairs = context;
    tern_loss_options options = tern_loss_defaults("multiple_negatives_ranking");
    tern_loss_batch rows = {.n = *pairs};
    rows.anchor = tern_rows_of(tape, x, 0, *pairs);
    rows.positive = tern_rows_of(tape, x, *pairs, *pairs);
    return tern_loss_value(&options, tape, &rows);
}

static double train_step(const tern_backprop *job, tern_optimizer *optimizer, tern_tape *tape)
{
    double start = tern_seconds();
    tern_backprop_run(tape, job);
    double norm = tern_optimizer_grad_norm(optimizer);
    tern_optimizer_step(optimizer, 2e-5, tern_clip_scale(norm, 1));
    tern_params_zero_grads(tern_encoder_params(job->encoder));
    return tern_seconds() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

static double option(int argc, char **argv, const char *name, double otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atof(argv[i + 1]);
    return otherwise;
}

int main(int argc, char **argv)
{
    tern_error error = {0};
    int rounds = (int)option(argc, argv, "--rounds", 9);
    int64_t pairs = (int64_t)option(argc, argv, "--pairs", 64);
    if (rounds < 1 || rounds > MAX_ROUNDS || pairs < 1 || pairs > MAX_PAIRS ||
        tern_threads_start((int)option(argc, argv, "--threads", 0), &error) < 0) {
        fprintf(stderr, "bench_step: %s\n",
                error.message[0] ? error.message : "--rounds takes 1 to 101, --pairs 1 to 65536");
        return 2;
    }
    tern_encoder_config config = {.bert = {VOCABULARY, WIDTH, 6, 12, INNER, 512, 2, 1e-12, 0.1, 0.1, 0.02, 0},
                                  .modules = {{.kind = TERN_MODULE_POOLING}, {.kind = TERN_MODULE_NORMALIZE}},
                                  .n_modules = 2};
    tern_encoder *encoder = tern_encoder_create(&config);
    tern_params *params = tern_encoder_params(encoder);
    tern_params_allocate(params);
    tern_encoder_init(encoder, 1);
    tern_params_want_grads(params);
    tern_optimizer *optimizer = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = 0.01});
    tern_tape *tape = tern_tape_create();
    tern_packed batch = make_batch(pairs);
    tern_pass pass = {.batch = &batch, .dropout = option(argc, argv, "--dropout", 0.1), .seed = 1};
    tern_backprop job = {.encoder = encoder, .pass = &pass, .loss = ranking_loss, .context = &pairs};
    job.chunk_tokens = (int64_t)option(argc, argv, "--chunk-tokens", 0);
    double before = train_step(&job, optimizer, tape);
    double peak = tern_peak_memory_mb(); /* of the step, before sgemm has matrices of its own */
    float *a = tern_calloc(4096 * WIDTH, sizeof *a), *b = tern_calloc(INNER * WIDTH, sizeof *b);
    float *c = tern_calloc(4096 * INNER, sizeof *c);
    double steps[MAX_ROUNDS], rates[MAX_ROUNDS], ratios[MAX_ROUNDS], work = 6 * 10.6e6 * (double)batch.n_tok / 1e9;
    for (int i = 0; i < rounds; i++) {
        double earlier = sgemm_rate(a, b, c);
        pass.step++;
        steps[i] = train_step(&job, optimizer, tape);
        rates[i] = (earlier + sgemm_rate(a, b, c)) / 2;
        ratios[i] = work / steps[i] / rates[i];
    }
    double seconds = median(steps, rounds);
    printf("{\"tokens\": %lld, \"threads\": %d, \"first_step_seconds\": %.3f, \"step_seconds\": %.3f, "
           "\"tokens_per_second\": %.0f, \"useful_gflops\": %.1f, \"sgemm_gflops\": %.1f, \"ratio\": %.3f, "
           "\"peak_memory_mb\": %.0f}\n",
           (long long)batch.n_tok, tern_threads(), before, seconds, (double)batch.n_tok / seconds, work / seconds,
           median(rates, rounds), median(ratios, rounds), peak);
    tern_tape_free(tape);
    tern_optimizer_free(optimizer);
    tern_encoder_free(encoder);
    free(a);
    free(b);
    free(c);
    free((void *)(uintptr_t)batch.ids);
    free((void *)(uintptr_t)batch.offsets);
    return 0;
}
