/* A model as users know it: encoder, tokenizer, pooling, prompts and maximum length as one thing, loaded from and
 * saved to a sentence-transformers folder.
 *
 *     tern_model *m = tern_model_load("sentence-transformers/all-MiniLM-L6-v2", &error);
 *     float *x = ...;                                                 // [n, tern_model_dim(m)]
 *     tern_model_embed(m, &(tern_embed_options){0}, texts, n, x, &error);
 */
#ifndef TERN_CHECKPOINTS_MODEL_H
#define TERN_CHECKPOINTS_MODEL_H

#include "base/error.h"
#include "data/tokenizer.h"
#include "encoders/encoder.h"

typedef struct tern_model {
    char *name;                /* as the user gave it */
    char *folder;              /* it was loaded from; NULL: made from scratch */
    tern_encoder *encoder;
    tern_tokenizer *tokenizer;
    int64_t max_seq_length;    /* special tokens included; never above the encoder's positions */
    char *query_prompt, *document_prompt; /* prefixes, "" when there is none */
    int64_t truncate_dim;      /* 0: none */
} tern_model;

/* name: a folder, or ORG/NAME that is looked up under tern/models/ in the user's XDG cache, then in the Hugging
 * Face cache (HF_HOME, HF_HUB_CACHE). Says what was looked for, and where, when it isn't found. Weights are copied once. */
tern_model *tern_model_load(const char *name, tern_error *error);
/* A BERT of the given configuration with random weights and the vocabulary of vocab_path. */
tern_model *tern_model_scratch(const tern_encoder_config *config, const char *vocab_path, uint64_t seed,
                               tern_error *error);
void tern_model_free(tern_model *model);
int64_t tern_model_dim(const tern_model *model);
/* The folder that a name stands for, as a new string; NULL with a sentence that lists the places searched. */
char *tern_model_find(const char *name, tern_error *error);

/* Writes the sentence-transformers folder, old form; made under a temporary name and renamed whole.
 * overwrite 0: fails when the folder is there. */
int tern_model_save(const tern_model *model, const char *folder, int overwrite, tern_error *error);

typedef enum tern_role { TERN_ROLE_NONE, TERN_ROLE_QUERY, TERN_ROLE_DOCUMENT } tern_role;

typedef struct tern_embed_options {
    tern_role role;            /* which prompt is put before each text */
    int64_t max_tokens;        /* of one packed batch; 0: a default */
    void (*progress)(void *context, int64_t done, int64_t total); /* NULL: none; in texts, called by one thread */
    void *context;
} tern_embed_options;

/* Vectors of n texts into out [n, dim], in their order: tokenised, sorted by length, packed, encoded without
 * dropout. The same texts give the same bits whatever the number of threads. */
int tern_model_embed(tern_model *model, const tern_embed_options *options, const char *const *texts, int64_t n,
                     float *out, tern_error *error);

#endif
