/* Added tokens that are looked for in a text before words are made: at the leftmost place, and there the longest.
 *
 *     tern_added_tokens list = {0};
 *     tern_added_tokens_add(&list, "[MASK]", 6, 103, 0, 0);
 *     tern_added_tokens_finish(&list);                        // sorted: from here on it is only looked into
 *     at = tern_added_tokens_next(&list, text, n, at);        // where one could start
 *     const tern_added_token *found = tern_added_tokens_at(&list, text + at, n - at);
 *
 * A place is looked up in time that grows with the logarithm of the number of tokens, whatever they share. */
#ifndef TERN_DATA_ADDED_TOKENS_H
#define TERN_DATA_ADDED_TOKENS_H

#include <stddef.h>
#include <stdint.h>

typedef struct tern_added_token {
    char *content; /* what is looked for; owned */
    size_t n;
    int32_t id;
    int lstrip, rstrip; /* takes white space at its left or right along */
    int64_t parent;     /* place of the longest other token that this one starts with; -1: none */
} tern_added_token;

typedef struct tern_added_tokens {
    tern_added_token *tokens; /* in the order of their bytes once finished */
    size_t n, capacity;
    unsigned char starts[256]; /* 1 for the first byte of any */
    unsigned char first;       /* the first byte of all of them, where mixed is 0 */
    int mixed;
} tern_added_tokens;

/* Adds a token of n > 0 bytes, which are copied. */
void tern_added_tokens_add(tern_added_tokens *list, const char *content, size_t n, int32_t id, int lstrip, int rstrip);
/* Sorts the list; of equal tokens the first one added stays. */
void tern_added_tokens_finish(tern_added_tokens *list);
void tern_added_tokens_free(tern_added_tokens *list);

/* The first place at or after at where a token's first byte stands; n: nowhere. */
size_t tern_added_tokens_next(const tern_added_tokens *list, const char *text, size_t n, size_t at);
/* The longest token that text [n] starts with, or NULL. */
const tern_added_token *tern_added_tokens_at(const tern_added_tokens *list, const char *text, size_t n);

#endif
