/* What a run is a function of besides its recipe: models, data sets, vocabularies, each with a fingerprint. A training
 * state carries them, so that a run goes on only with what it began with, and can say what has changed.
 *
 *     tern_inputs inputs = {0};
 *     tern_inputs_add_model(&inputs, "the base model", recipe->model, model);
 *     tern_inputs_add(&inputs, "the training data", "pairs.jsonl", "", hash);
 *     char *text = tern_inputs_text(&inputs);
 *     char *changed = tern_inputs_changed(old, text, 0);         // "the base model changed since .. (b3: weights)"
 */
#ifndef TERN_TRAIN_INPUTS_H
#define TERN_TRAIN_INPUTS_H

#include "base/memory.h"
#include "checkpoints/model.h"
#include "data/rows.h"

typedef struct tern_inputs {
    tern_buffer lines;
} tern_inputs;

/* The only kind that training doesn't depend on: what the result is measured by. */
#define TERN_INPUT_TEST "the test data"

void tern_inputs_free(tern_inputs *inputs);
/* One input: its kind ("the teacher"), the name that the recipe gives it, a part of it or "", and its fingerprint. What
 * is there already is not added again. */
void tern_inputs_add(tern_inputs *inputs, const char *kind, const char *name, const char *part, uint64_t hash);
/* A file as a whole; one that can't be read is left out. */
void tern_inputs_add_file(tern_inputs *inputs, const char *kind, const char *name, const char *part, const char *path);
/* A model as it was loaded, under the name that the recipe gives it: its weights, and each file of its folder that says
 * how they are used. Returns the weights' fingerprint. */
uint64_t tern_inputs_add_model(tern_inputs *inputs, const char *kind, const char *name, const tern_model *model);

/* All of them, a line each, in UTF-8: the version of what training does with them first. The caller's. */
char *tern_inputs_text(const tern_inputs *inputs);
/* Whether runs with these two texts train in the same way; the texts are to be compared only then. */
int tern_inputs_same_version(const char *old, const char *now);
/* What differs between two such texts, in words that follow "runs/x: ": "the teacher changed since this run began (b3:
 * weights, tokenizer.json)", of the first kind that does. test 0: of all but the test data, 1: of these alone. NULL:
 * nothing differs. The caller's. */
char *tern_inputs_changed(const char *old, const char *now, int test);

/* A hash of all rows: the texts in their roles, scores and labels. */
uint64_t tern_rows_fingerprint(const tern_rows *rows);
/* Hash of all weights, in blocks on all threads. */
uint64_t tern_weights_fingerprint(const tern_params *params);

#endif
