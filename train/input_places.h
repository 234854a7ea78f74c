/* Where what a run reads and what it writes meet. */
#ifndef TERN_TRAIN_INPUT_PLACES_H
#define TERN_TRAIN_INPUT_PLACES_H

#include "recipes/recipe.h"

/* 1 when the base model is the model in output.dir: a tuned model that is trained further in its own folder. */
int tern_input_places_own_base(const tern_recipe *recipe);
/* Fails when an input is, or lies in, what the run removes or replaces in output.dir: models, data, vocabularies and
 * the recipe itself, links followed. The base may be the folder's own model, and the recipe the resolved one there. */
int tern_input_places_check(const tern_recipe *recipe, tern_error *error);

#endif
