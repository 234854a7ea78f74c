#include "checkpoints/store_embedder.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "base/words.h"
#include "checkpoints/fingerprint.h"

#include <stdlib.h>
#include <string.h>

enum {
    FEWEST_TEXTS = 1000,    /* of all calls, or in one call so many bytes of text: less is encoded at once, and not */
    FEWEST_BYTES = 1 << 16, /* worth a look at the weights */
    PART = 4096,          /* texts that are encoded together, and kept when they are done, or as many as have so much */
    PART_BYTES = 1 << 19, /* text: what a killed run has encoded for nothing is no more, and it fills many batches */
};

/* Opens the store when it is worth it. What can't be encoded for the fingerprint can't be for the caller either, who
 * hears of it then. */
static void open_store(tern_stored *s, const char *const *texts, int64_t n)
{
    tern_error ignored;
    size_t bytes = s->tried || s->source->total >= FEWEST_TEXTS ? FEWEST_BYTES : 0;
    for (int64_t i = 0; i < n && bytes < FEWEST_BYTES; i++)
        bytes += strlen(texts[i]);
    if (s->tried || bytes < FEWEST_BYTES)
        return;
    s->tried = 1;
    int64_t limit = tern_store_limit(getenv("TERN_STORE"));
    char *path = limit > 0 ? tern_store_path() : NULL;
    if (path && tern_model_fingerprint(s->source->model, tern_build, &s->model, &ignored) == 0)
        s->store = tern_store_open(path, limit);
    free(path);
}

static tern_store_key *keys_of(const tern_stored *s, tern_role role, const char *const *texts, int64_t n)
{
    const char *prompt = tern_model_prompt(s->source->model, tern_model_source_role(s->source, role));
    tern_store_key *keys = tern_alloc((size_t)n, sizeof *keys);
    uint64_t seeds[2];
    for (int k = 0; k < 2; k++)
        seeds[k] = tern_hash(prompt, strlen(prompt), s->model.word[k]);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        size_t length = strlen(texts[i]);
        for (int k = 0; k < 2; k++)
            keys[i].word[k] = tern_hash(texts[i], length, seeds[k]);
        if (!keys[i].word[0] && !keys[i].word[1]) /* which is a free slot */
            keys[i].word[1] = 1;
    }
    return keys;
}

static int encode(tern_stored *s, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    const tern_embedder model = tern_model_embedder(s->source);
    int status = model.embed(model.self, role, texts, n, out, error);
    s->encoded += status == 0 ? n : 0;
    return status;
}

/* The places of a part of the texts from *at on that the store hasn't; *at moves behind them. */
static int64_t next_part(const char *const *texts, const unsigned char *has, int64_t n, int64_t *at, int64_t *places)
{
    int64_t m = 0;
    size_t bytes = 0;
    for (; *at < n && m < PART && bytes < PART_BYTES; (*at)++) {
        if (has[*at])
            continue;
        places[m++] = *at;
        bytes += strlen(texts[*at]);
    }
    return m;
}

static void note_lost(tern_stored *s)
{
    char *path = tern_store_path();
    tern_fail(&s->lost, "%s: new vectors are not kept for the next time, since %s; TERN_STORE=off turns the store off",
              path, tern_store_failure(s->store));
    free(path);
}

/* Encodes what the store hasn't, part by part, and keeps each part when it is done. */
static int encode_missing(tern_stored *s, tern_role role, const char *const *texts, const tern_store_key *keys,
                          const unsigned char *has, int64_t n, float *out, tern_error *error)
{
    int64_t dim = tern_model_dim(s->source->model), most = tern_min(n, PART), places[PART], m, at = 0;
    const char **part = tern_alloc((size_t)most, sizeof *part);
    tern_store_key *part_keys = tern_alloc((size_t)most, sizeof *part_keys);
    float *rows = tern_alloc((size_t)(most * dim), sizeof *rows);
    int status = 0;
    while (status == 0 && (m = next_part(texts, has, n, &at, places)) > 0) {
        for (int64_t i = 0; i < m; i++) {
            part[i] = texts[places[i]];
            part_keys[i] = keys[places[i]];
        }
        status = encode(s, role, part, m, rows, error);
        for (int64_t i = 0; status == 0 && i < m; i++)
            memcpy(out + places[i] * dim, rows + i * dim, (size_t)dim * sizeof *rows);
        if (status == 0)
            tern_store_add(s->store, part_keys, m, dim, rows);
    }
    s->began = tern_store_began(s->store);
    if (tern_store_failure(s->store))
        note_lost(s);
    free(rows);
    free(part_keys);
    free(part);
    return status;
}

static int embed(void *self, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    tern_stored *s = self;
    if (!s->off)
        open_store(s, texts, n);
    if (s->off || !s->store)
        return encode(s, role, texts, n, out, error);
    tern_store_key *keys = keys_of(s, role, texts, n);
    unsigned char *has = tern_alloc((size_t)n, 1);
    int64_t found = tern_store_find(s->store, keys, n, tern_model_dim(s->source->model), out, has);
    s->found += found;
    s->source->total = tern_max(s->source->total - found, 0);
    int status = found < n ? encode_missing(s, role, texts, keys, has, n, out, error) : 0;
    free(has);
    free(keys);
    return status;
}

tern_embedder tern_stored_embedder(tern_stored *stored)
{
    tern_embedder embedder = tern_model_embedder(stored->source);
    embedder.embed = embed;
    embedder.self = stored;
    return embedder;
}

void tern_stored_close(tern_stored *stored)
{
    tern_store_close(stored->store);
    stored->store = NULL;
}

char *tern_stored_words(const tern_stored *stored)
{
    int64_t all = stored->found + stored->encoded;
    char *path = stored->began && !stored->lost.message[0] ? tern_store_path() : NULL, *words = NULL;
    if (stored->found > 0)
        words = tern_format("%lld of %lld vector%s came from the store", (long long)stored->found, (long long)all,
                            tern_s(all));
    else if (path)
        words = tern_format("vectors are kept in %s for the next time (TERN_STORE=off: they are not)", path);
    free(path);
    return words;
}
