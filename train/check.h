/* What only training can check of a recipe: names against the tables, files, data against the loss, the model's limits.
 * Every sentence begins with the recipe's path and line. */
#ifndef TERN_TRAIN_CHECK_H
#define TERN_TRAIN_CHECK_H

#include "checkpoints/model.h"
#include "data/rows.h"
#include "recipes/recipe.h"

/* Before anything is read: losses and metric exist, the metric suits the sets, files and folders are there, dims
 * descend, second models are named. */
int tern_check_recipe(const tern_recipe *recipe, tern_error *error);
/* Both max_seq_length within the model's positions, prompts shorter than texts may be, matryoshka dims within its
 * width, layers enough for adaptive_layer. */
int tern_check_model(const tern_recipe *recipe, const tern_model *model, tern_error *error);
/* The rows of one source: there are some, with the roles, labels and scores that its losses need. */
int tern_check_rows(const tern_recipe *recipe, int source, const tern_rows *rows, tern_error *error);
/* A loss's options alone: each is one that the loss has, and they leave something of it. */
int tern_check_options(const tern_recipe *recipe, int source, int loss, tern_error *error);
/* The keys that a loss takes, in one line: "scale, temperature, weight, ...". A new string. */
char *tern_check_loss_keys(const char *name);
/* Fills what losses leave open of how vectors are compared: as the base model's are. Fails, naming loss and similarity,
 * where a loss can't. */
int tern_check_similarity(tern_recipe *recipe, tern_error *error);
/* Rows a batch of a source has: its own batch_size, or train's. */
int64_t tern_check_batch_size(const tern_recipe *recipe, int source);
/* Where a source, or a key of it (NULL: none), stands, as tern_recipe_line gives it. */
const char *tern_check_source_line(const tern_recipe *recipe, int source, const char *key);
/* Where a key of a source's loss stands: in the source's own loss, or in the recipe's. */
const char *tern_check_loss_line(const tern_recipe *recipe, int source, int loss, const char *key);

#endif
