/* A store of distinct texts: equal strings get the same id, so "the same text" is a comparison of ints. */
#ifndef TERN_DATA_TEXTS_H
#define TERN_DATA_TEXTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct tern_texts tern_texts;

tern_texts *tern_texts_create(void);
void tern_texts_free(tern_texts *texts);
/* The id (0, 1, 2, ... in order of first appearance) of a text of n bytes; copied when it is new. */
int64_t tern_texts_add(tern_texts *texts, const char *text, size_t n);
/* The id, or -1 when the text is not there. */
int64_t tern_texts_find(const tern_texts *texts, const char *text, size_t n);
int64_t tern_texts_count(const tern_texts *texts);
/* A text, 0-terminated, borrowed until the next add; *n (NULL: not wanted) its length. */
const char *tern_texts_get(const tern_texts *texts, int64_t id, size_t *n);

#endif
