#include "data/texts.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

#include <string.h>

/* The first chunk is small, since many stores are: names of columns, labels. Each next one is twice as large. */
enum { LEAST_CHUNK = 1 << 12, DOUBLINGS = 8, LEAST_SLOTS = 64 };

/* Texts lie in chunks that never move; the table is open addressing over their ids, at most two thirds full. */
struct tern_texts {
    char **text;
    size_t *length;
    uint64_t *hash;
    size_t n, capacity;
    int64_t *slot; /* [n_slots], a power of two; -1: free */
    size_t n_slots;
    char **chunk;
    size_t n_chunks, chunk_capacity;
    char *room; /* the last chunk's free part, room_left bytes */
    size_t room_left;
};

tern_texts *tern_texts_create(void)
{
    tern_texts *texts = tern_calloc(1, sizeof *texts);
    texts->n_slots = LEAST_SLOTS;
    texts->slot = tern_alloc(texts->n_slots, sizeof *texts->slot);
    memset(texts->slot, 0xFF, texts->n_slots * sizeof *texts->slot);
    return texts;
}

void tern_texts_free(tern_texts *texts)
{
    if (!texts)
        return;
    for (size_t i = 0; i < texts->n_chunks; i++)
        free(texts->chunk[i]);
    free(texts->chunk);
    free(texts->text);
    free(texts->length);
    free(texts->hash);
    free(texts->slot);
    free(texts);
}

/* The slot of the text, or the free one where it would go. */
static size_t find_slot(const tern_texts *texts, const char *text, size_t n, uint64_t hash)
{
    size_t mask = texts->n_slots - 1, at = (size_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        int64_t id = texts->slot[at];
        if (id < 0)
            return at;
        if (texts->hash[id] == hash && texts->length[id] == n && memcmp(texts->text[id], text, n) == 0)
            return at;
    }
}

static void double_slots(tern_texts *texts)
{
    texts->n_slots *= 2;
    texts->slot = tern_realloc(texts->slot, texts->n_slots, sizeof *texts->slot);
    memset(texts->slot, 0xFF, texts->n_slots * sizeof *texts->slot);
    size_t mask = texts->n_slots - 1;
    for (size_t i = 0; i < texts->n; i++) {
        size_t at = (size_t)texts->hash[i] & mask;
        while (texts->slot[at] >= 0)
            at = (at + 1) & mask;
        texts->slot[at] = (int64_t)i;
    }
}

/* A copy of the text in a chunk, followed by a 0. */
static char *store(tern_texts *texts, const char *text, size_t n)
{
    if (n >= texts->room_left) {
        size_t chunk = (size_t)LEAST_CHUNK << (texts->n_chunks < DOUBLINGS ? texts->n_chunks : DOUBLINGS);
        texts->room_left = n >= chunk ? n + 1 : chunk;
        texts->room = tern_alloc(texts->room_left, 1);
        TERN_GROW(texts->chunk, texts->n_chunks, texts->chunk_capacity);
        texts->chunk[texts->n_chunks++] = texts->room;
    }
    char *copy = texts->room;
    if (n)
        memcpy(copy, text, n);
    copy[n] = 0;
    texts->room += n + 1;
    texts->room_left -= n + 1;
    return copy;
}

static void grow_columns(tern_texts *texts)
{
    if (texts->n < texts->capacity)
        return;
    texts->capacity = texts->capacity ? 2 * texts->capacity : 64;
    texts->text = tern_realloc(texts->text, texts->capacity, sizeof *texts->text);
    texts->length = tern_realloc(texts->length, texts->capacity, sizeof *texts->length);
    texts->hash = tern_realloc(texts->hash, texts->capacity, sizeof *texts->hash);
}

int64_t tern_texts_add(tern_texts *texts, const char *text, size_t n)
{
    uint64_t hash = tern_hash(text, n, 0);
    size_t at = find_slot(texts, text, n, hash);
    if (texts->slot[at] >= 0)
        return texts->slot[at];
    grow_columns(texts);
    size_t id = texts->n++;
    texts->text[id] = store(texts, text, n);
    texts->length[id] = n;
    texts->hash[id] = hash;
    texts->slot[at] = (int64_t)id;
    if (texts->n * 3 > texts->n_slots * 2)
        double_slots(texts);
    return (int64_t)id;
}

int64_t tern_texts_find(const tern_texts *texts, const char *text, size_t n)
{
    return texts->slot[find_slot(texts, text, n, tern_hash(text, n, 0))];
}

int64_t tern_texts_count(const tern_texts *texts)
{
    return (int64_t)texts->n;
}

const char *tern_texts_get(const tern_texts *texts, int64_t id, size_t *n)
{
    TERN_CHECK(id >= 0 && (size_t)id < texts->n, "text %lld of %zu", (long long)id, texts->n);
    if (n)
        *n = texts->length[id];
    return texts->text[id];
}
