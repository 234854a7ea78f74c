/* What a sentence-transformers folder says about its model, weights and tokens aside. Old and new forms. */
#ifndef TERN_CHECKPOINTS_FOLDER_H
#define TERN_CHECKPOINTS_FOLDER_H

#include "checkpoints/model.h"

typedef struct tern_folder {
    char *transformer;             /* folder of config.json, the weights and the tokenizer */
    tern_encoder_config config;    /* has_pooler is the weights' to say */
    char *dense[TERN_MAX_MODULES]; /* folders of the Dense modules; NULL for others */
    int assumed;                   /* 1: there is no modules.json, mean pooling is assumed */
    int include_prompt;            /* 0: the pooling leaves the prompt's tokens out, which tern doesn't do */
    int lower_case;                /* 1: sentence_bert_config.json wants texts lower-cased */
    int64_t max_seq_length;        /* at most the positions */
    char *query_prompt, *document_prompt, *default_prompt;
    int64_t truncate_dim;
    tern_warnings warnings;
    tern_similarity similarity;       /* the cosine unless it says another */
    char *config_json, *prompts_json; /* the files as they are; prompts_json may be NULL */
} tern_folder;

/* Reads and checks; result is freed with tern_folder_free in any case. A folder without modules.json gets
 * mean pooling, as sentence-transformers takes it; where its config.json names a model with a head, one that was made
 * for something else, that is a warning. */
int tern_folder_read(tern_folder *folder, const char *path, tern_error *error);
void tern_folder_free(tern_folder *folder);

/* Fails unless the sizes make a BERT that can be computed; where is put before the sentence. */
int tern_bert_config_check(const tern_bert_config *config, const char *where, tern_error *error);

#endif
