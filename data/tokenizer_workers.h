/* What a thread needs to encode texts, kept by the tokenizer between calls: memory that is there already, and the words
 * that were seen.
 *
 *     tern_tokenizer_worker *worker = tern_tokenizer_workers_take(workers);
 *     ...
 *     tern_tokenizer_workers_give_back(workers, worker); */
#ifndef TERN_DATA_TOKENIZER_WORKERS_H
#define TERN_DATA_TOKENIZER_WORKERS_H

#include "base/memory.h"
#include "data/wordpiece_text.h"
#include "data/wordpiece_words.h"

typedef struct tern_tokenizer_worker {
    tern_bert_scratch scratch;
    tern_buffer joined; /* a prefix and its text */
    tern_word_cache *cache;
} tern_tokenizer_worker;

/* Those that nobody uses now; safe for any number of threads. */
typedef struct tern_tokenizer_workers tern_tokenizer_workers;

tern_tokenizer_workers *tern_tokenizer_workers_create(void);
void tern_tokenizer_workers_free(tern_tokenizer_workers *workers);

/* One for the caller alone, to be given back; never NULL. */
tern_tokenizer_worker *tern_tokenizer_workers_take(tern_tokenizer_workers *workers);
void tern_tokenizer_workers_give_back(tern_tokenizer_workers *workers, tern_tokenizer_worker *worker);

#endif
