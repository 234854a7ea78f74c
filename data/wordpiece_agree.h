/* Bringing the files that a tokenizer was read from into agreement with what was made of them, so that tools that read
 * one and tools that read the other make the same ids. Each function changes a file's JSON where it says something
 * else, leaves all that it doesn't know, and returns 1 when it changed anything. */
#ifndef TERN_DATA_WORDPIECE_AGREE_H
#define TERN_DATA_WORDPIECE_AGREE_H

#include "data/wordpiece_file.h"

#include <jansson.h>

/* max_length: of a text, into both files where they say one; 0: left alone. */
int tern_tokenizer_json_agree(const tern_tokenizer *t, json_t *json, int64_t max_length);
int tern_tokenizer_config_agree(const tern_tokenizer *t, json_t *json, int64_t max_length);
int tern_special_map_agree(const tern_tokenizer *t, json_t *json);
/* 1 when the lines of a vocab.txt are the vocabulary. */
int tern_vocabulary_agrees(const tern_tokenizer *t, const char *path);

/* The name under which a special token (TERN_TOKEN_UNK, ..) is written, borrowed; NULL: under none. */
const char *tern_special_name(const tern_tokenizer *t, int kind);
/* An added token as tokenizer.json has it; with_id 0: without "id", as the values of added_tokens_decoder. */
json_t *tern_added_token_json(const tern_token_entry *entry, int with_id);
/* The template that puts the tokenizer's two tokens around a text. */
json_t *tern_post_processor_json(const tern_tokenizer *t);

#endif
