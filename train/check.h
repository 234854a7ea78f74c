/* What only training can check of a recipe: names against the tables, files, data against the loss, the model's limits.
 * Every sentence begins with the recipe's path and line. */
#ifndef TERN_TRAIN_CHECK_H
#define TERN_TRAIN_CHECK_H

#include "checkpoints/model.h"
#include "data/rows.h"
#include "losses/loss.h"
#include "recipes/recipe.h"

/* Before anything is read: the loss and the metric exist, the metric suits the sets, files and folders are there,
 * dims descend. */
int tern_check_recipe(const tern_recipe *recipe, tern_error *error);
/* max_seq_length within the model's positions, matryoshka dims within its width. */
int tern_check_model(const tern_recipe *recipe, const tern_model *model, tern_error *error);
/* The data have rows, and the roles that the loss needs. */
int tern_check_rows(const tern_recipe *recipe, const tern_rows *rows, tern_error *error);
/* The loss as recipe describes it. */
tern_loss_options tern_loss_options_of(const tern_recipe *recipe);

#endif
