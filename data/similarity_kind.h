/* How two vectors are compared: what a model's files say by name, and everything that ranks or scores goes by. More is
 * more alike: distances are taken negative. */
#ifndef TERN_DATA_SIMILARITY_KIND_H
#define TERN_DATA_SIMILARITY_KIND_H

typedef enum tern_similarity {
    TERN_SIMILARITY_COSINE,
    TERN_SIMILARITY_EUCLIDEAN,
    TERN_SIMILARITY_MANHATTAN,
    TERN_SIMILARITY_DOT,
    TERN_SIMILARITIES
} tern_similarity;

/* "cosine", "euclidean", "manhattan", "dot": as sentence-transformers writes them. */
const char *tern_similarity_name(tern_similarity similarity);
/* The metric of pairs with scores that goes by it: "cosine_spearman". */
const char *tern_similarity_spearman(tern_similarity similarity);
/* The one of that name, or -1. */
int tern_similarity_find(const char *name);

#endif
