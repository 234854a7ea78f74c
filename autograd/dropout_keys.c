#include "autograd/kern_dropout.h"

uint32_t *tern_dropout_keys(tern_arena *arena, const tern_packed *batch, int64_t n_tok, const tern_dropout_site *d)
{
    if (!d || d->p <= 0)
        return NULL;
    uint32_t *keys = tern_arena_alloc(arena, (size_t)n_tok * sizeof *keys);
    for (int64_t i = 0; !batch && i < n_tok; i++)
        keys[i] = tern_dropout_key(d, 0, i);
    for (int64_t s = 0; batch && s < batch->n_seq; s++) {
        int64_t place = batch->places ? batch->places[s] : s;
        for (int64_t i = batch->offsets[s]; i < batch->offsets[s + 1]; i++)
            keys[i] = tern_dropout_key(d, place, i - batch->offsets[s]);
    }
    return keys;
}
