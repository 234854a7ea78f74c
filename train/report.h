/* The result of a run: one JSON object, and the same for people. */
#ifndef TERN_TRAIN_REPORT_H
#define TERN_TRAIN_REPORT_H

#include "eval/scores.h"
#include "train/checkpoint.h"

#include <jansson.h>

/* What a finished run knows. */
typedef struct tern_outcome {
    const char *metric, *model_folder;
    const tern_scores *base, *tuned; /* on test; NULL without it */
    const tern_comparison *test;     /* NULL without test */
    double dev_base;                 /* of the metric; read when has_dev */
    int has_dev;
    int64_t steps;       /* taken */
    int64_t memory_plan; /* bytes: the peak that was announced */
    json_t *warnings;    /* borrowed: an array of sentences; NULL: none */
    const tern_progress *progress;
} tern_outcome;

/* {"base": {..}, "tuned": {..}, "p_value", "metric", "dev": {"base", "best", "step"}, "worse_than_base", "steps",
 *  "seconds", "tokens_per_second", "peak_memory_mb", "planned_memory_mb", "warnings": [..], "model"}; without test
 * no base, tuned and p_value, without dev no dev, without warnings none of these. worse_than_base: by the run's metric
 * on dev, without dev on test; absent without either.
 */
json_t *tern_report_json(const tern_outcome *outcome);
/* Reads DIR/result.json back. NULL with a sentence when it is not what tern_report_json makes. */
json_t *tern_report_read(const char *path, tern_error *error);
/* A short aligned table of base, tuned and difference, and a last line that says where the model is, or that it is
 * worse than its base. A new string. */
char *tern_report_text(const json_t *result);

#endif
