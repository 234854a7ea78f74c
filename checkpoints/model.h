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
#include "base/warnings.h"
#include "data/embedder.h"
#include "data/tokenizer.h"
#include "encoders/encoder.h"

#include <signal.h>

typedef struct tern_model {
    char *name;   /* as the user gave it */
    char *folder; /* it was loaded from; NULL: made from scratch */
    tern_encoder *encoder;
    tern_tokenizer *tokenizer;
    uint64_t tokenizer_hash;              /* of the files that the tokenizer was made from */
    int64_t max_seq_length;               /* special tokens included; never above the encoder's positions */
    char *query_prompt, *document_prompt; /* prefixes, "" when there is none */
    char *default_prompt;                 /* what a text without a role gets; "" when there is none */
    int64_t truncate_dim;                 /* 0: none */
    tern_similarity similarity;           /* how its vectors are compared */
    /* The source's config.json and config_sentence_transformers.json as they were, for saving; NULL: none. */
    char *config_json, *prompts_json;
    int assumed;                        /* 1: no modules.json was there, so that mean pooling is assumed */
    tern_warnings warnings;             /* what the folder leaves open or says twice, for the user to know */
    struct tern_mapped_weights *mapped; /* the files that the weights lie in; NULL: they are the encoder's own */
} tern_model;

/* name: a folder, or ORG/NAME that is looked up under tern/models/ in the user's XDG cache, then in the Hugging
 * Face cache (HF_HOME, HF_HUB_CACHE). Says what was looked for, and where, when it isn't found. Weights are copied
 * once. */
tern_model *tern_model_load(const char *name, tern_error *error);
/* The same for a model that only encodes: float32 weights are not copied but used in the mapped files, whose pages are
 * brought in as they are needed, so that a short text has its vector at once. Its weights can be read, not changed. The
 * files may be replaced by others (renamed over) while it lives; written into, they make tern_model_embed fail. */
tern_model *tern_model_open(const char *name, tern_error *error);
/* A BERT of the given configuration with random weights and the vocabulary of vocab_path, whose words are lower-cased
 * and stripped of accents when lower_case is set. vocab_size 0: the vocabulary's; n_modules 0: mean pooling, then
 * Normalize; other sizes at 0 as in BertConfig. Sizes that make no BERT are an error that names them. */
tern_model *tern_model_scratch(const tern_encoder_config *config, const char *vocab_path, int lower_case, uint64_t seed,
                               tern_error *error);
/* The same in two parts: the model without memory for its weights, whose size can be looked at before it is taken; and
 * the weights. */
tern_model *tern_model_declare(const tern_encoder_config *config, const char *vocab_path, int lower_case,
                               tern_error *error);
void tern_model_fill(tern_model *model, uint64_t seed);
void tern_model_free(tern_model *model);
int64_t tern_model_dim(const tern_model *model);
/* How a model's vectors are compared, from its small files alone; the cosine when they can't be read. *unit (NULL: not
 * wanted): 1 when they have the length 1, so that the dot product is the cosine. */
tern_similarity tern_model_similarity(const char *name, int *unit);
/* The folder that a name stands for, as a new string: one with a modules.json or config.json in it, or a
 * tokenizer, which is all that some need. The folder of a run
 * stands for the model in it, with a warning. NULL with a sentence that says what the name or the folder is, and what
 * was probably meant or what to do. */
char *tern_model_find(const char *name, tern_warnings *warnings, tern_error *error);
/* 1 when a name stands for a model, or would with its organization and in its own case. */
int tern_model_exists(const char *name);

/* Whether tern_model_save with overwrite would replace the folder: fails when it holds anything that isn't a file which
 * that function writes. 0 also when there is no folder. */
int tern_model_may_replace(const char *folder, tern_error *error);
/* Writes the sentence-transformers folder, old form, float32; made under a temporary name beside it and put in place
 * whole (base/staging.h), so that folder is the old one or the new one at any moment; those above it are made.
 * overwrite 0: fails when it is there, unless empty. overwrite 1: replaces a folder that holds nothing but what this
 * function writes; any other one is refused. Keys of the source's config.json are kept, but for a type of weights other
 * than float32. */
int tern_model_save(const tern_model *model, const char *folder, int overwrite, tern_error *error);

typedef struct tern_embed_options {
    tern_role role;     /* which prompt is put before each text */
    int64_t max_tokens; /* of one packed batch; 0: a default */
    /* NULL: none. Called after each batch, by one thread; in texts, weighted by their tokens. */
    void (*progress)(void *context, int64_t done, int64_t total);
    void *context;
    const volatile sig_atomic_t *stop; /* once it is not 0 the call fails with "interrupted"; NULL: never */
} tern_embed_options;

/* What tern_model_embed puts before each text of a role, "" for nothing; the model's. */
const char *tern_model_prompt(const tern_model *model, tern_role role);

/* Vectors of n texts into out [n, tern_model_dim], in their order: tokenised, sorted by length, packed, encoded
 * without dropout; texts with the same ids are encoded once. A text's vector has the same bits whatever the number of
 * threads and whatever the others in the list are (docs/numerics.md), which the store relies on. With truncate_dim the
 * first components are kept, and normalised again when the model ends in Normalize. Texts are valid UTF-8
 * (data/utf8.h). */
int tern_model_embed(tern_model *model, const tern_embed_options *options, const char *const *texts, int64_t n,
                     float *out, tern_error *error);

#endif
