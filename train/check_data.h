/* What a data set holds against what its losses take: judgements that would be trained against, and columns that no
 * loss looks at. */
#ifndef TERN_TRAIN_CHECK_DATA_H
#define TERN_TRAIN_CHECK_DATA_H

#include "data/findings.h"
#include "data/rows.h"
#include "recipes/recipe.h"

/* Roles that a loss looks at, as bits of what losses need (TERN_NEEDS_POSITIVE, _NEGATIVE, _LABEL, _SCORE). */
int tern_check_roles_used(const tern_recipe_loss *loss);
/* Fails when a loss would take pairs for right ones that the data say are wrong: scores, or labels that are numbers,
 * of 0 and 1 (or -1 and 1), under a loss that needs positives and looks at no score. */
int tern_check_judgements(const tern_recipe *recipe, int source, const tern_rows *rows, const tern_findings *findings,
                          tern_error *error);
/* Says, a sentence each, what is found in the file beside its rows (data/findings.h). */
void tern_check_say_findings(const tern_recipe *recipe, int source, const tern_findings *findings,
                             void (*say)(void *context, const char *sentence), void *context);
/* The same of the rows' roles that none of the source's losses looks at. */
void tern_check_say_ignored(const tern_recipe *recipe, int source, const tern_rows *rows, const tern_findings *findings,
                            void (*say)(void *context, const char *sentence), void *context);

#endif
