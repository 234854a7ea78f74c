/* What a run says of the embedding store. */
#ifndef TERN_TRAIN_STORED_H
#define TERN_TRAIN_STORED_H

#include "checkpoints/store_embedder.h"
#include "train/train.h"

/* tern_stored_words to watch->say, and to watch->warn that vectors are not kept, where there are both. */
void tern_train_say_stored(const tern_stored *stored, const tern_train_watch *watch);

#endif
