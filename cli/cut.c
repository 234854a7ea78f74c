#include "cli/cut.h"

#include "base/words.h"

int tern_cut(tern_model *model, int64_t dim, tern_error *error)
{
    if (!model)
        return -1;
    if (dim > tern_model_dim(model))
        return tern_fail(error, "--dim %lld: the vectors of %s have %lld dimension%s", (long long)dim, model->name,
                         (long long)tern_model_dim(model), tern_s(tern_model_dim(model)));
    if (dim > 0)
        model->truncate_dim = dim;
    return 0;
}
