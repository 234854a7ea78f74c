/* What stands beside a tokenizer.json or a vocab.txt and changes what they mean:
 *
 *     tokenizer_config.json     tokenizer_class, do_lower_case, strip_accents, tokenize_chinese_chars, truncation_side,
 *                               model_max_length, the special tokens' names, added_tokens_decoder
 *     special_tokens_map.json   the special tokens' names, in folders without an added_tokens_decoder
 *     added_tokens.json         added tokens and their ids, likewise
 *     config.json               tokenizer_class, where tokenizer_config.json states none
 *
 * Read as transformers reads them (5.24, tokenization_utils_base.py and models/bert/tokenization_bert.py). Its
 * BertTokenizer takes the vocabulary and the added tokens of tokenizer.json, and all else from tokenizer_config.json;
 * PreTrainedTokenizerFast takes tokenizer.json as it stands. */
#ifndef TERN_DATA_TOKENIZER_CONFIG_H
#define TERN_DATA_TOKENIZER_CONFIG_H

#include "base/error.h"
#include "base/warnings.h"

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* The special tokens that BERT has. The first three must be there. */
enum { TERN_TOKEN_UNK, TERN_TOKEN_CLS, TERN_TOKEN_SEP, TERN_TOKENS_NEEDED, TERN_TOKENS_SPECIAL = 5 };
extern const char *const tern_token_keys[TERN_TOKENS_SPECIAL];  /* "unk_token", .. */
extern const char *const tern_token_names[TERN_TOKENS_SPECIAL]; /* "[UNK]", .. */

/* One added token as files have it. */
typedef struct tern_token_entry {
    char *content; /* owned */
    int64_t id;    /* -1: none is given */
    int special, normalized, lstrip, rstrip;
} tern_token_entry;

typedef struct tern_token_entries {
    tern_token_entry *items;
    size_t n, capacity;
} tern_token_entries;

typedef struct tern_tokenizer_config {
    char *path; /* of tokenizer_config.json, there or not; NULL: there is no folder */
    int there;
    int is_bert;                            /* 1: BertTokenizer's rules, see above */
    int lower_case, strip_accents, chinese; /* -1: not said */
    int truncate_left;                      /* -1: not said */
    char *special[TERN_TOKENS_SPECIAL];     /* names; NULL: not said */
    tern_token_entries added;               /* by id; then extra special tokens, which have none */
} tern_tokenizer_config;

/* Reads a folder's files; NULL: all is left open. What is wrong in them, and a tokenizer_class that isn't BERT's, is an
 * error; what is passed over, a warning. Result is freed with tern_tokenizer_config_free in any case. */
int tern_tokenizer_config_read(tern_tokenizer_config *config, const char *folder, tern_warnings *warnings,
                               tern_error *error);
void tern_tokenizer_config_free(tern_tokenizer_config *config);

/* Appends what a JSON object {"content", "special", "normalized", "lstrip", "rstrip"} says, with id. Fails for what is
 * no added token, for one of over TERN_LONGEST_TOKEN bytes, and for one that matches single words only. An empty
 * content is left out. */
int tern_token_entries_add(tern_token_entries *list, const json_t *object, int64_t id, const char *path,
                           tern_error *error);
void tern_token_entries_free(tern_token_entries *list);

/* The outermost object of a JSON file, or NULL; freed with json_decref. flags: jansson's, beside those that refuse a
 * key that is there twice. */
json_t *tern_tokenizer_parse(const char *path, size_t flags, tern_error *error);
/* The same from the text [n] of the file path. */
json_t *tern_tokenizer_object(const char *text, size_t n, size_t flags, const char *path, tern_error *error);
/* object[key] as a flag; missing or null: fallback. -1 and a sentence when it is something else, so that fallback may
 * be -1 only where error is looked at. */
int tern_tokenizer_flag(const json_t *object, const char *key, int fallback, const char *path, tern_error *error);

#endif
