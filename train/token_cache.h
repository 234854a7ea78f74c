/* Token ids kept between runs, so that the next start over the same texts need not make them again: files under
 * tokens/ in tern's cache folder, named by a hash of all that ids depend on. What is there is never trusted: a file
 * that is damaged, of another owner, or of other texts is made again in silence, and ids are the same with the cache,
 * without it, and when it can't be written.
 *
 *     tern_token_texts job = {.tokenizer = t, .tokenizer_hash = h, .max_length = 256, .texts = .., .lengths = .., .n =
 * n}; tern_token_cache_encode(&job, &ids);
 *
 * A file: u64 magic, key, n, texts that were cut, number of ids, checksum; then u32 [n] lengths and i32 ids, of the
 * machine's byte order. */
#ifndef TERN_TRAIN_TOKEN_CACHE_H
#define TERN_TRAIN_TOKEN_CACHE_H

#include "data/tokenizer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What is to be tokenised, as tern_tokenizer_encode_all takes it. */
typedef struct tern_token_texts {
    const tern_tokenizer *tokenizer;
    uint64_t tokenizer_hash; /* of what the tokenizer was made from */
    const char *prompt;      /* put before each text; NULL: none */
    int64_t max_length;      /* tokens that are kept of a text; 0: all */
    const char *const *texts;
    const size_t *lengths; /* [n] */
    int64_t n;
} tern_token_texts;

/* Gives *out (empty before) the texts' ids, from the cache where it has them; returns 1 in that case. Otherwise
 * tokenises, keeps the ids for the next time unless the texts are so few that it wouldn't be noticed, and returns 0. */
int tern_token_cache_encode(const tern_token_texts *job, tern_ids *out);

/* The file alone. A hash of all that the job's ids depend on: its name, and what must stand in it. */
uint64_t tern_token_cache_key(const tern_token_texts *job);
/* Writes the ids of the job's texts; the stream knows whether that went well. */
void tern_token_cache_write(FILE *out, const tern_token_texts *job, uint64_t key, const tern_ids *ids);
/* Reads a file of size bytes into *out (empty before); 1: these may be the ids of the job's texts. 0, with *out empty:
 * they are not, by key, size, checksum, ranges, or by the ids and the cuts of the texts that are tokenised to see,
 * which is each of fewer than 64 and some of more. */
int tern_token_cache_read(FILE *in, uint64_t size, const tern_token_texts *job, uint64_t key, tern_ids *out);

/* Removes the files of a folder that were not used for the longest time until the rest are at most limit bytes
 * together. */
void tern_token_cache_prune(const char *folder, int64_t limit);

#endif
