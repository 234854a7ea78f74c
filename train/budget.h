/* The memory plan of a run: what train/memory_plan.h must know, gathered from the recipe, the model and the data. */
#ifndef TERN_TRAIN_BUDGET_H
#define TERN_TRAIN_BUDGET_H

#include "data/mixture.h"
#include "train/exams.h"
#include "train/memory_plan.h"
#include "train/source.h"

typedef struct tern_budget {
    const tern_recipe *recipe;
    const tern_model *model;
    const tern_params *heads; /* what the losses learn */
    const tern_source *sources;
    tern_mixture *mixture;
    int64_t steps;           /* of the run */
    const tern_exams *exams; /* NULL: nothing is scored */
    int resumed;             /* 1: goes on from a checkpoint */
} tern_budget;

/* Plans; *text (the caller's) is the line for people. Goes through the batches of the whole run to find the largest. */
int tern_budget_plan(const tern_budget *budget, tern_memory_plan *plan, char **text, tern_error *error);

#endif
