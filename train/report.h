/* The result of a run: one JSON object, and the same for people. */
#ifndef TERN_TRAIN_REPORT_H
#define TERN_TRAIN_REPORT_H

#include "data/coverage.h"
#include "eval/scores.h"
#include "train/checkpoint.h"

#include <jansson.h>

/* Of data sets whose negatives are drawn, together. */
typedef struct tern_drawn {
    int64_t rows_short, rows_without; /* with fewer negatives than are drawn, and with none */
    int64_t anchors_without;          /* whose rows have none */
    int64_t left_out;                 /* negatives that are relevant to their anchors */
} tern_drawn;

/* What a finished run knows. */
typedef struct tern_outcome {
    const char *metric, *model_folder;
    const char *base_model;        /* as the recipe names it; NULL: made from scratch */
    const tern_scores *base;       /* on test: the base as its own folder says; NULL without test */
    const tern_scores *as_trained; /* on test: the base cut and prompted as in training; NULL: no different */
    tern_scores tuned;             /* on test, with base */
    json_t *beside;                /* train/beside.h's object, borrowed; NULL: none */
    tern_comparison test, test_as_trained;
    double dev_base, dev_as_trained; /* of the metric; NAN without dev, or where it is no different */
    int no_eval;                     /* 1: nothing was to be scored */
    int64_t texts, cut_texts;        /* of the training data: all, and those cut at max_seq_length */
    int64_t max_seq_length;
    int64_t steps;                /* taken */
    int64_t memory_plan;          /* bytes: the peak that was announced */
    json_t *warnings;             /* borrowed: an array of sentences; NULL: none */
    const tern_coverage *missing; /* of all judgements that were read; NULL: there were none */
    const tern_drawn *drawn;      /* NULL: nothing is drawn */
    const tern_progress *progress;
} tern_outcome;

/* {"base": {..}, "tuned": {..}, "p_value", "base_as_trained": {..}, "p_value_as_trained", "beside": {"bm25": {"scores":
 * {..}, "p_value"}, ..}, "metric", "dev": {"base", "best", "step", "base_as_trained"}, "worse_than_base", "measured",
 * "training_texts": {"texts", "cut", "max_seq_length"}, "steps", "idle_steps", "idle_reasons": {"all_masked": ..},
 * "seconds", "tokens_per_second", "peak_memory_mb", "planned_memory_mb", "warnings": [..], "queries_missing",
 * "documents_missing", "judgements_missing", "negatives": {"rows_short", "rows_without", "anchors_without",
 * "left_out"}, "base_model", "model"}; without warnings none of these, no negatives where none are drawn, without
 * judgements nothing of what is missing, without test no base, tuned and p_value, without dev no dev, and
 * base_as_trained only where the recipe cuts or prompts texts in another way than the base does. worse_than_base: by
 * the run's metric on dev, without dev on test; absent without either, when measured is false. base_model: absent for a
 * model from scratch. */
json_t *tern_report_json(const tern_outcome *outcome);
/* Reads DIR/result.json back. NULL with a sentence when metric or model lacks, when a key of those above is of another
 * type or out of its range, or when scores lack those that they are compared with. Other keys may lack, as in results
 * of earlier versions, and keys of later ones are kept. */
json_t *tern_report_read(const char *path, tern_error *error);
/* The same of the file's text [n], which path names in the sentence. */
json_t *tern_report_parse(const char *text, size_t n, const char *path, tern_error *error);
/* A short aligned table of base, tuned and difference, how many texts were cut, and a last line that says where the
 * model is, or that it is worse than its base, and how many steps taught nothing where some did; before it, that
 * nothing was measured, if so. A new string. */
char *tern_report_text(const json_t *result);

#endif
