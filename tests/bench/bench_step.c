/* The speed of a training step: forward, loss, backward, clipping and AdamW, with MultipleNegativesRanking.
 *
 *     bench_step [--model FOLDER --texts PAIRS.tsv] [--pairs N] [--dropout P] [--bfloat16] [--chunk-tokens N]
 *                [--threads N] [--length N] [--width N] [--layers N] [--warm-up N] [--rounds N | --serve]
 *
 * With --model and --texts (anchor TAB positive, the first N lines) it trains that model on those texts. Otherwise a
 * model of MiniLM's size (6 layers, 384 wide; or --layers, --width) with random weights, on random ids: queries of 5 to
 * 11 and passages of 48 to 108 tokens, or all of --length. --chunk-tokens above 0: with the gradient cache, so many
 * tokens at a time.
 *
 * The first step runs without dropout: its loss and gradient's length are what a peer's must equal. Three steps, or
 * --warm-up, come before any that counts. Useful work is 6 x weights of the layers x real tokens: a multiply and an add
 * for each weight, once forward and twice backward. It is put beside what sgemm alone reaches on the same threads,
 * measured before and after each step.
 */
#include "tests/bench/bench.h"

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "losses/loss.h"
#include "train/backprop.h"
#include "train/optimizer.h"

#include <cblas.h>

enum { VOCABULARY = 30522, SGEMM_ROWS = 4096, SGEMM_TILE = 256 };

typedef struct bench {
    tern_model *model; /* NULL: encoder is random */
    tern_encoder *encoder;
    tern_optimizer *optimizer;
    tern_tape *tape;
    tern_ids ids;
    tern_packed batch;
    tern_pass pass;
    int64_t pairs, chunk_tokens;
    double loss, norm; /* of the step taken last */
    double work;       /* of one step, in GF */
    float *a, *b, *c;  /* sgemm's */
} bench;

/* Token ids as natural as counters can make them: few words are frequent, many are rare. */
static int32_t some_id(int64_t i)
{
    double u = tern_random_unit(1, 2, (uint64_t)i, 3);
    return (int32_t)(1000 + u * u * u * (VOCABULARY - 1001));
}

static void random_ids(bench *b, int64_t length)
{
    int64_t n = 2 * b->pairs, *offsets = tern_calloc((size_t)n + 1, sizeof *offsets);
    for (int64_t s = 0; s < n; s++)
        offsets[s + 1] = offsets[s] + (length ? length : s < b->pairs ? 5 + s % 7 : 48 + s * 37 % 61);
    int32_t *ids = tern_calloc((size_t)offsets[n], sizeof *ids);
    for (int64_t i = 0; i < offsets[n]; i++)
        ids[i] = some_id(i);
    b->ids = (tern_ids){.ids = ids, .offsets = offsets, .n = n};
}

static void random_encoder(bench *b, int64_t width, int64_t layers)
{
    tern_encoder_config config = {
        .bert = {VOCABULARY, width, layers, width / 32, 4 * width, 512, 2, 1e-12, 0.1, 0.1, 0.02, 0},
        .modules = {{.kind = TERN_MODULE_POOLING}, {.kind = TERN_MODULE_NORMALIZE}},
        .n_modules = 2};
    b->encoder = tern_encoder_create(&config);
    tern_params_allocate(tern_encoder_params(b->encoder));
    tern_encoder_init(b->encoder, 1);
}

/* Lines of anchor TAB positive: all anchors, then all positives, as ids. */
static int read_ids(bench *b, const char *path, tern_error *error)
{
    FILE *file = fopen(path, "r");
    char *line = NULL, **texts = tern_calloc(2 * (size_t)b->pairs, sizeof *texts);
    size_t capacity = 0;
    int64_t n = 0;
    if (!file)
        return tern_fail(error, "%s: cannot be read", path);
    for (; n < b->pairs && getline(&line, &capacity, file) > 0; n++) {
        char *positive = strchr(line, '\t');
        if (!positive)
            return tern_fail(error, "%s:%lld: no TAB between anchor and positive", path, (long long)n + 1);
        positive[strcspn(positive, "\n")] = 0;
        texts[n] = tern_strndup(line, (size_t)(positive - line));
        texts[b->pairs + n] = tern_strdup(positive + 1);
    }
    fclose(file);
    free(line);
    if (n < b->pairs)
        return tern_fail(error, "%s: it has %lld pairs, asked for %lld", path, (long long)n, (long long)b->pairs);
    tern_tokenizer_encode_all(b->model->tokenizer, NULL, (const char *const *)texts, NULL, 2 * n,
                              b->model->max_seq_length, &b->ids);
    for (int64_t i = 0; i < 2 * n; i++)
        free(texts[i]);
    free(texts);
    return 0;
}

static tern_packed packed(const tern_ids *ids)
{
    tern_packed batch = {.n_seq = ids->n, .n_tok = ids->offsets[ids->n], .ids = ids->ids, .offsets = ids->offsets};
    for (int64_t s = 0; s < ids->n; s++) {
        int64_t n = ids->offsets[s + 1] - ids->offsets[s];
        batch.max_len = n > batch.max_len ? n : batch.max_len;
    }
    return batch;
}

static double weights_of_layers(const tern_bert_config *bert)
{
    return (double)bert->layers * (double)bert->hidden_size *
           (double)(4 * bert->hidden_size + 2 * bert->intermediate_size);
}

static int prepare(bench *b, int argc, char **argv, tern_error *error)
{
    const char *model = bench_text(argc, argv, "--model", NULL), *texts = bench_text(argc, argv, "--texts", NULL);
    b->pairs = (int64_t)bench_number(argc, argv, "--pairs", 64);
    b->chunk_tokens = (int64_t)bench_number(argc, argv, "--chunk-tokens", 0);
    if (!model != !texts || b->pairs < 1)
        return tern_fail(error, "--model and --texts go together; --pairs is 1 or more");
    if (tern_threads_start((int)bench_number(argc, argv, "--threads", 0), error) < 0)
        return -1;
    if (model) {
        b->model = tern_model_load(model, error);
        if (!b->model || read_ids(b, texts, error) < 0)
            return -1;
        b->encoder = b->model->encoder;
    } else {
        random_encoder(b, (int64_t)bench_number(argc, argv, "--width", 384),
                       (int64_t)bench_number(argc, argv, "--layers", 6));
        random_ids(b, (int64_t)bench_number(argc, argv, "--length", 0));
    }
    tern_params_want_grads(tern_encoder_params(b->encoder));
    b->optimizer =
        tern_optimizer_create(tern_encoder_params(b->encoder), &(tern_optimizer_options){.weight_decay = 0.01});
    b->tape = tern_tape_create();
    b->batch = packed(&b->ids);
    b->pass = (tern_pass){.batch = &b->batch, .seed = 1, .bfloat16 = bench_flag(argc, argv, "--bfloat16")};
    b->work = 6e-9 * weights_of_layers(&tern_encoder_get_config(b->encoder)->bert) * (double)b->batch.n_tok;
    return 0;
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

/* Seconds. */
static double train_step(bench *b, double dropout)
{
    double start = tern_seconds();
    tern_backprop job = {.encoder = b->encoder, .pass = &b->pass, .loss = ranking_loss, .context = &b->pairs};
    job.chunk_tokens = b->chunk_tokens;
    b->pass.dropout = dropout;
    b->pass.step++;
    b->loss = tern_backprop_run(b->tape, &job);
    b->norm = tern_optimizer_grad_norm(b->optimizer);
    tern_optimizer_step(b->optimizer, 2e-5, tern_clip_scale(b->norm, 1));
    return tern_seconds() - start;
}

/* GF/s of [4096, width] x [width, inner] in tiles of 256 rows on all threads. */
static double sgemm_rate(bench *b)
{
    const tern_bert_config *bert = &tern_encoder_get_config(b->encoder)->bert;
    int width = (int)bert->hidden_size, inner = (int)bert->intermediate_size, times = 4;
    if (!b->a) {
        b->a = tern_calloc((size_t)SGEMM_ROWS * (size_t)width, sizeof *b->a);
        b->b = tern_calloc((size_t)inner * (size_t)width, sizeof *b->b);
        b->c = tern_calloc((size_t)SGEMM_ROWS * (size_t)inner, sizeof *b->c);
    }
    double start = tern_seconds();
    for (int k = 0; k < times; k++) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int i = 0; i < SGEMM_ROWS; i += SGEMM_TILE)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SGEMM_TILE, inner, width, 1, b->a + (int64_t)i * width,
                        width, b->b, width, 0, b->c + (int64_t)i * inner, inner);
    }
    return 2e-9 * times * SGEMM_ROWS * inner * width / (tern_seconds() - start);
}

typedef struct measurement {
    double seconds, sgemm;
} measurement;

static measurement measure(bench *b, double dropout)
{
    double before = sgemm_rate(b), seconds = train_step(b, dropout);
    return (measurement){seconds, (before + sgemm_rate(b)) / 2};
}

static void serve(bench *b, double dropout, double peak)
{
    while (bench_asked()) {
        measurement m = measure(b, dropout);
        printf("{\"seconds\": %.6f, \"useful_gflops\": %.1f, \"sgemm_gflops\": %.1f, \"peak_memory_mb\": %.0f}\n",
               m.seconds, b->work / m.seconds, m.sgemm, peak);
    }
}

static void summarise(bench *b, double dropout, double peak, double first, int rounds)
{
    double seconds[BENCH_MAX_ROUNDS], sgemm[BENCH_MAX_ROUNDS], ratios[BENCH_MAX_ROUNDS];
    for (int i = 0; i < rounds; i++) {
        measurement m = measure(b, dropout);
        seconds[i] = m.seconds;
        sgemm[i] = m.sgemm;
        ratios[i] = b->work / m.seconds / m.sgemm;
    }
    double step = bench_median(seconds, rounds);
    printf("{\"tokens\": %lld, \"threads\": %d, \"first_step_seconds\": %.3f, \"step_seconds\": %.3f, "
           "\"tokens_per_second\": %.0f, \"useful_gflops\": %.1f, \"sgemm_gflops\": %.1f, \"ratio\": %.3f, "
           "\"peak_memory_mb\": %.0f}\n",
           (long long)b->batch.n_tok, tern_threads(), first, step, (double)b->batch.n_tok / step, b->work / step,
           bench_median(sgemm, rounds), bench_median(ratios, rounds), peak);
}

static void finish(bench *b)
{
    tern_tape_free(b->tape);
    tern_optimizer_free(b->optimizer);
    if (b->model)
        tern_model_free(b->model);
    else
        tern_encoder_free(b->encoder);
    tern_ids_free(&b->ids);
    free(b->a);
    free(b->b);
    free(b->c);
}

int main(int argc, char **argv)
{
    tern_error error = {0};
    bench b = {0};
    int rounds = (int)bench_number(argc, argv, "--rounds", 9);
    double dropout = bench_number(argc, argv, "--dropout", 0.1);
    if (rounds < 1 || rounds > BENCH_MAX_ROUNDS)
        tern_fail(&error, "--rounds takes 1 to %d", BENCH_MAX_ROUNDS);
    if (error.message[0] || prepare(&b, argc, argv, &error) < 0)
        return bench_fail("bench_step", &error);
    double first = train_step(&b, 0);
    double loss = b.loss, norm = b.norm;
    for (int i = (int)bench_number(argc, argv, "--warm-up", 3); i > 1; i--)
        train_step(&b, dropout);
    double peak = tern_peak_memory_mb(); /* of steps, before sgemm has matrices of its own */
    if (bench_flag(argc, argv, "--serve")) {
        printf("{\"same\": {\"tokens\": %lld, \"ids\": %lld}, \"close\": {\"loss\": %.9g, \"gradient\": %.9g}}\n",
               (long long)b.batch.n_tok, bench_checksum(b.batch.ids, b.batch.n_tok), loss, norm);
        serve(&b, dropout, peak);
    } else {
        summarise(&b, dropout, peak, first, rounds);
    }
    finish(&b);
    return 0;
}
