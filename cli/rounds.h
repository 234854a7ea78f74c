/* Rounds of tern train: each mines negatives with the model of the round before and trains the base anew on them.
 *
 *     if (recipe->rounds > 1)
 *         return tern_rounds(path, &sets, recipe, train_one, give, &error); */
#ifndef TERN_CLI_ROUNDS_H
#define TERN_CLI_ROUNDS_H

#include "cli/command.h"
#include "recipes/recipe.h"
#include "train/train.h"

/* Trains one recipe: TERN_TRAIN_DONE with a result, another status, or -1 with a sentence. */
typedef int tern_train_one(tern_recipe *recipe, tern_train_result *result, tern_error *error);

/* Runs recipe->rounds of the recipe at path with --set texts, each in output.dir/round-N, a run of its own that goes on
 * or is finished as any is. say: a line before each; show: its result. *result: the JSON object {"rounds": [..],
 * "best", "model"} and a table, the caller's. The best round is that with the greatest dev score, without dev the last.
 * As tern_train_one. */
int tern_rounds(const char *path, const tern_flag_list *sets, const tern_recipe *recipe, tern_train_one *train,
                void (*say)(void *context, const char *line), void (*show)(const tern_train_result *round),
                tern_train_result *result, tern_error *error);

#endif
