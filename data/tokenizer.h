/* Tokenizers: text to ids, exactly as the model's own tokenizer does it.
 *
 *     tern_tokenizer *t = tern_tokenizer_load("model-folder", &error);
 *     tern_ids ids = {0};
 *     tern_tokenizer_encode(t, text, strlen(text), 256, &ids);      // [CLS] ... [SEP], at most 256 ids
 */
#ifndef TERN_DATA_TOKENIZER_H
#define TERN_DATA_TOKENIZER_H

#include "base/error.h"
#include "base/warnings.h"

#include <stddef.h>
#include <stdint.h>

/* May be used by any number of threads at once. It keeps at most 5 MB between calls for each of those that encode at
 * one time, up to 64: words with their ids, and room for texts. */
typedef struct tern_tokenizer tern_tokenizer;

/* Ids of many texts, one after another. Zero-initialise it. */
typedef struct tern_ids {
    int32_t *ids;     /* [offsets[n]] */
    int64_t *offsets; /* [n + 1]; NULL while n is 0 */
    int64_t n;
    int64_t cut; /* texts that max_length left ids of out */
    size_t id_capacity, offset_capacity;
} tern_ids;

/* Reads tokenizer.json of the folder (vocab.txt where there is none) and what stands beside it: tokenizer_config.json,
 * special_tokens_map.json, added_tokens.json and the class in config.json, as transformers reads them. BERT's WordPiece
 * only; other kinds are refused by name, as are other classes, ids that are not 0, 1, 2, ... each once, added tokens
 * that match single words only, and files over 64 MB. Where two files disagree tokenizer_config.json is followed, with
 * a warning. What they say of padding is left alone. NULL on failure. */
tern_tokenizer *tern_tokenizer_load(const char *folder, tern_error *error);
/* BERT's uncased WordPiece from a vocab.txt (one token a line) given by its path. */
tern_tokenizer *tern_tokenizer_from_vocab(const char *vocab_path, int lower_case, tern_error *error);
/* The same from the text [n] of a vocab.txt, or of a tokenizer.json with nothing beside it; path is for the sentences.
 */
tern_tokenizer *tern_tokenizer_of_vocab(const char *text, size_t n, const char *path, int lower_case,
                                        tern_error *error);
/* tern_tokenizer_save isn't for this one, which has no folder to copy from. */
tern_tokenizer *tern_tokenizer_of_json(const char *text, size_t n, const char *path, tern_error *error);
void tern_tokenizer_free(tern_tokenizer *tokenizer);
/* What the user must know of how the files were read; borrowed. */
const tern_warnings *tern_tokenizer_warnings(const tern_tokenizer *tokenizer);
/* A hash of the rules that don't follow from tokenizer.json or vocab.txt alone. */
uint64_t tern_tokenizer_rules(const tern_tokenizer *tokenizer);
/* 1 when texts are lower-cased. */
int tern_tokenizer_lowers(const tern_tokenizer *tokenizer);

int32_t tern_tokenizer_size(const tern_tokenizer *tokenizer);
/* The token of an id, borrowed; NULL when there is none. */
const char *tern_tokenizer_token(const tern_tokenizer *tokenizer, int32_t id);

/* Appends the ids of one text of n bytes of valid UTF-8 (check with tern_utf8_check), with [CLS] and [SEP] (or what
 * the file's post_processor puts around a text; none when it has none). Special and other added tokens that occur in
 * the text become their ids. max_length > 0 keeps that many ids, dropping from the end before [SEP], or, with
 * a truncation_side of left, from the beginning behind [CLS]; 0: all. */
void tern_tokenizer_encode(const tern_tokenizer *tokenizer, const char *text, size_t n, int64_t max_length,
                           tern_ids *out);
/* The same for n texts with a common prefix (NULL: none), on all threads; the order is kept and the result does
 * not depend on the number of threads. lengths NULL: the texts end at their 0. Appends to out. */
void tern_tokenizer_encode_all(const tern_tokenizer *tokenizer, const char *prefix, const char *const *texts,
                               const size_t *lengths, int64_t n, int64_t max_length, tern_ids *out);
void tern_ids_free(tern_ids *ids);

/* Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt into a folder. Files the
 * tokenizer was loaded from are copied as they are; the others are made. vocab.txt is left out where a token has a
 * line's end in it. */
int tern_tokenizer_save(const tern_tokenizer *tokenizer, const char *folder, int64_t max_length, tern_error *error);

#endif
