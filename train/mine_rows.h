/* Hard negatives for the rows that a run trains on, where its recipe has a section mine. */
#ifndef TERN_TRAIN_MINE_ROWS_H
#define TERN_TRAIN_MINE_ROWS_H

#include "train/mine_setup.h"

#include <jansson.h>

/* How many negatives each row of data set number source gets a batch: mine.per_row, else mine.num_negatives; 0: the
 * recipe mines none, or no loss of the source takes any. */
int tern_mine_rows_each(const tern_recipe *recipe, int source);
/* Fails when a recipe's section mine can do nothing, or says what tern train doesn't do: no loss takes negatives, the
 * data have keys of their own for them, a corpus or a run for several data sets, positives to be made. */
int tern_mine_rows_check(const tern_recipe *recipe, tern_error *error);
/* Before anything is mined: the rows count as rows with so many negatives, and lose those that they have. */
void tern_mine_rows_expect(tern_rows *rows, int each);

/* Mines with the model, as it reads now, for rows that expect it: fills rows->pool, drops rows that are short where
 * mine.short_rows says so, and counts those that are. *audit: mining/audit.h's object, the caller's. *kept: what it was
 * mined with, the caller's too; kept NULL: not wanted. warnings: gets
 * what the user must know. */
int tern_mine_rows(const tern_recipe *recipe, int source, tern_rows *rows, tern_model *model,
                   const tern_train_watch *watch, tern_warnings *warnings, json_t **audit, tern_mine_setup **kept,
                   tern_error *error);

#endif
