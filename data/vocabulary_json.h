/* The vocabulary of a tokenizer.json, taken out of the file's text before a JSON parser makes 30,000 objects of it:
 * a start of tern is half as long that way.
 *
 *     tern_vocabulary v = {0};
 *     char *rest = tern_vocabulary_take(text, n, &v, &rest_n);      // the same JSON with "vocab": {}
 */
#ifndef TERN_DATA_VOCABULARY_JSON_H
#define TERN_DATA_VOCABULARY_JSON_H

#include <stddef.h>
#include <stdint.h>

typedef struct tern_vocabulary {
    char **tokens; /* [n] by id, new strings, the caller's */
    size_t n;
    int32_t *slots; /* open addressing over the tokens' hashes: id, or -1 */
    size_t mask;
} tern_vocabulary;

/* Takes model.vocab out of the JSON text [n] and returns what is left, a new string, with an empty object in its place.
 * NULL, and nothing taken, unless the vocabulary is as it should be: tokens of valid UTF-8 and at most
 * TERN_LONGEST_TOKEN bytes, none twice, and ids 0 to its size - 1, each once; what is wrong with another one is for the
 * JSON parser to say. The rest is not looked at: it is valid JSON exactly when the text was. */
char *tern_vocabulary_take(const char *text, size_t n, tern_vocabulary *vocabulary, size_t *rest_n);
/* Id of a token, or -1. tokens: the vocabulary's, wherever they are by now. */
int32_t tern_vocabulary_find(const tern_vocabulary *vocabulary, char *const *tokens, const char *token);
/* Frees the slots; the tokens are the caller's. */
void tern_vocabulary_free(tern_vocabulary *vocabulary);

#endif
