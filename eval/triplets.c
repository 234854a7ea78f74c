#include "eval/triplets.h"

#include "base/memory.h"

#include <stdlib.h>

/* Rows whose vectors are held at a time. */
enum { ROW_CHUNK = 8192 };

static double norm(const float *x, int64_t dim)
{
    double square = 0;
    for (int64_t i = 0; i < dim; i++)
        square += (double)x[i] * (double)x[i];
    return square;
}

/* cos(a, p) > cos(a, n) without dividing by |a|. Vectors of the same text are equal to the bit and so tie; the sums
 * are doubles, so that nothing else does by rounding. */
static double cosine_times_anchor(const float *a, const float *x, int64_t dim)
{
    double dot = 0, square = norm(x, dim);
    for (int64_t i = 0; i < dim; i++)
        dot += (double)a[i] * (double)x[i];
    return square > 0 ? dot / __builtin_sqrt(square) : 0;
}

static double distance(tern_similarity similarity, const float *a, const float *x, int64_t dim)
{
    double sum = 0;
    for (int64_t i = 0; i < dim; i++) {
        double difference = (double)a[i] - (double)x[i];
        sum += similarity == TERN_SIMILARITY_EUCLIDEAN ? difference * difference : __builtin_fabs(difference);
    }
    return sum;
}

static double dot(const float *a, const float *x, int64_t dim)
{
    double sum = 0;
    for (int64_t i = 0; i < dim; i++)
        sum += (double)a[i] * (double)x[i];
    return sum;
}

/* How near x is to a, in the order of the similarity. */
static double nearness(tern_similarity similarity, const float *a, const float *x, int64_t dim)
{
    if (similarity == TERN_SIMILARITY_COSINE)
        return cosine_times_anchor(a, x, dim);
    return similarity == TERN_SIMILARITY_DOT ? dot(a, x, dim) : -distance(similarity, a, x, dim);
}

double tern_triplet_accuracy(tern_similarity similarity, const float *anchor, const float *positive,
                             const float *negative, int64_t n, int64_t n_negatives, int64_t dim, double *right)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        const float *a = anchor + i * dim;
        double near = nearness(similarity, a, positive + i * dim, dim);
        int64_t beaten = 0;
        for (int64_t j = 0; j < n_negatives; j++)
            beaten += near > nearness(similarity, a, negative + (i * n_negatives + j) * dim, dim);
        right[i] = (double)beaten / (double)n_negatives;
    }
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += right[i];
    return n ? sum / (double)n : 0;
}

static int embed_ids(const tern_rows *rows, const tern_embedder *embedder, tern_role role, const int64_t *ids,
                     int64_t n, float *out, tern_error *error)
{
    const char **texts = tern_alloc((size_t)n, sizeof *texts);
    for (int64_t i = 0; i < n; i++)
        texts[i] = tern_texts_get(rows->texts, ids[i], NULL);
    int status = tern_vectors_embed(embedder, role, texts, n, out, error);
    free(texts);
    return status;
}

/* Positives and negatives go through the embedder together, so that a text among both is embedded once. */
static int chunk_accuracy(const tern_rows *rows, const tern_embedder *embedder, int64_t first, int64_t n, double *right,
                          tern_error *error)
{
    int64_t per_row = rows->n_negatives, others = n * (1 + per_row), dim = embedder->dim;
    float *vectors = tern_alloc_aligned((size_t)(n + others) * (size_t)dim, sizeof *vectors),
          *positives = vectors + n * dim;
    int64_t *ids = tern_alloc((size_t)others, sizeof *ids);
    for (int64_t i = 0; i < n; i++)
        ids[i] = rows->positive[first + i];
    for (int64_t i = 0; i < n * per_row; i++)
        ids[n + i] = rows->negative[first * per_row + i];
    int status = embed_ids(rows, embedder, TERN_ROLE_QUERY, rows->anchor + first, n, vectors, error);
    if (status == 0)
        status = embed_ids(rows, embedder, TERN_ROLE_DOCUMENT, ids, others, positives, error);
    if (status == 0)
        tern_triplet_accuracy(embedder->similarity, vectors, positives, positives + n * dim, n, per_row, dim, right);
    free(ids);
    free(vectors);
    return status;
}

int tern_triplets_evaluate(const tern_rows *rows, const tern_embedder *embedder, tern_scores *out, tern_error *error)
{
    if (rows->n == 0 || !rows->has_positive || rows->n_negatives == 0)
        return tern_fail(error, "triplet accuracy needs rows with an anchor, a positive and a negative; these are %s",
                         rows->n == 0         ? "no rows"
                         : rows->has_positive ? "without negatives"
                                              : "without positives");
    tern_scores scores;
    tern_scores_start(&scores, (const char *const[]){"triplet_accuracy"}, 1, rows->n);
    for (int64_t first = 0; first < rows->n; first += ROW_CHUNK) {
        int64_t n = rows->n - first < ROW_CHUNK ? rows->n - first : ROW_CHUNK;
        if (chunk_accuracy(rows, embedder, first, n, scores.per_query + first, error) < 0) {
            tern_scores_free(&scores);
            return -1;
        }
    }
    for (int64_t i = 0; i < rows->n; i++)
        scores.query_ids[i] = tern_format("%lld", (long long)i + 1);
    tern_scores_finish(&scores);
    *out = scores;
    return 0;
}
