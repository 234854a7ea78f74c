#include "data/tokenizer_workers.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    MOST_IDLE = 64,
    MOST_KEPT = 1 << 20, /* bytes of a buffer; what one long text needed is not kept for the next */
};

struct tern_tokenizer_workers {
    _Atomic(tern_tokenizer_worker *) idle[MOST_IDLE];
};

tern_tokenizer_workers *tern_tokenizer_workers_create(void)
{
    tern_tokenizer_workers *workers = tern_alloc(1, sizeof *workers);
    for (int i = 0; i < MOST_IDLE; i++)
        atomic_init(&workers->idle[i], NULL);
    return workers;
}

static void free_worker(tern_tokenizer_worker *worker)
{
    if (!worker)
        return;
    tern_bert_scratch_free(&worker->scratch);
    tern_buffer_free(&worker->joined);
    tern_word_cache_free(worker->cache);
    free(worker);
}

void tern_tokenizer_workers_free(tern_tokenizer_workers *workers)
{
    for (int i = 0; workers && i < MOST_IDLE; i++)
        free_worker(atomic_load(&workers->idle[i]));
    free(workers);
}

tern_tokenizer_worker *tern_tokenizer_workers_take(tern_tokenizer_workers *workers)
{
    for (int i = 0; i < MOST_IDLE; i++) {
        tern_tokenizer_worker *worker = atomic_exchange(&workers->idle[i], NULL);
        if (worker)
            return worker;
    }
    tern_tokenizer_worker *worker = tern_calloc(1, sizeof *worker);
    worker->cache = tern_word_cache_create();
    return worker;
}

void tern_tokenizer_workers_give_back(tern_tokenizer_workers *workers, tern_tokenizer_worker *worker)
{
    if (worker->scratch.capacity > MOST_KEPT)
        tern_bert_scratch_free(&worker->scratch);
    if (worker->joined.capacity > MOST_KEPT)
        tern_buffer_free(&worker->joined);
    for (int i = 0; i < MOST_IDLE; i++) {
        tern_tokenizer_worker *none = NULL;
        if (atomic_compare_exchange_strong(&workers->idle[i], &none, worker))
            return;
    }
    free_worker(worker);
}
