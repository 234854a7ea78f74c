/* Where the rows of a recipe's data set come from, for data/rows.h. */
#ifndef TERN_TRAIN_ROWS_SOURCE_H
#define TERN_TRAIN_ROWS_SOURCE_H

#include "data/rows.h"
#include "recipes/recipe.h"

/* data: of the recipe, with beir or file. The result borrows the recipe's paths and names. */
tern_rows_source tern_rows_source_of(const tern_recipe *recipe, const tern_recipe_data *data);

#endif
