/* A model at work for a run: what it encodes is shown to who watches, under a label, and ends when they want a stop. */
#ifndef TERN_TRAIN_WATCHED_H
#define TERN_TRAIN_WATCHED_H

#include "checkpoints/model_embedder.h"
#include "train/train.h"

typedef struct tern_watched {
    const tern_train_watch *watch; /* borrowed, as label */
    const char *label;
} tern_watched;

/* The model as a source of vectors for so many texts; how and model are borrowed as long as it is used. */
tern_model_source tern_watched_source(const tern_watched *how, tern_model *model, int64_t total);

#endif
