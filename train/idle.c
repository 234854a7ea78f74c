#include "train/idle.h"

#include "base/memory.h"
#include "base/pair_mask.h"

#include <string.h>

static const struct {
    const char *name, *words;
} reasons[TERN_IDLE_REASONS] = {
    [TERN_IDLE_ONE_ROW] = {"one_row", "a batch of one row"},
    [TERN_IDLE_ALL_MASKED] = {"all_masked", "every candidate masked"},
    [TERN_IDLE_ONE_LABEL] = {"one_label", "one label in the batch"},
    [TERN_IDLE_LONE_LABELS] = {"lone_labels", "no two rows of a label in the batch"},
    [TERN_IDLE_ONE_SCORE] = {"one_score", "one score in the batch"},
    [TERN_IDLE_NOTHING_LEFT] = {"nothing_left", "nothing left to correct"},
};

const char *tern_idle_name(int idle)
{
    return idle == TERN_IDLE_NONE ? NULL : reasons[idle].name;
}

const char *tern_idle_words(int idle)
{
    return idle == TERN_IDLE_NONE ? NULL : reasons[idle].words;
}

static int all_masked(const tern_batch *batch)
{
    int64_t width = batch->n * (1 + batch->n_negatives);
    for (int64_t i = 0; i < batch->n; i++)
        for (int64_t j = 0; j < width; j++)
            if (i != j && !(batch->masked[i * width + j] & TERN_PAIR_NO_NEGATIVE))
                return 0;
    return 1;
}

/* 1: all rows have one label; 0: two rows have one, and others another; -1: each row has its own. */
static int labels_agree(const tern_batch *batch)
{
    int same = 1, repeated = 0;
    for (int64_t i = 0; i < batch->n; i++)
        same &= batch->label[i] == batch->label[0];
    for (int64_t i = 0; i < batch->n && !repeated; i++)
        for (int64_t j = 0; j < i && !repeated; j++)
            repeated = batch->label[i] == batch->label[j];
    return same ? 1 : repeated ? 0 : -1;
}

static int one_score(const tern_batch *batch)
{
    for (int64_t i = 1; i < batch->n * batch->n_scores; i++)
        if (batch->score[i] != batch->score[0])
            return 0;
    return 1;
}

static tern_idle reason_of(const tern_loss *loss, const tern_batch *batch)
{
    int by_order = strcmp(loss->name, "cosent") == 0 || (strcmp(loss->name, "angle") == 0 && batch->n_negatives == 0);
    int compares = loss->in_batch ? batch->n_negatives == 0 : (loss->needs & TERN_NEEDS_SEVERAL) || by_order;
    if (batch->n == 1 && compares)
        return TERN_IDLE_ONE_ROW;
    if (loss->in_batch && batch->is_masked && all_masked(batch))
        return TERN_IDLE_ALL_MASKED;
    if ((loss->needs & TERN_NEEDS_LABEL) && (loss->needs & TERN_NEEDS_SEVERAL) && labels_agree(batch) != 0)
        return labels_agree(batch) > 0 ? TERN_IDLE_ONE_LABEL : TERN_IDLE_LONE_LABELS;
    return by_order && one_score(batch) ? TERN_IDLE_ONE_SCORE : TERN_IDLE_NOTHING_LEFT;
}

tern_idle tern_idle_reason(const tern_objective *objective, const tern_batch *batch)
{
    tern_idle found = TERN_IDLE_NOTHING_LEFT;
    for (int i = 0; i < objective->n_losses && found == TERN_IDLE_NOTHING_LEFT; i++)
        found = reason_of(tern_loss_find(objective->losses[i].name), batch);
    return found;
}
