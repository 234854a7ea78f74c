#include "checkpoints/model_embedder.h"

#include "base/integer.h"

#include <string.h>

tern_role tern_model_plain_role(const tern_model *model)
{
    int shared = !model->default_prompt[0] && strcmp(model->query_prompt, model->document_prompt) == 0;
    return shared ? TERN_ROLE_QUERY : TERN_ROLE_NONE;
}

static void show(void *source, int64_t done, int64_t total)
{
    const tern_model_source *s = source;
    (void)total;
    s->progress(s->context, tern_min(s->done + done, s->total), s->total);
}

tern_role tern_model_source_role(const tern_model_source *source, tern_role role)
{
    if (role != TERN_ROLE_NONE || source->no_role)
        return role;
    return source->plain == TERN_ROLE_NONE ? tern_model_plain_role(source->model) : source->plain;
}

static int embed(void *source, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    tern_model_source *s = source;
    tern_embed_options options = {
        .role = tern_model_source_role(s, role), .progress = s->progress ? show : NULL, .context = s, .stop = s->stop};
    int status = tern_model_embed(s->model, &options, texts, n, out, error);
    s->done += n;
    return status;
}

tern_embedder tern_model_embedder(tern_model_source *source)
{
    const tern_model *model = source->model;
    return (tern_embedder){model->name, tern_model_dim(model), model->similarity, embed, source};
}

void tern_model_source_finish(tern_model_source *source)
{
    source->done = source->total;
    if (source->progress && source->total > 0)
        show(source, 0, 0);
}
