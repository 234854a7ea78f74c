#include "data/similarity_kind.h"

#include <string.h>

static const char *const names[TERN_SIMILARITIES] = {
    [TERN_SIMILARITY_COSINE] = "cosine",
    [TERN_SIMILARITY_EUCLIDEAN] = "euclidean",
    [TERN_SIMILARITY_MANHATTAN] = "manhattan",
    [TERN_SIMILARITY_DOT] = "dot",
};

const char *tern_similarity_name(tern_similarity similarity)
{
    return names[similarity];
}

const char *tern_similarity_spearman(tern_similarity similarity)
{
    static const char *const metrics[TERN_SIMILARITIES] = {
        [TERN_SIMILARITY_COSINE] = "cosine_spearman",
        [TERN_SIMILARITY_EUCLIDEAN] = "euclidean_spearman",
        [TERN_SIMILARITY_MANHATTAN] = "manhattan_spearman",
        [TERN_SIMILARITY_DOT] = "dot_spearman",
    };
    return metrics[similarity];
}

int tern_similarity_find(const char *name)
{
    for (int i = 0; i < TERN_SIMILARITIES; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}
