/* A model's prompts: the texts that sentence-transformers puts before what it encodes, by the role of the text. */
#ifndef TERN_CHECKPOINTS_PROMPTS_H
#define TERN_CHECKPOINTS_PROMPTS_H

#include "checkpoints/model.h"

#include <jansson.h>

/* The default prompt of a model whose queries and documents have these prompts: where the model's own files name one of
 * the two as the default, it goes with it, as a reader of the exported folder will see it. A new string. */
char *tern_prompts_default(const tern_model *model, const char *query, const char *document);

/* config_sentence_transformers.json for the model: what its own file says of prompts, with the model's query and
 * document prompts in place, its similarity and what its vectors are cut to. The caller's. */
json_t *tern_prompts_json(const tern_model *model);

#endif
