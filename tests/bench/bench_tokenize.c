/* The speed of tokenizing: texts that are in memory already, and the command from start to end.
 *
 *     bench_tokenize TOKENIZER TEXTS [--rounds N] [--threads N] [--max-length N] [--tern PROGRAM]
 *
 * TOKENIZER is a model's folder or a vocab.txt; TEXTS a .jsonl file whose rows have a "text", or a file of one text a
 * line. With --tern also "PROGRAM tokenize TOKENIZER TEXTS" is timed, its output going to /dev/null. Printed is one
 * JSON object: medians of the rounds, the first round (nothing is cached) apart, and the hash of all ids (tern_hash, -1
 * after each text), by which run-benchmarks sees that both made the same. */
#include "tests/bench/bench.h"

#include "autograd/gemm.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/input.h"
#include "data/jsonl.h"
#include "data/tokenizer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ROUNDS = 1001 };

/* Texts one after another, 0-terminated, in memory of their own. */
typedef struct texts {
    const char **items;
    size_t *lengths;
    size_t n, capacity, lengths_capacity, bytes;
    tern_arena *arena;
} texts;

static void add_text(texts *list, const char *text, size_t n)
{
    TERN_GROW(list->lengths, list->n, list->lengths_capacity);
    TERN_GROW(list->items, list->n, list->capacity);
    char *copy = tern_arena_alloc(list->arena, n + 1);
    memcpy(copy, text, n);
    copy[n] = 0;
    list->bytes += n;
    list->lengths[list->n] = n;
    list->items[list->n++] = copy;
}

static int ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), k = strlen(ending);
    return n >= k && strcmp(path + n - k, ending) == 0;
}

static int read_jsonl(texts *list, const char *path, tern_error *error)
{
    tern_jsonl *reader = tern_jsonl_open(path, 0, error);
    const char *text;
    size_t n;
    int status = reader ? 1 : -1;
    while (status > 0 && (status = tern_jsonl_next(reader, error)) > 0) {
        if (tern_jsonl_string(reader, "text", &text, &n, error) < 0)
            status = -1;
        else
            add_text(list, text, n);
    }
    tern_jsonl_close(reader);
    return status;
}

static int read_texts(texts *list, const char *path, tern_error *error)
{
    tern_input input;
    const char *line;
    size_t n;
    if (ends_in(path, ".jsonl"))
        return read_jsonl(list, path, error);
    if (tern_input_open(&input, path, 0, error) < 0)
        return -1;
    while (tern_input_next(&input, &line, &n))
        add_text(list, line, n);
    tern_input_close(&input);
    return 0;
}

static uint64_t hash_ids(const tern_ids *ids)
{
    tern_buffer flat = {0};
    int32_t end = -1;
    for (int64_t i = 0; i < ids->n; i++) {
        tern_buffer_add(&flat, ids->ids + ids->offsets[i],
                        (size_t)(ids->offsets[i + 1] - ids->offsets[i]) * sizeof end);
        tern_buffer_add(&flat, &end, sizeof end);
    }
    uint64_t hash = tern_hash(flat.data, flat.n, 0);
    tern_buffer_free(&flat);
    return hash;
}

/* Seconds of the command, or 0 when it can't be run. */
static double run_command(const char *program, const char *tokenizer, const char *path, int threads)
{
    char number[16];
    snprintf(number, sizeof number, "%d", threads);
    double start = tern_seconds();
    pid_t child = fork();
    if (child == 0) {
        int out = open("/dev/null", O_WRONLY);
        dup2(out, 1);
        execl(program, program, "tokenize", tokenizer, path, "--threads", number,
              ends_in(path, ".jsonl") ? "--jsonl" : (char *)NULL, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? tern_seconds() - start : 0;
}

/* Seconds that all threads of this process have computed: what a busy machine doesn't change as much. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
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

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 3; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

int main(int argc, char **argv)
{
    tern_error error = {0};
    int rounds = argc > 2 ? atoi(option(argc, argv, "--rounds", "9")) : 0;
    if (rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr,
                "usage: bench_tokenize TOKENIZER TEXTS [--rounds 1...%d] [--threads N] [--max-length N] "
                "[--tern PROGRAM]\n",
                MAX_ROUNDS);
        return 2;
    }
    int64_t max_length = atoll(option(argc, argv, "--max-length", "0"));
    const char *program = option(argc, argv, "--tern", NULL);
    texts list = {.arena = tern_arena_create()};
    double load = tern_seconds();
    tern_tokenizer *tokenizer = NULL;
    if (tern_threads_start(atoi(option(argc, argv, "--threads", "0")), &error) == 0)
        tokenizer = ends_in(argv[1], ".txt") ? tern_tokenizer_from_vocab(argv[1], 1, &error)
                                             : tern_tokenizer_load(argv[1], &error);
    load = tern_seconds() - load;
    if (!tokenizer || read_texts(&list, argv[2], &error) < 0) {
        fprintf(stderr, "bench_tokenize: %s\n", error.message);
        return 1;
    }
    double seconds[MAX_ROUNDS], cpu[MAX_ROUNDS], commands[MAX_ROUNDS] = {0}, first = 0, first_cpu = 0;
    tern_ids ids = {0};
    for (int i = -1; i < rounds; i++) {
        ids.n = 0;
        double start = tern_seconds(), start_cpu = cpu_seconds();
        tern_tokenizer_encode_all(tokenizer, NULL, list.items, list.lengths, (int64_t)list.n, max_length, &ids);
        *(i < 0 ? &first_cpu : &cpu[i]) = cpu_seconds() - start_cpu;
        *(i < 0 ? &first : &seconds[i]) = tern_seconds() - start;
        if (program && i >= 0)
            commands[i] = run_command(program, argv[1], argv[2], tern_threads());
    }
    double tokens = list.n ? (double)ids.offsets[ids.n] : 0, time = median(seconds, rounds);
    double work = median(cpu, rounds);
    printf("{\"texts\": %zu, \"bytes\": %zu, \"tokens\": %.0f, \"threads\": %d, \"load_seconds\": %.4f, ", list.n,
           list.bytes, tokens, tern_threads(), load);
    printf("\"first_seconds\": %.5f, \"first_cpu_seconds\": %.5f, \"seconds\": %.5f, \"cpu_seconds\": %.5f, ", first,
           first_cpu, time, work);
    printf("\"tokens_per_second\": %.0f, \"tokens_per_cpu_second\": %.0f, \"megabytes_per_second\": %.0f, "
           "\"ids_hash\": \"%016" PRIx64 "\", \"ids\": %lld",
           tokens / time, tokens / work, (double)list.bytes / time / 1e6, hash_ids(&ids),
           list.n ? bench_checksum(ids.ids, ids.offsets[ids.n]) : 0);
    if (program) {
        double command = median(commands, rounds);
        printf(", \"command_seconds\": %.4f, \"command_tokens_per_second\": %.0f", command,
               command > 0 ? tokens / command : 0);
    }
    printf("}\n");
    tern_ids_free(&ids);
    tern_tokenizer_free(tokenizer);
    tern_arena_free(list.arena);
    free(list.items);
    free(list.lengths);
    return 0;
}
