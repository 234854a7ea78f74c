#include "search/ranker.h"

#include <stdlib.h>

void tern_ranker_free(tern_ranker *ranker)
{
    if (ranker)
        ranker->free(ranker->self);
    free(ranker);
}
