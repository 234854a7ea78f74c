/* A run's training state on disk: everything that the rest of the run is a function of. */
#ifndef TERN_TRAIN_CHECKPOINT_H
#define TERN_TRAIN_CHECKPOINT_H

#include "checkpoints/state.h"
#include "train/average.h"
#include "train/idle.h"
#include "train/optimizer.h"
#include "train/run_folder.h"

/* What a run carries from step to step besides weights and moments. */
typedef struct tern_progress {
    int64_t step;           /* taken so far */
    int64_t evaluated_step; /* the last step that was scored on dev; 0: none */
    int64_t best_step;      /* 0: none */
    double best_score;
    int64_t without_gain;            /* evaluations since the best one */
    int64_t tokens;                  /* of all steps */
    double seconds;                  /* in all steps, over all processes */
    int64_t idle[TERN_IDLE_REASONS]; /* steps that taught nothing, by the reason */
} tern_progress;

/* What a checkpoint is taken of and put back into. It is an error for a file to hold more or less than that, so heads
 * and average are NULL in all checkpoints of a run or in none. */
typedef struct tern_checkpoint {
    const tern_run_folder *folder;
    const char *identity; /* of the run, see run_folder.h */
    const char *inputs;   /* of the run: tern_inputs_text */
    tern_params *params;
    tern_optimizer *optimizer;
    tern_params *heads; /* what the losses learn, and its moments; NULL or without tensors: nothing */
    tern_optimizer *heads_optimizer;
    tern_average *average;           /* NULL: none */
    int64_t *negatives, n_negatives; /* lists that are mined anew (train/remine.h); NULL: none are */
    tern_progress *progress;
} tern_checkpoint;

/* Writes checkpoints/step-N.h5 and removes all but the newest keep. params must hold what is trained, not the average:
 * swap them before. */
int tern_checkpoint_save(const tern_checkpoint *checkpoint, int64_t keep, tern_error *error);

/* A checkpoint that a run can go on from. */
typedef struct tern_restart {
    int64_t step;       /* -1: there is none at all */
    char *inputs;       /* that the run had then */
    tern_error skipped; /* about newer ones that can't be read; empty: there are none */
    tern_state_file *file;
} tern_restart;

/* Finds the newest checkpoint that can be read, and puts nothing back yet. Fails when none of those there can be, and
 * when what training depends on has changed, naming it; the test data may be others. To be closed in any case. */
int tern_checkpoint_find(const tern_checkpoint *checkpoint, tern_restart *restart, tern_error *error);
/* Puts it back. */
int tern_checkpoint_load(const tern_checkpoint *checkpoint, const tern_restart *restart, tern_error *error);
void tern_restart_close(tern_restart *restart);

/* best.h5: the weights that params hold (the average's while they are swapped, as at an evaluation), with their step.
 * Loading puts them there: params are then to be exported, no longer to be swapped or trained. */
int tern_best_save(const tern_checkpoint *checkpoint, tern_error *error);
int tern_best_load(const tern_checkpoint *checkpoint, tern_error *error);
/* Fails when there is a best step, but no best.h5 that can be read: better said before the rest is trained. */
int tern_best_check(const tern_checkpoint *checkpoint, tern_error *error);

#endif
