/* Negatives that are drawn: whether a source's losses have a use for them, and what is said of rows that are short. */
#ifndef TERN_TRAIN_CHECK_NEGATIVES_H
#define TERN_TRAIN_CHECK_NEGATIVES_H

#include "data/rows.h"
#include "recipes/recipe.h"

/* How many negatives a row the recipe draws from a source; 0: it draws none. */
int tern_check_negatives_drawn(const tern_recipe *recipe, int source);
/* Before anything is read: fails when negatives are to be drawn and no loss of the source takes any. */
int tern_check_negatives_used(const tern_recipe *recipe, int source, tern_error *error);
/* Fails when there is nothing to draw from, and when rows have fewer negatives than are drawn under a loss that takes
 * the same number of all. */
int tern_check_negatives(const tern_recipe *recipe, int source, const tern_rows *rows, tern_error *error);
/* Says, a sentence each, how many rows have fewer negatives than are drawn, and how many negatives were left out. */
void tern_check_say_negatives(const tern_recipe *recipe, int source, const tern_rows *rows,
                              void (*say)(void *context, const char *sentence), void *context);

#endif
