#include "train/watched.h"

static void show(void *context, int64_t done, int64_t total)
{
    const tern_watched *how = context;
    if (how->watch->work)
        how->watch->work(how->watch->context, how->label, done, total);
}

tern_model_source tern_watched_source(const tern_watched *how, tern_model *model, int64_t total)
{
    return (tern_model_source){
        .model = model, .progress = show, .context = (void *)how, .total = total, .stop = how->watch->stop};
}
