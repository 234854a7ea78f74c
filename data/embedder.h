/* The one seam between what makes vectors of texts and all that uses them: training's exams and second models,
 * evaluation, search and mining take an embedder and never ask what stands behind it. A model is one
 * (checkpoints/model_embedder.h).
 *
 *     tern_model_source source = {.model = model};
 *     tern_embedder embedder = tern_model_embedder(&source);
 *     tern_vectors_embed(&embedder, TERN_ROLE_QUERY, texts, n, out, &error);        // search/vectors.h */
#ifndef TERN_DATA_EMBEDDER_H
#define TERN_DATA_EMBEDDER_H

#include "base/error.h"
#include "data/similarity_kind.h"

#include <stdint.h>

/* What a text is embedded as; a model puts another prompt before each. */
typedef enum tern_role {
    TERN_ROLE_NONE,    /* neither: both sides of a pair whose similarity is judged */
    TERN_ROLE_QUERY,   /* anchors of triplets too */
    TERN_ROLE_DOCUMENT /* positives and negatives too */
} tern_role;

typedef struct tern_embedder {
    const char *name;           /* for messages: a model's name, a file's path; borrowed */
    int64_t dim;                /* components of a vector */
    tern_similarity similarity; /* how its vectors are compared */
    /* Writes the vectors of n texts in valid UTF-8 into out [n, dim]; they need not be normalised. Returns a negative
     * value with a sentence on failure. */
    int (*embed)(void *self, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error);
    void *self;
} tern_embedder;

#endif
