#include "eval/similarity.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Rows whose vectors are held at a time. */
enum { ROW_CHUNK = 8192 };

/* aa * bb is rounded once, and the root of a rounded square is what was squared: for a equal to b the cosine is 1. */
static void compare_vectors(const float *a, const float *b, int64_t dim, double *out)
{
    double aa = 0, bb = 0, ab = 0, square = 0, distance = 0;
    for (int64_t i = 0; i < dim; i++) {
        double x = (double)a[i], y = (double)b[i];
        aa += x * x;
        bb += y * y;
        ab += x * y;
        square += (x - y) * (x - y);
        distance += fabs(x - y);
    }
    out[TERN_SIMILARITY_COSINE] = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
    out[TERN_SIMILARITY_EUCLIDEAN] = -sqrt(square);
    out[TERN_SIMILARITY_MANHATTAN] = -distance;
    out[TERN_SIMILARITY_DOT] = ab;
}

void tern_similarities(const float *a, const float *b, int64_t n, int64_t dim, double *out)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        compare_vectors(a + i * dim, b + i * dim, dim, out + i * TERN_SIMILARITIES);
}

int tern_similarity_check(const tern_rows *rows, tern_error *error)
{
    static const char needs[] = "similarity needs rows with an anchor, a positive and a score";
    if (rows->n == 0 || !rows->has_positive || !rows->has_score)
        return tern_fail(error, "%s; these are %s", needs,
                         rows->n == 0          ? "no rows"
                         : !rows->has_positive ? "without positives"
                                               : "without scores");
    if (rows->n_scores != 1)
        return tern_fail(error, "%s; these have %d scores each", needs, rows->n_scores);
    for (int64_t i = 1; i < rows->n; i++)
        if (rows->score[i] != rows->score[0])
            return 0;
    return tern_fail(error, "every row has the score %g, and nothing goes with scores that are all equal",
                     rows->score[0]);
}

/* Both sides go through the embedder together, so that a text on either is embedded once. */
static int chunk_similarities(const tern_rows *rows, const tern_embedder *embedder, int64_t first, int64_t n,
                              double *out, tern_error *error)
{
    float *vectors = tern_alloc_aligned(2 * (size_t)n * (size_t)embedder->dim, sizeof *vectors);
    const char **texts = tern_alloc(2 * (size_t)n, sizeof *texts);
    for (int64_t i = 0; i < n; i++) {
        texts[i] = tern_texts_get(rows->texts, rows->anchor[first + i], NULL);
        texts[n + i] = tern_texts_get(rows->texts, rows->positive[first + i], NULL);
    }
    int status = tern_vectors_embed_raw(embedder, TERN_ROLE_NONE, texts, 2 * n, vectors, error);
    if (status == 0)
        tern_similarities(vectors, vectors + n * embedder->dim, n, embedder->dim, out);
    free(texts);
    free(vectors);
    return status;
}

static int evaluate_chunk(const tern_rows *rows, const tern_embedder *embedder, int64_t first, int64_t n,
                          tern_scores *scores, tern_error *error)
{
    double *similarities = tern_alloc((size_t)n * TERN_SIMILARITIES, sizeof *similarities);
    int status = chunk_similarities(rows, embedder, first, n, similarities, error);
    for (int64_t i = 0; status == 0 && i < n; i++) {
        double *row = scores->per_query + (first + i) * scores->n_columns;
        row[0] = rows->score[first + i];
        for (int s = 0; s < TERN_SIMILARITIES; s++)
            row[1 + s] = similarities[i * TERN_SIMILARITIES + s];
        scores->query_ids[first + i] = tern_format("%lld", (long long)(first + i) + 1);
    }
    free(similarities);
    return status;
}

int tern_similarity_evaluate(const tern_rows *rows, const tern_embedder *embedder, tern_scores *out, tern_error *error)
{
    static const char *const columns[1 + TERN_SIMILARITIES] = {
        TERN_COLUMN_SCORE, "cosine" TERN_COLUMN_SIMILARITY, "euclidean" TERN_COLUMN_SIMILARITY,
        "manhattan" TERN_COLUMN_SIMILARITY, "dot" TERN_COLUMN_SIMILARITY};
    if (tern_similarity_check(rows, error) < 0)
        return -1;
    tern_scores scores;
    tern_scores_start(&scores, columns, 1 + TERN_SIMILARITIES, rows->n);
    for (int64_t first = 0; first < rows->n; first += ROW_CHUNK) {
        int64_t n = rows->n - first < ROW_CHUNK ? rows->n - first : ROW_CHUNK;
        if (evaluate_chunk(rows, embedder, first, n, &scores, error) < 0) {
            tern_scores_free(&scores);
            return -1;
        }
    }
    tern_scores_finish(&scores);
    *out = scores;
    return 0;
}
