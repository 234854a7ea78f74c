/* A WordPiece tokenizer's parts, and the files that it is read from and written to.
 *
 * tokenizer.json is the truth where it exists; vocab.txt with tokenizer_config.json is the older form. What other
 * tools keep there as defaults (truncation, padding, decoder) is left alone. */
#ifndef TERN_DATA_WORDPIECE_FILE_H
#define TERN_DATA_WORDPIECE_FILE_H

#include "base/error.h"
#include "data/tokenizer.h"
#include "data/tokenizer_workers.h"
#include "data/wordpiece.h"
#include "data/wordpiece_text.h"

enum {
    TERN_TOKENIZER_FILE_LIMIT = 64 << 20, /* bytes */
    TERN_MOST_ADDED_TOKENS = 10000,
    TERN_MOST_FRAME_IDS = 64, /* before or after a text's words */
};

/* A token that is looked for in the text itself, before words are made. */
typedef struct tern_added_token {
    char *content; /* what is looked for; owned */
    size_t n;
    int32_t id;
    int lstrip, rstrip; /* takes white space at its left or right along */
} tern_added_token;

/* Added tokens that are matched together: the leftmost, and of those the longest. */
typedef struct tern_added_tokens {
    tern_added_token *tokens;
    size_t n, capacity;
    unsigned char starts[256]; /* 1 for the first byte of any */
    unsigned char first;       /* the first byte of all of them, where mixed is 0 */
    int mixed;
} tern_added_tokens;

struct tern_tokenizer {
    tern_wordpiece *model;
    tern_bert_text text;
    tern_added_tokens raw;        /* matched in the text as it is */
    tern_added_tokens normalized; /* matched, in their normal form, in the normalised text */
    int32_t *before, *after;      /* [CLS] and [SEP] around the words */
    int64_t n_before, n_after;
    char *folder; /* it was loaded from; NULL: made from a vocabulary file */
    tern_tokenizer_workers *workers;
};

/* The outermost object of a JSON file, or NULL; freed with json_decref. */
struct json_t *tern_tokenizer_parse(const char *path, tern_error *error);
/* object[key] as a flag; missing or null: fallback. -1 and a sentence when it is something else. */
int tern_tokenizer_flag(const struct json_t *object, const char *key, int fallback, const char *path,
                        tern_error *error);

/* Fills an empty tokenizer from a tokenizer.json, or from a vocab.txt and a tokenizer_config.json (NULL or not there:
 * its defaults, with lower_case). On failure what was filled in is the tokenizer's, to be freed with it. */
int tern_tokenizer_read_json(tern_tokenizer *tokenizer, const char *path, tern_error *error);
int tern_tokenizer_read_vocab(tern_tokenizer *tokenizer, const char *path, const char *config_path, int lower_case,
                              tern_error *error);

/* Adds a token to the list; content is copied. */
void tern_added_tokens_add(tern_added_tokens *list, const char *content, size_t n, int32_t id, int lstrip, int rstrip);

#endif
