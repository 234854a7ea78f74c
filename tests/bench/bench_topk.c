/* The speed of exact search: the k best of many vectors by dot product.
 *
 *     bench_topk [--docs D.npy --queries Q.npy] [--random N] [--k N] [--threads N] [--rounds N | --serve]
 *
 * float32 matrices of one width; or N random documents (100,000) and 1,000 queries, 384 wide. Timed is all that a
 * search takes once vectors are in memory: scores, heaps, and the sorted hits of every query. The first search warms
 * up. */
#include "tests/bench/bench.h"

#include "autograd/gemm.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/npy.h"
#include "search/topk.h"

typedef struct bench {
    tern_npy docs, queries;
    int64_t k;
    tern_hit *hits; /* [queries, k] */
} bench;

static tern_npy random_rows(int64_t rows, uint64_t seed)
{
    tern_npy m = {.rows = rows, .cols = 384};
    m.data = tern_alloc((size_t)(rows * m.cols), sizeof *m.data);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < rows * m.cols; i++)
        m.data[i] = (float)tern_random_unit(seed, 0, (uint64_t)i, 0) - 0.5f;
    return m;
}

static int read_matrices(bench *b, const char *docs, const char *queries, tern_error *error)
{
    if (!docs || !queries)
        return tern_fail(error, "--docs D.npy and --queries Q.npy go together");
    if (tern_npy_read(&b->docs, docs, error) < 0 || tern_npy_read(&b->queries, queries, error) < 0)
        return -1;
    if (b->docs.cols != b->queries.cols)
        return tern_fail(error, "%s and %s: widths differ", docs, queries);
    return 0;
}

static int prepare(bench *b, int argc, char **argv, tern_error *error)
{
    const char *docs = bench_text(argc, argv, "--docs", NULL), *queries = bench_text(argc, argv, "--queries", NULL);
    b->k = (int64_t)bench_number(argc, argv, "--k", 100);
    if (tern_threads_start((int)bench_number(argc, argv, "--threads", 0), error) < 0)
        return -1;
    if (docs || queries) {
        if (read_matrices(b, docs, queries, error) < 0)
            return -1;
    } else {
        b->docs = random_rows((int64_t)bench_number(argc, argv, "--random", 100000), 1);
        b->queries = random_rows(1000, 2);
    }
    if (b->k < 1 || b->k > b->docs.rows || b->queries.rows < 1)
        return tern_fail(error, "--k isn't 1 to %lld, the number of documents, or there are no queries",
                         (long long)b->docs.rows);
    b->hits = tern_calloc((size_t)(b->queries.rows * b->k), sizeof *b->hits);
    return 0;
}

/* Seconds. */
static double search(bench *b)
{
    double start = tern_seconds();
    tern_topk *t = tern_topk_create(b->queries.data, b->queries.rows, b->docs.cols, b->docs.rows, NULL, b->k);
    tern_topk_add(t, b->docs.data, NULL, 0, b->docs.rows);
    for (int64_t q = 0; q < b->queries.rows; q++)
        tern_topk_take(t, q, b->hits + q * b->k);
    tern_topk_free(t);
    return tern_seconds() - start;
}

/* Sums over all queries of the best and of the last score: what a peer's must equal. */
static void print_ready(const bench *b)
{
    double best = 0, last = 0;
    for (int64_t q = 0; q < b->queries.rows; q++) {
        best += (double)b->hits[q * b->k].score;
        last += (double)b->hits[(q + 1) * b->k - 1].score;
    }
    printf("{\"same\": {\"docs\": %lld, \"queries\": %lld}, \"close\": {\"best\": %.9g, \"last\": %.9g}}\n",
           (long long)b->docs.rows, (long long)b->queries.rows, best / (double)b->queries.rows,
           last / (double)b->queries.rows);
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
    printf("{\"docs\": %lld, \"queries\": %lld, \"k\": %lld, \"threads\": %d, \"seconds\": %.4f, "
           "\"queries_per_second\": %.0f, \"peak_memory_mb\": %.0f}\n",
           (long long)b->docs.rows, (long long)b->queries.rows, (long long)b->k, tern_threads(), median,
           (double)b->queries.rows / median, tern_peak_memory_mb());
}

int main(int argc, char **argv)
{
    tern_error error = {0};
    bench b = {0};
    int rounds = (int)bench_number(argc, argv, "--rounds", 9);
    if (rounds < 1 || rounds > BENCH_MAX_ROUNDS)
        tern_fail(&error, "--rounds takes 1 to %d", BENCH_MAX_ROUNDS);
    if (error.message[0] || prepare(&b, argc, argv, &error) < 0)
        return bench_fail("bench_topk", &error);
    search(&b);
    if (bench_flag(argc, argv, "--serve"))
        serve(&b);
    else
        summarise(&b, rounds);
    tern_npy_free(&b.docs);
    tern_npy_free(&b.queries);
    free(b.hits);
    return 0;
}
