/* The speed of encoding: texts, one a line, to vectors, tokenizing included.
 *
 *     bench_encode --model FOLDER --texts FILE [--precision float32|int8] [--threads N] [--rounds N | --serve]
 *
 * The first pass warms up; some numbers of its vectors are what a peer's must equal. */
#include "tests/bench/bench.h"

#include "autograd/gemm.h"
#include "base/clock.h"
#include "base/memory.h"
#include "checkpoints/model.h"

enum { SAMPLES = 64 };

typedef struct bench {
    tern_model *model;
    tern_embed_options options;
    char **texts;
    size_t n, capacity;
    float *vectors;      /* [n, dim] */
    double open_seconds; /* tokenizer and weights */
    tern_ids ids;
} bench;

static int read_texts(bench *b, const char *path, tern_error *error)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    if (!file)
        return tern_fail(error, "%s: cannot be read", path);
    while (getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\n")] = 0;
        TERN_GROW(b->texts, b->n, b->capacity);
        b->texts[b->n++] = tern_strdup(line);
    }
    fclose(file);
    free(line);
    return b->n ? 0 : tern_fail(error, "%s: it is empty", path);
}

static int prepare(bench *b, int argc, char **argv, tern_error *error)
{
    const char *model = bench_text(argc, argv, "--model", NULL), *texts = bench_text(argc, argv, "--texts", NULL);
    if (!model || !texts)
        return tern_fail(error, "--model FOLDER and --texts FILE are needed");
    if (tern_threads_start((int)bench_number(argc, argv, "--threads", 0), error) < 0 || read_texts(b, texts, error) < 0)
        return -1;
    double start = tern_seconds();
    if (!(b->model = tern_model_open(model, error)))
        return -1;
    b->open_seconds = tern_seconds() - start;
    if (strcmp(bench_text(argc, argv, "--precision", "float32"), "int8") == 0 &&
        tern_encoder_use_int8(b->model->encoder, error) < 0)
        return -1;
    b->vectors = tern_alloc(b->n * (size_t)tern_model_dim(b->model), sizeof *b->vectors);
    tern_tokenizer_encode_all(b->model->tokenizer, NULL, (const char *const *)b->texts, NULL, (int64_t)b->n,
                              b->model->max_seq_length, &b->ids);
    return 0;
}

/* Seconds; below 0 on failure. */
static double encode(bench *b, tern_error *error)
{
    double start = tern_seconds();
    if (tern_model_embed(b->model, &b->options, (const char *const *)b->texts, (int64_t)b->n, b->vectors, error) < 0)
        return -1;
    return tern_seconds() - start;
}

/* Sample i is component i of a text: texts and components are spread over all. */
static void print_ready(const bench *b)
{
    size_t dim = (size_t)tern_model_dim(b->model);
    int64_t tokens = b->ids.offsets[b->ids.n];
    printf("{\"same\": {\"tokens\": %lld, \"ids\": %lld}, \"close\": {", (long long)tokens,
           bench_checksum(b->ids.ids, tokens));
    for (size_t i = 0; i < SAMPLES; i++)
        printf("%s\"%zu\": %.9g", i ? ", " : "", i, (double)b->vectors[i * b->n / SAMPLES * dim + i * dim / SAMPLES]);
    printf("}}\n");
}

static int summarise(bench *b, int rounds, tern_error *error)
{
    double seconds[BENCH_MAX_ROUNDS];
    int64_t tokens = b->ids.offsets[b->ids.n];
    for (int i = 0; i < rounds; i++)
        if ((seconds[i] = encode(b, error)) < 0)
            return -1;
    double median = bench_median(seconds, rounds);
    printf("{\"texts\": %zu, \"tokens\": %lld, \"threads\": %d, \"seconds\": %.3f, \"tokens_per_second\": %.0f, "
           "\"open_seconds\": %.4f, \"peak_memory_mb\": %.0f}\n",
           b->n, (long long)tokens, tern_threads(), median, (double)tokens / median, b->open_seconds,
           tern_peak_memory_mb());
    return 0;
}

static int serve(bench *b, tern_error *error)
{
    double seconds;
    print_ready(b);
    while (bench_asked()) {
        if ((seconds = encode(b, error)) < 0)
            return -1;
        printf("{\"seconds\": %.6f, \"peak_memory_mb\": %.0f}\n", seconds, tern_peak_memory_mb());
    }
    return 0;
}

static void finish(bench *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->texts[i]);
    free(b->texts);
    free(b->vectors);
    tern_ids_free(&b->ids);
    tern_model_free(b->model);
}

int main(int argc, char **argv)
{
    tern_error error = {0};
    bench b = {0};
    int rounds = (int)bench_number(argc, argv, "--rounds", 9), status;
    if (rounds < 1 || rounds > BENCH_MAX_ROUNDS)
        tern_fail(&error, "--rounds takes 1 to %d", BENCH_MAX_ROUNDS);
    if (error.message[0] || prepare(&b, argc, argv, &error) < 0 || encode(&b, &error) < 0)
        return bench_fail("bench_encode", &error);
    status = bench_flag(argc, argv, "--serve") ? serve(&b, &error) : summarise(&b, rounds, &error);
    finish(&b);
    return status < 0 ? bench_fail("bench_encode", &error) : 0;
}
