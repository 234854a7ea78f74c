/* The formulas of memory_plan.h with arena and pool apart: passes that follow each other share both. Private to
 * train/. */
#ifndef TERN_TRAIN_MEMORY_SIZES_H
#define TERN_TRAIN_MEMORY_SIZES_H

#include "train/memory_plan.h"

/* What a tape holds: outputs and saved blocks; buffers of gradients; the room of segments (autograd/segments.h). */
typedef struct tern_memory_tape {
    int64_t arena, pool, room;
} tern_memory_tape;

/* Width of the encoder's vectors. */
int64_t tern_memory_dim(const tern_encoder_config *config);
tern_memory_tape tern_memory_tape_of_pass(const tern_encoder_config *config, const tern_memory_pass *pass);
/* What losses take over vectors of width dim, with the gradients. */
tern_memory_tape tern_memory_tape_of_loss(const tern_memory_batch *batch, int64_t dim);

#endif
