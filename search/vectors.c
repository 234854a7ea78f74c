#include "search/vectors.h"

#include "base/hash.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t tern_vectors_normalise(float *x, int64_t n, int64_t dim)
{
    int64_t bad = n;
#pragma omp parallel for schedule(static) reduction(min : bad)
    for (int64_t i = 0; i < n; i++) {
        float *row = x + i * dim;
        double square = 0;
        for (int64_t j = 0; j < dim; j++)
            square += (double)row[j] * (double)row[j];
        if (!isfinite(square) && i < bad)
            bad = i;
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int64_t j = 0; j < dim; j++)
            row[j] = (float)(row[j] * scale);
    }
    return bad;
}

/* Partial sums, so that compilers make vectors of them without reordering anything. */
enum { LANES = 8 };

static float sum_of(const float sum[LANES])
{
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

float tern_vectors_dot(const float *a, const float *b, int64_t dim)
{
    float sum[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= dim; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < dim; i++)
        sum[i % LANES] += a[i] * b[i];
    return sum_of(sum);
}

static float euclidean(const float *a, const float *b, int64_t dim)
{
    float sum[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= dim; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
    for (; i < dim; i++)
        sum[i % LANES] += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrtf(sum_of(sum));
}

static float manhattan(const float *a, const float *b, int64_t dim)
{
    float sum[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= dim; i += LANES)
        for (int j = 0; j < LANES; j++)
            sum[j] += fabsf(a[i + j] - b[i + j]);
    for (; i < dim; i++)
        sum[i % LANES] += fabsf(a[i] - b[i]);
    return sum_of(sum);
}

float tern_vectors_compare(tern_similarity similarity, const float *a, const float *b, int64_t dim)
{
    if (similarity == TERN_SIMILARITY_EUCLIDEAN)
        return -euclidean(a, b, dim);
    if (similarity == TERN_SIMILARITY_MANHATTAN)
        return -manhattan(a, b, dim);
    return tern_vectors_dot(a, b, dim);
}

typedef struct hashed {
    uint64_t hash;
    int64_t place;
    const char *text;
} hashed;

static int by_text_then_place(const void *a, const void *b)
{
    const hashed *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

void tern_texts_same(const char *const *texts, int64_t n, int64_t *same)
{
    hashed *sorted = tern_alloc((size_t)n, sizeof *sorted);
    for (int64_t i = 0; i < n; i++)
        sorted[i] = (hashed){tern_hash(texts[i], strlen(texts[i]), 0), i, texts[i]};
    qsort(sorted, (size_t)n, sizeof *sorted, by_text_then_place);
    int64_t first = 0;
    for (int64_t i = 0; i < n; i++) {
        if (sorted[i].hash != sorted[first].hash || strcmp(sorted[i].text, sorted[first].text))
            first = i;
        same[sorted[i].place] = sorted[first].place;
    }
    free(sorted);
}

/* The distinct texts stand at the front of out, in order of first appearance; text i's vector is at or before row i,
 * so spreading them from the last row to the first overwrites none that is still needed. */
static void spread(float *out, const int64_t *row_of, int64_t n, int64_t dim)
{
    for (int64_t i = n - 1; i >= 0; i--)
        if (row_of[i] != i)
            memcpy(out + i * dim, out + row_of[i] * dim, (size_t)dim * sizeof *out);
}

/* The first row that holds a value that is not finite, or n. */
static int64_t find_not_finite(float *x, int64_t n, int64_t dim)
{
    for (int64_t i = 0; i < n * dim; i++)
        if (!isfinite(x[i]))
            return i / dim;
    return n;
}

/* check: what is done with the distinct vectors; it finds the first one that is not finite. */
static int embed_distinct(const tern_embedder *embedder, tern_role role, const char *const *texts, int64_t n,
                          float *out, int64_t (*check)(float *, int64_t, int64_t), tern_error *error)
{
    static const char *const names[] = {"text", "query", "document"};
    if (n == 0)
        return 0;
    int64_t *row_of = tern_alloc((size_t)n, sizeof *row_of), distinct = 0;
    const char **firsts = tern_alloc((size_t)n, sizeof *firsts);
    tern_texts_same(texts, n, row_of);
    for (int64_t i = 0; i < n; i++) {
        row_of[i] = row_of[i] == i ? distinct : row_of[row_of[i]];
        if (row_of[i] == distinct)
            firsts[distinct++] = texts[i];
    }
    int status = embedder->embed(embedder->self, role, firsts, distinct, out, error);
    if (status >= 0) {
        status = 0;
        int64_t bad = check(out, distinct, embedder->dim);
        if (bad < distinct)
            status =
                tern_fail(error, "the model gives a vector that is not finite for the %s \"%.80s\"; check its weights",
                          names[role], firsts[bad]);
        else
            spread(out, row_of, n, embedder->dim);
    }
    free(firsts);
    free(row_of);
    return status;
}

int tern_vectors_embed(const tern_embedder *embedder, tern_role role, const char *const *texts, int64_t n, float *out,
                       tern_error *error)
{
    int unit = embedder->similarity == TERN_SIMILARITY_COSINE;
    return embed_distinct(embedder, role, texts, n, out, unit ? tern_vectors_normalise : find_not_finite, error);
}

int tern_vectors_embed_raw(const tern_embedder *embedder, tern_role role, const char *const *texts, int64_t n,
                           float *out, tern_error *error)
{
    return embed_distinct(embedder, role, texts, n, out, find_not_finite, error);
}
