#include "eval/run_ids.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_SLOTS = 1024 };

/* One 0-terminated string behind the other; a string's place is its number. Place 0 belongs to no id and marks a free
 * slot. The table is open addressing, at most two thirds full; a byte of each slot's hash spares most looks at strings
 * that are others. */
struct tern_run_ids {
    tern_buffer text;
    uint32_t *slot; /* [n_slots], a power of two */
    uint8_t *tag;   /* [n_slots] */
    size_t n_slots, n;
};

tern_run_ids *tern_run_ids_create(void)
{
    tern_run_ids *ids = tern_calloc(1, sizeof *ids);
    ids->n_slots = LEAST_SLOTS;
    ids->slot = tern_calloc(ids->n_slots, sizeof *ids->slot);
    ids->tag = tern_alloc(ids->n_slots, sizeof *ids->tag);
    tern_buffer_add(&ids->text, "", 1);
    return ids;
}

void tern_run_ids_free(tern_run_ids *ids)
{
    if (!ids)
        return;
    tern_buffer_free(&ids->text);
    free(ids->slot);
    free(ids->tag);
    free(ids);
}

static int is_id(const tern_run_ids *ids, uint32_t place, const char *id, size_t n)
{
    size_t left = ids->text.n - place;
    return n < left && memcmp(ids->text.data + place, id, n) == 0 && !ids->text.data[place + n];
}

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash >> 56);
}

static void fill_slot(tern_run_ids *ids, size_t at, uint64_t hash, size_t place)
{
    ids->slot[at] = (uint32_t)place;
    ids->tag[at] = tag_of(hash);
}

/* All strings are walked in their order, so only the table is met at random. */
static void double_slots(tern_run_ids *ids)
{
    size_t mask = 2 * ids->n_slots - 1;
    free(ids->slot);
    free(ids->tag);
    ids->n_slots *= 2;
    ids->slot = tern_calloc(ids->n_slots, sizeof *ids->slot);
    ids->tag = tern_alloc(ids->n_slots, sizeof *ids->tag);
    for (size_t place = 1, n; place < ids->text.n; place += n + 1) {
        n = strlen(ids->text.data + place);
        uint64_t hash = tern_hash(ids->text.data + place, n, 0);
        size_t at = (size_t)hash & mask;
        while (ids->slot[at])
            at = (at + 1) & mask;
        fill_slot(ids, at, hash, place);
    }
}

int tern_run_ids_add(tern_run_ids *ids, const char *id, size_t n, uint32_t *number)
{
    uint64_t hash = tern_hash(id, n, 0);
    size_t mask = ids->n_slots - 1, at = (size_t)hash & mask;
    for (; ids->slot[at]; at = (at + 1) & mask)
        if (ids->tag[at] == tag_of(hash) && is_id(ids, ids->slot[at], id, n)) {
            *number = ids->slot[at];
            return 0;
        }
    if (n >= UINT32_MAX - ids->text.n)
        return -1;
    *number = (uint32_t)ids->text.n;
    fill_slot(ids, at, hash, ids->text.n);
    tern_buffer_add(&ids->text, id, n);
    tern_buffer_add(&ids->text, "", 1);
    if (++ids->n * 3 > ids->n_slots * 2)
        double_slots(ids);
    return 0;
}

const char *tern_run_ids_get(const tern_run_ids *ids, uint32_t number)
{
    return ids->text.data + number;
}

size_t tern_run_ids_count(const tern_run_ids *ids)
{
    return ids->n;
}
