/* A model as an embedder (data/embedder.h), with progress over all of its calls together.
 *
 *     tern_model_source source = {.model = model, .progress = show, .total = n_docs + n_queries};
 *     tern_embedder embedder = tern_model_embedder(&source);
 *     ... evaluate with it ...
 *     tern_model_source_finish(&source); */
#ifndef TERN_CHECKPOINTS_MODEL_EMBEDDER_H
#define TERN_CHECKPOINTS_MODEL_EMBEDDER_H

#include "checkpoints/model.h"

typedef struct tern_model_source {
    tern_model *model; /* borrowed */
    tern_role plain;   /* whose prompt texts of TERN_ROLE_NONE get; NONE: as tern_model_plain_role says */
    int no_role;       /* 1: they get the default prompt, whatever the prompts of roles are */
    /* Called after each batch with the texts that are done, of all calls, and the total; NULL: never. */
    void (*progress)(void *context, int64_t done, int64_t total);
    void *context;
    int64_t done, total;               /* texts; done begins at 0 */
    const volatile sig_atomic_t *stop; /* once it is not 0 a call fails with "interrupted"; NULL: never */
} tern_model_source;

/* source is borrowed as long as the embedder is used. Its vectors are those of tern_model_embed. */
tern_embedder tern_model_embedder(tern_model_source *source);
/* The last call of progress, at the total: equal texts are embedded once, so the count may have stopped short of it. */
void tern_model_source_finish(tern_model_source *source);

/* The role whose prompt a text gets that is neither query nor document: NONE, the default prompt; but where the model
 * has none, and queries and documents share one, QUERY. */
tern_role tern_model_plain_role(const tern_model *model);
/* The role whose prompt a text of this role gets from the source. */
tern_role tern_model_source_role(const tern_model_source *source, tern_role role);

#endif
