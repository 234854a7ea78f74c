/* How a model reads texts: what is put before them, and where they are cut. A run has three ways of it.
 *
 *     tern_reading readings[TERN_READINGS];
 *     tern_readings_make(readings, recipe, model);             // of the model as its folder has it
 *     tern_reading_set(&readings[TERN_READING_TRAINED], model);
 *     tern_readings_free(readings);
 */
#ifndef TERN_TRAIN_READING_H
#define TERN_TRAIN_READING_H

#include "checkpoints/model.h"
#include "recipes/recipe.h"

enum {
    TERN_READING_BASE,     /* as the base's own folder says: how everybody uses it, and how it is scored */
    TERN_READING_TRAINED,  /* with the recipe's prompts, cut at train.max_seq_length */
    TERN_READING_EXPORTED, /* with the recipe's prompts, cut at output.max_seq_length, else where the base cuts: how the
                              tuned model is scored */
    TERN_READINGS
};

typedef struct tern_reading {
    char *query_prompt, *document_prompt, *default_prompt;
    int64_t max_seq_length;
} tern_reading;

/* The prompts of TRAINED are those of the data sets where these have their own and agree. */
void tern_readings_make(tern_reading readings[TERN_READINGS], const tern_recipe *recipe, const tern_model *model);
void tern_readings_free(tern_reading readings[TERN_READINGS]);
/* Makes the model read so. */
void tern_reading_set(const tern_reading *reading, tern_model *model);

int tern_reading_same_prompts(const tern_reading *a, const tern_reading *b);
/* 0 when all three are the same, else a hash of them: what scores depend on beside the weights and the texts. */
uint64_t tern_readings_hash(const tern_reading readings[TERN_READINGS]);
/* How TRAINED differs from BASE, in words: "cut at 16 tokens, with the prompts of the recipe". A new string. */
char *tern_reading_words(const tern_reading readings[TERN_READINGS]);

#endif
