#include "autograd/segments.h"

#include "autograd/kernels.h"
#include "base/integer.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    tern_tensor *tensor;
    uint16_t *kept;
} entry;

typedef struct segment {
    size_t record, end; /* of the tape's records */
    size_t from, to;    /* of the entries */
} segment;

struct tern_segments {
    tern_arena *room;
    entry *entries;
    size_t n_entries, entry_capacity;
    segment *table;
    size_t n, capacity;
    int open;
    segment *here; /* whose tensors are in the room; NULL: none */
};

tern_segments *tern_segments_create(void)
{
    tern_segments *s = tern_calloc(1, sizeof *s);
    s->room = tern_arena_create();
    return s;
}

void tern_segments_free(tern_segments *segments)
{
    if (!segments)
        return;
    tern_arena_free(segments->room);
    free(segments->entries);
    free(segments->table);
    free(segments);
}

static void empty_room(tern_segments *s)
{
    tern_arena_rewind(s->room, (tern_arena_mark){0});
    s->here = NULL;
}

void tern_segments_reset(tern_segments *segments)
{
    empty_room(segments);
    segments->n = segments->n_entries = 0;
    segments->open = 0;
}

void tern_segments_open(tern_segments *segments, size_t record)
{
    TERN_CHECK(!segments->open, "segment %zu is still %s", segments->n, "open");
    empty_room(segments);
    TERN_GROW(segments->table, segments->n, segments->capacity);
    segments->table[segments->n++] = (segment){.record = record, .from = segments->n_entries};
    segments->open = 1;
}

int tern_segments_is_open(const tern_segments *segments)
{
    return segments->open;
}

static tern_real *take(tern_segments *s, const tern_tensor *t)
{
    return tern_arena_alloc(s->room, tern_tensor_size(t) * sizeof(tern_real));
}

tern_real *tern_segments_take(tern_segments *segments, tern_tensor *t)
{
    TERN_GROW(segments->entries, segments->n_entries, segments->entry_capacity);
    segments->entries[segments->n_entries++] = (entry){.tensor = t};
    return take(segments, t);
}

enum { BLOCK = 1 << 14 }; /* numbers that a thread takes at a time */

/* One entry on all threads: kept from data, or data from kept. */
static void convert(const entry *e, int bring_back)
{
    const tern_kernel_table *kern = tern_kernels();
    int64_t n = (int64_t)tern_tensor_size(e->tensor);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i += BLOCK) {
        size_t count = (size_t)tern_min(n - i, BLOCK);
        if (bring_back)
            kern->from_bfloat16(count, e->kept + i, e->tensor->data + i);
        else
            kern->to_bfloat16(count, e->tensor->data + i, e->kept + i);
    }
}

static void keep_whole(tern_tensor *t, tern_arena *arena)
{
    int64_t n = (int64_t)tern_tensor_size(t);
    tern_real *data = tern_arena_alloc(arena, (size_t)n * sizeof *data);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i += BLOCK)
        memcpy(data + i, t->data + i, (size_t)tern_min(n - i, BLOCK) * sizeof *data);
    t->data = data;
}

void tern_segments_close(tern_segments *segments, size_t end, tern_arena *arena, tern_tensor *out)
{
    TERN_CHECK(segments->open, "segment %zu isn't %s", segments->n, "open");
    segment *s = &segments->table[segments->n - 1];
    int found = 0;
    s->end = end;
    s->to = s->from;
    for (size_t i = s->from; i < segments->n_entries; i++) {
        entry e = segments->entries[i];
        if (e.tensor == out) {
            keep_whole(out, arena);
            found = 1;
        } else if (s->record < end) {
            e.kept = tern_arena_alloc(arena, tern_tensor_size(e.tensor) * sizeof *e.kept);
            convert(&e, 0);
            segments->entries[s->to++] = e;
        }
    }
    TERN_CHECK(found, "segment %zu: its output was made %s", segments->n, "elsewhere");
    segments->n_entries = s->to;
    segments->open = 0;
}

int tern_segments_reach(tern_segments *segments, size_t record)
{
    segment *s = segments->table, *last = s + segments->n;
    while (s < last && record >= s->end)
        s++;
    if (s == last || record < s->record || s == segments->here)
        return 0;
    empty_room(segments);
    for (size_t i = s->from; i < s->to; i++) {
        entry *e = &segments->entries[i];
        e->tensor->data = take(segments, e->tensor);
        convert(e, 1);
    }
    segments->here = s;
    return 1;
}

size_t tern_segments_capacity(const tern_segments *segments)
{
    return tern_arena_capacity(segments->room);
}
