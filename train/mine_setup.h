/* Hard negatives as a recipe's section mine asks for them: the corpus, the models and the runs that it names, and what
 * is mined from them for the rows of one data set.
 *
 *     tern_mine_setup *n = tern_mine_setup_open(recipe, 0, rows, model, watch, &error);      // reads and checks
 *     tern_mined *mined = tern_mine_setup_run(n, -1, &audit, &error);                        // the long work
 *     tern_mine_setup_free(n); */
#ifndef TERN_TRAIN_MINE_SETUP_H
#define TERN_TRAIN_MINE_SETUP_H

#include "checkpoints/store_embedder.h"
#include "mining/mine.h"
#include "recipes/recipe.h"
#include "train/watched.h"

#include <jansson.h>

typedef struct tern_mine_setup {
    tern_mine_pool *pool;
    tern_mine_job job;
    tern_warnings warnings; /* what is missing or stands twice */
    /* private */
    tern_watched shown, second_shown;
    tern_model *own, *second;
    tern_model_source source, second_source;
    tern_stored stored, second_stored;
    tern_embedder embedder, second_embedder;
    tern_mine_run run;
    int again; /* 1: a model that was given may have changed since it was last mined with */
} tern_mine_setup;

/* rows are those of the recipe's data set number i. model: what ranks, borrowed; NULL: mine.model, else the recipe's
 * model is opened, with the recipe's prompts. watch: gets the progress; borrowed. NULL with a sentence that begins with
 * the recipe's line: there is no such miner, the miner run has no run or another one a run, a corpus beside a BEIR
 * folder, a run that names no query or no document that is there, and what readers and models refuse. */
tern_mine_setup *tern_mine_setup_open(const tern_recipe *recipe, int i, const tern_rows *rows, tern_model *model,
                                      const tern_train_watch *watch, tern_error *error);
/* Mines: as tern_mine. *audit: mining/audit.h's object, with the candidates of the query explain unless that is -1; the
 * caller's, NULL on failure. May be called again, once the model has changed: progress begins anew, and the
 * vectors of a model that was given are then neither taken from the embedding store nor kept in it. */
tern_mined *tern_mine_setup_run(tern_mine_setup *setup, int64_t explain, json_t **audit, tern_error *error);
/* The counts of both models' vectors so far, from the embedding store and encoded, for tern_stored_words. */
tern_stored tern_mine_setup_stored(const tern_mine_setup *setup);
void tern_mine_setup_free(tern_mine_setup *setup);

#endif
