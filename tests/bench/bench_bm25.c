/* The speed of BM25: an index of a file's lines, and the k best of them for each line of another.
 *
 *     bench_bm25 --docs DOCS.txt --queries QUERIES.txt [--k N] [--threads N] [--rounds N | --serve]
 *
 * Words count as they stand, without stop words or stems. Timed is the search; the index is made once, and its seconds
 * are told. The first search warms up. */
#include "tests/bench/bench.h"

#include "autograd/gemm.h"
#include "base/clock.h"
#include "base/memory.h"
#include "data/lines.h"
#include "data/texts.h"
#include "search/bm25.h"

typedef struct lines {
    char **items;
    size_t n, capacity;
} lines;

typedef struct bench {
    lines docs, queries;
    tern_bm25 *index;
    double index_seconds;
    int64_t k;
    tern_hit *hits; /* [queries, k] */
    int64_t *found;
} bench;

static int read_lines(lines *l, const char *path, tern_error *error)
{
    tern_input input;
    const char *line;
    size_t n;
    if (!path)
        return tern_fail(error, "--docs and --queries are needed");
    if (tern_lines_open(&input, path, 0, error) < 0)
        return -1;
    while (tern_input_next(&input, &line, &n)) {
        TERN_GROW(l->items, l->n, l->capacity);
        l->items[l->n++] = tern_strndup(line, n);
    }
    tern_input_close(&input);
    return 0;
}

static int prepare(bench *b, int argc, char **argv, tern_error *error)
{
    static const tern_bm25_options options = {.k1 = 0.9, .b = 0.4};
    b->k = (int64_t)bench_number(argc, argv, "--k", 100);
    if (tern_threads_start((int)bench_number(argc, argv, "--threads", 0), error) < 0 ||
        read_lines(&b->docs, bench_text(argc, argv, "--docs", NULL), error) < 0 ||
        read_lines(&b->queries, bench_text(argc, argv, "--queries", NULL), error) < 0)
        return -1;
    if (b->k < 1 || b->queries.n < 1)
        return tern_fail(error, "--k is below 1, or there are no queries");
    double start = tern_seconds();
    b->index = tern_bm25_create(&options, (const char *const *)b->docs.items, (int64_t)b->docs.n, NULL);
    b->index_seconds = tern_seconds() - start;
    b->hits = tern_calloc(b->queries.n * (size_t)b->k, sizeof *b->hits);
    b->found = tern_calloc(b->queries.n, sizeof *b->found);
    return 0;
}

/* Seconds. */
static double search(bench *b)
{
    double start = tern_seconds();
    tern_bm25_search(b->index, (const char *const *)b->queries.items, (int64_t)b->queries.n, b->k, b->hits, b->found);
    return tern_seconds() - start;
}

/* Means over all queries of the best and of the k-th score, 0 where there is none: what a peer's must equal. */
static void print_ready(const bench *b)
{
    double best = 0, last = 0;
    for (size_t q = 0; q < b->queries.n; q++) {
        best += b->found[q] > 0 ? (double)b->hits[(int64_t)q * b->k].score : 0;
        last += b->found[q] == b->k ? (double)b->hits[(int64_t)(q + 1) * b->k - 1].score : 0;
    }
    printf("{\"same\": {\"docs\": %zu, \"queries\": %zu}, \"close\": {\"best\": %.9g, \"last\": %.9g}}\n", b->docs.n,
           b->queries.n, best / (double)b->queries.n, last / (double)b->queries.n);
}

static void serve(bench *b)
{
    print_ready(b);
    while (bench_asked())
        printf("{\"seconds\": %.6f, \"peak_memory_mb\": %.0f}\n", search(b), tern_peak_memory_mb());
}

static void summarise(bench *b, int rounds)
{
    double seconds[BENCH_MAX_ROUNDS];
    for (int i = 0; i < rounds; i++)
        seconds[i] = search(b);
    double median = bench_median(seconds, rounds);
    printf(
        "{\"docs\": %zu, \"queries\": %zu, \"k\": %lld, \"threads\": %d, \"index_seconds\": %.4f, \"seconds\": %.4f, "
        "\"queries_per_second\": %.0f, \"peak_memory_mb\": %.0f}\n",
        b->docs.n, b->queries.n, (long long)b->k, tern_threads(), b->index_seconds, median,
        (double)b->queries.n / median, tern_peak_memory_mb());
}

static void free_lines(lines *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
}

int main(int argc, char **argv)
{
    tern_error error = {0};
    bench b = {0};
    int rounds = (int)bench_number(argc, argv, "--rounds", 9);
    if (rounds < 1 || rounds > BENCH_MAX_ROUNDS)
        tern_fail(&error, "--rounds takes 1 to %d", BENCH_MAX_ROUNDS);
    if (error.message[0] || prepare(&b, argc, argv, &error) < 0)
        return bench_fail("bench_bm25", &error);
    search(&b);
    if (bench_flag(argc, argv, "--serve"))
        serve(&b);
    else
        summarise(&b, rounds);
    tern_bm25_free(b.index);
    free_lines(&b.docs);
    free_lines(&b.queries);
    free(b.hits);
    free(b.found);
    return 0;
}
