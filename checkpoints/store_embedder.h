/* A model as an embedder that takes from the embedding store what it holds, and keeps there what it had to encode.
 * Vectors are those of the model bit for bit, whatever the store holds.
 *
 *     tern_model_source source = {.model = model, .progress = show, .total = n};
 *     tern_stored stored = {.source = &source};
 *     tern_embedder embedder = tern_stored_embedder(&stored);
 *     ... evaluate with it ...
 *     tern_stored_close(&stored);                       // stored.found vectors came from the store */
#ifndef TERN_CHECKPOINTS_STORE_EMBEDDER_H
#define TERN_CHECKPOINTS_STORE_EMBEDDER_H

#include "checkpoints/model_embedder.h"
#include "checkpoints/store.h"

typedef struct tern_stored {
    tern_model_source *source; /* borrowed. Its total is lowered by what the store has: progress is of encoding alone */
    int off;                   /* 1: the model changes: all is encoded, and nothing kept */
    int64_t found, encoded;    /* vectors that came from the store, and from the model */
    int began;                 /* 1: there was no store before */
    tern_error lost;           /* the sentence that what was encoded isn't kept; "": it is */
    /* private */
    int tried; /* 1: the store was looked for */
    tern_store *store;
    tern_store_key model; /* its fingerprint */
} tern_stored;

/* stored is borrowed as long as the embedder is used; the model must not change meanwhile. The store is that of
 * TERN_STORE (tern_store_limit) in tern's cache folder. It is used when the source's total is 1,000 texts or more, or
 * from the first call on that has 64 kB of text: fewer are encoded about as fast, and nothing is written. */
tern_embedder tern_stored_embedder(tern_stored *stored);
/* The counts stay. */
void tern_stored_close(tern_stored *stored);
/* What there is to tell of it, a line and a new string, or NULL: that vectors came from the store, or that there is one
 * from now on. What is lost is a warning and for the caller to give. */
char *tern_stored_words(const tern_stored *stored);

#endif
