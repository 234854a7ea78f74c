/* A WordPiece tokenizer's parts, and the files that it is read from and written to.
 *
 * tokenizer.json is the newer form, vocab.txt the older one. tokenizer_config.json counts beside both, as in
 * data/tokenizer_config.h. Of what other tools keep as defaults, the side that texts are cut at is followed; padding
 * and the decoder are left alone. */
#ifndef TERN_DATA_WORDPIECE_FILE_H
#define TERN_DATA_WORDPIECE_FILE_H

#include "base/error.h"
#include "base/warnings.h"
#include "data/added_tokens.h"
#include "data/tokenizer.h"
#include "data/tokenizer_config.h"
#include "data/tokenizer_workers.h"
#include "data/wordpiece.h"
#include "data/wordpiece_text.h"

enum {
    TERN_TOKENIZER_FILE_LIMIT = 64 << 20, /* bytes */
    TERN_MOST_ADDED_TOKENS = 10000,
    TERN_MOST_FRAME_IDS = 64, /* before or after a text's words */
};

struct tern_tokenizer {
    tern_wordpiece *model;
    tern_bert_text text;
    tern_added_tokens raw;        /* matched in the text as it is */
    tern_added_tokens normalized; /* matched, in their normal form, in the normalised text */
    tern_token_entries added;     /* all of them in the files' order: the first of equal normal forms counts */
    int32_t *before, *after;      /* [CLS] and [SEP] around the words */
    int64_t n_before, n_after;
    int truncate_left;                  /* 1: what is too long loses its beginning */
    int is_bert;                        /* 1: read by the rules of BertTokenizer */
    int from_json;                      /* 1: read from a tokenizer.json */
    char *special[TERN_TOKENS_SPECIAL]; /* names that the files beside it give; NULL: they give none */
    int new_frame;                      /* 1: before and after are not those of tokenizer.json */
    char *folder;                       /* it was loaded from; NULL: made from a vocabulary file */
    tern_warnings warnings;
    tern_tokenizer_workers *workers;
};

/* Fills an empty tokenizer from a tokenizer.json, or from a vocab.txt, and what stands beside it. lower_case: where
 * that leaves it open. On failure what was filled in is the tokenizer's, to be freed with it. */
int tern_tokenizer_read_json(tern_tokenizer *tokenizer, const char *path, const tern_tokenizer_config *config,
                             tern_error *error);
int tern_tokenizer_read_vocab(tern_tokenizer *tokenizer, const char *path, const tern_tokenizer_config *config,
                              int lower_case, tern_error *error);

/* The same from the text [n] of such a file, whose path is for the sentences. */
int tern_tokenizer_parse_json(tern_tokenizer *tokenizer, const char *text, size_t n, const char *path,
                              const tern_tokenizer_config *config, tern_error *error);
int tern_tokenizer_parse_vocab(tern_tokenizer *tokenizer, const char *text, size_t n, const char *path,
                               const tern_tokenizer_config *config, int lower_case, tern_error *error);

/* The tokens around a text are these two. */
void tern_tokenizer_set_frame(tern_tokenizer *tokenizer, int32_t before, int32_t after);

/* Reads a vocab.txt: its lines as new strings, the caller's in any case. */
int tern_tokenizer_read_lines(const char *path, char ***tokens, size_t *n_tokens, tern_error *error);

/* Gives the added tokens their ids, those that the vocabulary lacks behind it, and makes the lists that texts are
 * looked through with. given: the entries of a tokenizer.json, in its order, which are taken over; path: its own. Ids
 * that other tools would number otherwise are an error. The model and its normaliser must be there. */
int tern_tokenizer_add_tokens(tern_tokenizer *tokenizer, tern_token_entries *given, const char *path,
                              const tern_tokenizer_config *config, tern_error *error);

#endif
