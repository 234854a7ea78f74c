/* The sets that a run is scored on, dev and test: a BEIR folder each, or a file of triplets or of pairs with scores.
 *
 *     tern_exams exams;
 *     tern_exams_open(&exams, recipe, &error);
 *     tern_exams_score(&exams, TERN_EXAM_DEV, model, "dev", watch, &scores, &error); */
#ifndef TERN_TRAIN_EXAMS_H
#define TERN_TRAIN_EXAMS_H

#include "base/warnings.h"
#include "checkpoints/model.h"
#include "data/beir.h"
#include "data/rows.h"
#include "eval/scores.h"
#include "recipes/recipe.h"
#include "train/train.h"

enum { TERN_EXAM_DEV, TERN_EXAM_TEST, TERN_EXAMS };

/* One set: beir, or rows with their texts; neither: the recipe has none. */
typedef struct tern_exam {
    tern_beir *beir;
    tern_rows *rows;
    tern_texts *texts;
    int exclude_same_id;
    int similarity; /* rows are pairs whose scores the metric goes by; else triplets */
} tern_exam;

typedef struct tern_exams {
    tern_exam exam[TERN_EXAMS];
    int shared_corpus;      /* dev and test rank the same documents */
    tern_warnings warnings; /* of files: columns that look like a role and aren't used, texts that are missing values */
} tern_exams;

/* Reads the sets that the recipe names; eval.metric, which suits them (eval/metrics.h), decides whether the rows of a
 * file are triplets or pairs with scores. On failure, such as rows without what the metric needs, the sentence begins
 * with the recipe's path and line. */
int tern_exams_open(tern_exams *exams, const tern_recipe *recipe, tern_error *error);
void tern_exams_close(tern_exams *exams);
int tern_exams_has(const tern_exams *exams, int which);
/* A hash of one set: its texts, ids and judgements, or its rows and what they are taken as. */
uint64_t tern_exams_fingerprint(const tern_exams *exams, int which);

/* 1 when the model, with its prompts, cuts a text of the set at limit tokens. */
int tern_exams_cut(const tern_exams *exams, int which, const tern_model *model, int64_t limit);

/* Scores a model on one set; out as tern_retrieval_evaluate, tern_triplets_evaluate and tern_similarity_evaluate
 * give it. Fails as they do, and when watch->stop is set while texts are encoded ("interrupted"). */
int tern_exams_score(const tern_exams *exams, int which, tern_model *model, const char *label,
                     const tern_train_watch *watch, tern_scores *out, tern_error *error);
/* Scores a model on both sets, those with want[i] set; documents that they share are encoded once. For a model as it
 * is in its folder: vectors are taken from the embedding store, and kept in it. */
int tern_exams_score_both(const tern_exams *exams, const int want[TERN_EXAMS], tern_model *model, const char *label,
                          const tern_train_watch *watch, tern_scores out[TERN_EXAMS], tern_error *error);

#endif
