/* All that one training run holds, shared by the files that prepare it, drive it and end it. Private to train/. */
#ifndef TERN_TRAIN_TRAINING_H
#define TERN_TRAIN_TRAINING_H

#include "base/warnings.h"
#include "train/checkpoint.h"
#include "train/exams.h"
#include "train/inputs.h"
#include "train/metrics_log.h"
#include "train/reading.h"
#include "train/remine.h"
#include "train/report.h"
#include "train/trainer.h"

typedef struct tern_training {
    const tern_recipe *recipe;
    const tern_train_options *options;
    char *identity;
    int folder_flags; /* TERN_RUN_* */
    char *base_name;  /* what the base model is read from; NULL: from scratch */
    tern_model *model;
    tern_source *sources;                 /* [recipe->n_sources] */
    tern_inputs found;                    /* what is read, as it is read */
    char *inputs;                         /* all of it: tern_inputs_text */
    uint64_t weights;                     /* hash of the base model's, before training */
    tern_reading readings[TERN_READINGS]; /* the model reads as EXPORTED but while its base is scored */
    uint64_t reading;                     /* tern_readings_hash of them */
    int64_t texts, cut_texts;             /* of the training data: all, and those that are cut */
    tern_exams exams;
    /* Of the base model as everybody uses it; and read as in training, for sets where that makes a difference. */
    tern_scores base[TERN_EXAMS], as_trained[TERN_EXAMS];
    tern_run_folder folder;
    tern_trainer *trainer;
    tern_progress progress;
    tern_restart restart; /* what it goes on from, between claiming and restoring */
    int64_t saved_step;   /* of the newest checkpoint; -1: none */
    tern_metrics_log *metrics, *dev_log;
    tern_remine *remine; /* NULL: nothing is mined anew */
    tern_metrics_log *mining_log;
    json_t *warnings;      /* sentences, for the result */
    tern_coverage missing; /* what judgements name and isn't there, over all BEIR folders */
    int judged;            /* there are BEIR folders */
    json_t *mined;         /* audits by the sources' names; NULL: nothing is mined */
    tern_drawn drawn;      /* of the sources whose negatives are drawn */
    int draws;             /* there are some */
    int64_t shown_tokens;  /* of this process, for tokens per second */
    double shown_seconds;
} tern_training;

/* Setting up, in this order: reads and checks everything and makes the trainer; claims the folder, and finds in it the
 * checkpoint to go on from, unless something that training depends on has changed since; scores the base
 * model (or reads its scores of an earlier start); embeds with second models and puts the newest checkpoint back. */
int tern_training_read(tern_training *run, tern_error *error);
int tern_training_claim(tern_training *run, tern_error *error);
int tern_training_score_base(tern_training *run, tern_error *error);
int tern_training_restore(tern_training *run, tern_error *error);
/* Trains to the end: TERN_TRAIN_DONE or TERN_TRAIN_INTERRUPTED, with a checkpoint of the last step in any case. */
int tern_training_train(tern_training *run, tern_error *error);
/* Exports the best weights, scores the exported folder, writes per_query.csv and result.json; *result is the caller's.
 * The run's model is gone afterwards. */
int tern_training_finish(tern_training *run, json_t **result, tern_error *error);
void tern_training_free(tern_training *run);

tern_checkpoint tern_training_checkpoint(tern_training *run);
/* 1 when the caller wants the run to stop. */
int tern_training_stopping(const tern_training *run);
/* One line for those who watch. */
void tern_training_say(const tern_training *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One sentence that is shown with --quiet too, and kept for result.json; the same one once. */
void tern_training_warn(tern_training *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tern_training_warn_all(tern_training *run, const tern_warnings *warnings);

#endif
