/* Vectors of texts as they are compared: taken from an embedder, normalised, and two of them set side by side. */
#ifndef TERN_SEARCH_VECTORS_H
#define TERN_SEARCH_VECTORS_H

#include "data/embedder.h"

#include <stdint.h>

/* Divides each row of x [n, dim] by its Euclidean norm (summed in double); a row of zeros stays one. Returns the first
 * row that holds a value that is not finite, or n. */
int64_t tern_vectors_normalise(float *x, int64_t n, int64_t dim);

/* Vectors of n texts, ready to be compared, into out [n, dim]: normalised where the embedder's similarity is the
 * cosine, so that it is their dot product, else as the model gives them. Each distinct text is embedded once, so that
 * equal texts get the same bits. Fails when a vector holds NaN or an infinity, quoting the text. */
int tern_vectors_embed(const tern_embedder *embedder, tern_role role, const char *const *texts, int64_t n, float *out,
                       tern_error *error);
/* The same, as the model gives them whatever the similarity is. */
int tern_vectors_embed_raw(const tern_embedder *embedder, tern_role role, const char *const *texts, int64_t n,
                           float *out, tern_error *error);

/* same[i] [n]: the first place of a text equal to texts[i] (i itself when there is none before it). */
void tern_texts_same(const char *const *texts, int64_t n, int64_t *same);

/* A dot product in a fixed order of additions: the same two vectors give the same bits wherever they lie. */
float tern_vectors_dot(const float *a, const float *b, int64_t dim);
/* The similarity of vectors that tern_vectors_embed made, in a fixed order of additions too. */
float tern_vectors_compare(tern_similarity similarity, const float *a, const float *b, int64_t dim);

#endif
