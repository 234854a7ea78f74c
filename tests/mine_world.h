/* What tests of mining share: rows and a corpus from memory, and models made up of their texts. */
#ifndef TERN_TESTS_MINE_WORLD_H
#define TERN_TESTS_MINE_WORLD_H

#include "base/hash.h"
#include "base/memory.h"
#include "data/beir.h"
#include "data/rows.h"
#include "mining/mine.h"
#include "support.h"

#include <string.h>

enum { DIM = 8 };

/* Vectors that depend on the text alone, and on a seed, so that there are several models. */
static inline int embed(void *self, tern_role role, const char *const *texts, int64_t n, float *out, tern_error *error)
{
    (void)role, (void)error;
    uint64_t seed = *(const uint64_t *)self;
    for (int64_t i = 0; i < n; i++)
        for (uint64_t k = 0; k < DIM; k++)
            out[i * DIM + (int64_t)k] =
                (float)(2 * tern_random_unit(seed, tern_hash(texts[i], strlen(texts[i]), 0), k, 0) - 1);
    return 0;
}

static inline tern_embedder embedder_of(uint64_t *seed)
{
    return (tern_embedder){
        .name = "made up", .dim = DIM, .similarity = TERN_SIMILARITY_COSINE, .embed = embed, .self = seed};
}

typedef struct world {
    tern_texts *texts;
    tern_rows *rows;
    tern_beir *corpus;
    tern_mine_pool *pool;
    uint64_t seeds[2];
    tern_embedder model, other;
} world;

static inline tern_rows *rows_of(const char *jsonl, tern_texts *texts)
{
    tern_error error = {{0}};
    const tern_rows_source source = {.file = "rows.jsonl", .bytes = jsonl, .n_bytes = strlen(jsonl)};
    tern_rows *rows = tern_rows_read(&source, texts, &error);
    ck_assert_msg(rows, "%s", error.message);
    return rows;
}

static inline void open_world(world *w, const char *jsonl, const char *corpus)
{
    tern_error error = {{0}};
    *w = (world){.texts = tern_texts_create(), .seeds = {1, 2}};
    w->rows = rows_of(jsonl, w->texts);
    w->corpus = corpus ? tern_beir_corpus_of_memory("corpus.jsonl", corpus, strlen(corpus), 0, &error) : NULL;
    ck_assert_msg(!corpus || w->corpus, "%s", error.message);
    w->pool = tern_mine_pool_create(w->rows, w->corpus, &error);
    ck_assert_msg(w->pool, "%s", error.message);
    w->model = embedder_of(&w->seeds[0]);
    w->other = embedder_of(&w->seeds[1]);
}

static inline void close_world(world *w)
{
    tern_mine_pool_free(w->pool);
    tern_beir_free(w->corpus);
    tern_rows_free(w->rows);
    tern_texts_free(w->texts);
}

/* n queries with a positive each, and as many documents beside them. */
static inline void open_many(world *w, int n)
{
    tern_buffer rows = {0}, corpus = {0};
    for (int i = 0; i < n; i++) {
        tern_buffer_printf(&rows, "{\"anchor\": \"question %d\", \"positive\": \"answer %d\"}\n", i, i);
        tern_buffer_printf(&corpus, "{\"_id\": \"d%d\", \"text\": \"answer %d\"}\n", i, i);
        tern_buffer_printf(&corpus, "{\"_id\": \"x%d\", \"text\": \"something else, number %d\"}\n", i, i);
    }
    open_world(w, rows.data, corpus.data);
    tern_buffer_free(&rows);
    tern_buffer_free(&corpus);
}

static inline tern_mine_job job_of(world *w)
{
    tern_mine_job job = {.pool = w->pool, .embedder = &w->model, .filters = tern_mine_defaults(), .max_share = 1};
    job.shares[0] = (tern_mine_share){tern_miner_find("dense"), 1};
    job.bm25 = (tern_bm25_options){.k1 = 0.9, .b = 0.4};
    return job;
}

static inline tern_mined *mine(const tern_mine_job *job)
{
    tern_error error = {{0}};
    tern_mined *mined = tern_mine(job, &error);
    ck_assert_msg(mined, "%s", error.message);
    return mined;
}

#endif
