/* Steps that teach nothing: the gradient of the loss is exactly 0, whatever the model does with the batch.
 *
 *     int idle = norm == 0 ? tern_idle_reason(&source->objective, &batch) : TERN_IDLE_NONE;
 *     printf("%s", tern_idle_words(idle));                                   // "every candidate masked"
 */
#ifndef TERN_TRAIN_IDLE_H
#define TERN_TRAIN_IDLE_H

#include "train/batch.h"
#include "train/objective.h"

/* Why. */
typedef enum tern_idle {
    TERN_IDLE_NONE = -1,    /* the step taught something */
    TERN_IDLE_ONE_ROW,      /* a batch of one row, and the loss compares rows */
    TERN_IDLE_ALL_MASKED,   /* in-batch losses: no anchor has a negative left */
    TERN_IDLE_ONE_LABEL,    /* losses by label: all rows have one */
    TERN_IDLE_LONE_LABELS,  /* and each row its own */
    TERN_IDLE_ONE_SCORE,    /* losses by the scores' order: all rows have one */
    TERN_IDLE_NOTHING_LEFT, /* none of these: every margin is kept, or the loss is 0 to the last digit */
    TERN_IDLE_REASONS
} tern_idle;

/* Why a step on this batch had no gradient: what explains it for one of the objective's losses. */
tern_idle tern_idle_reason(const tern_objective *objective, const tern_batch *batch);
/* As result.json and metrics.jsonl name it ("all_masked"), and for people ("every candidate masked"). NULL for
 * TERN_IDLE_NONE. */
const char *tern_idle_name(int idle);
const char *tern_idle_words(int idle);

#endif
