/* One training data set, from its rows to its batches, with the losses that are made small on it.
 *
 *     tern_source s = {0};
 *     tern_source_read(&s, recipe, 0, &inputs, &error);           // rows
 *     tern_source_prepare(&s, recipe, model);                     // tokens, sampler
 *     tern_source_embed_second(&s, recipe, watch, &error);        // second models' vectors
 *     tern_source_fill(&s, plan->view, rows, n, dropout, &batch);  // rows: of its sampler's plan
 *     tern_source_free(&s);
 */
#ifndef TERN_TRAIN_SOURCE_H
#define TERN_TRAIN_SOURCE_H

#include "data/findings.h"
#include "data/sampler.h"
#include "train/batch.h"
#include "train/objective.h"

typedef struct tern_source {
    const tern_recipe_source *recipe; /* borrowed */
    char *name;                       /* for people: "altlex" */
    tern_texts *texts;
    tern_rows *rows;
    tern_findings findings; /* of a file: what the rows don't show */
    tern_objective objective;
    tern_warnings warnings; /* of the rows and second models, for the user to know */
    /* After tern_source_prepare. */
    tern_second_vectors *second[TERN_RECIPE_MOST_LOSSES];
    tern_tokens *tokens;
    int64_t *lengths; /* [rows->n] tokens of each row, about, where its negatives are drawn */
    tern_sampler *sampler;
} tern_source;

/* Reads the rows of source number i and checks them against its losses; finds out how wide its second models' vectors
 * are. Adds both to inputs. */
int tern_source_read(tern_source *source, const tern_recipe *recipe, int i, tern_inputs *inputs, tern_error *error);
/* Leaves out the texts that the losses pass by, tokenizes the rest and makes the sampler. */
void tern_source_prepare(tern_source *source, const tern_recipe *recipe, const tern_model *model);
/* Embeds all texts with the losses' second models: long work, where there are any. */
int tern_source_embed_second(tern_source *source, const tern_recipe *recipe, const tern_train_watch *watch,
                             tern_error *error);
void tern_source_free(tern_source *source);

/* 1: each anchor stands a second time as its positive (SimCSE), and rows have nothing but anchors. */
int tern_source_twice(const tern_source *source);
/* 1: batches have a mask of what is no negative. */
int tern_source_masked(const tern_source *source);
/* Packs rows [n] of view, the source's rows as an epoch has them, with the masks that the losses want. */
void tern_source_fill(const tern_source *source, const tern_rows *view, const int64_t *rows, int64_t n, double dropout,
                      tern_batch *batch);

#endif
