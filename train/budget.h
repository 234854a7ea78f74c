/* The memory plan of a run: what train/memory_plan.h must know, gathered from the recipe, the model and the data. */
#ifndef TERN_TRAIN_BUDGET_H
#define TERN_TRAIN_BUDGET_H

#include "data/mixture.h"
#include "train/exams.h"
#include "train/memory_plan.h"
#include "train/source.h"

/* What the batches of a run are like. */
typedef struct tern_batch_survey {
    int64_t rows[TERN_RECIPE_MOST_SOURCES];   /* of each source: the most that a batch has */
    int64_t tokens[TERN_RECIPE_MOST_SOURCES]; /* likewise, of the batches that were looked at */
    int64_t least_rows, most_rows;            /* a full batch of the source of the smallest, of the largest ones */
    double least_tokens, most_tokens;         /* likewise, the mean of a source's rows times its full batch's */
    double tokens_per_row;                    /* mean of the first epoch */
} tern_batch_survey;

/* Looks at the batches of so many steps, once; of a long run at those of its first epoch and of as many more as have a
 * few million rows together, so that it takes no longer however many steps there are. */
tern_batch_survey tern_batch_survey_make(tern_mixture *mixture, const tern_source *sources, int n_sources,
                                         int64_t steps);

typedef struct tern_budget {
    const tern_recipe *recipe;
    const tern_model *model;
    const tern_params *heads; /* what the losses learn */
    const tern_source *sources;
    const tern_batch_survey *survey;
    const tern_exams *exams; /* NULL: nothing is scored */
    int64_t longest;         /* tokens: where texts that are scored are cut */
    int resumed;             /* 1: goes on from a checkpoint */
} tern_budget;

/* Fails when train.memory is too little for the model's weights, gradients and moments alone, whatever the data are:
 * before the weights of a model from scratch, which may be without memory yet, are made. Marks what train.freeze names.
 */
int tern_budget_check_model(const tern_recipe *recipe, tern_model *model, tern_error *error);

/* Plans; *text (the caller's) is the line for people. */
int tern_budget_plan(const tern_budget *budget, tern_memory_plan *plan, char **text, tern_error *error);

#endif
