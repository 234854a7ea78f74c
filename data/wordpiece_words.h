/* Words of a normalised text to ids: the text is split 64 bytes at a time by masks, and the ids of each short word are
 * kept, so that a word which was seen before costs one look into a table.
 *
 *     tern_word_cache *cache = tern_word_cache_create();
 *     size_t count = tern_wordpiece_encode(model, &rules, cache, text, n, ids, SIZE_MAX);
 *     tern_word_cache_free(cache);
 */
#ifndef TERN_DATA_WORDPIECE_WORDS_H
#define TERN_DATA_WORDPIECE_WORDS_H

#include "data/wordpiece.h"
#include "data/wordpiece_text.h"

/* int32 that tern_wordpiece_encode may write past the ids it returns. */
enum { TERN_IDS_PADDING = 16 };

/* Ids of words of one model: it only remembers, so what is in it never changes a result. 2.5 MB at most; for one
 * thread at a time. */
typedef struct tern_word_cache tern_word_cache;

tern_word_cache *tern_word_cache_create(void);
void tern_word_cache_free(tern_word_cache *cache);

/* Ids of the words of text[0..n), which tern_bert_normalize made: TERN_TEXT_PADDING bytes behind it are readable. Stops
 * soon after limit ids. ids has room for n + TERN_IDS_PADDING; returns how many there are. */
size_t tern_wordpiece_encode(const tern_wordpiece *model, const tern_bert_text *rules, tern_word_cache *cache,
                             const char *text, size_t n, int32_t *ids, size_t limit);

#endif
