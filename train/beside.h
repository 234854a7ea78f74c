/* What else ranks a run's test set, for the report: BM25, other models, and fusions of both (eval.beside). */
#ifndef TERN_TRAIN_BESIDE_H
#define TERN_TRAIN_BESIDE_H

#include "eval/scores.h"
#include "recipes/recipe.h"
#include "train/exams.h"

#include <jansson.h>

/* Fails when eval.beside names something that can't rank, or there is no test set to rank: rows have none. */
int tern_beside_check(const tern_recipe *recipe, tern_error *error);

/* Ranks the test set by each name and compares the tuned model's scores with it: *out, the caller's, is {NAME:
 * {"scores": {..}, "p_value": p}, ..} in the recipe's order, by the run's metric; NULL where the recipe names nothing.
 * Models are read as their own folders say. */
int tern_beside_score(const tern_recipe *recipe, const tern_exam *test, const tern_scores *tuned,
                      const tern_train_watch *watch, json_t **out, tern_error *error);

#endif
