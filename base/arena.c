#include "base/arena.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>

enum { ALIGNMENT = 64, FIRST_CHUNK = 1 << 20 };

/* Newest chunk first. The header takes one whole alignment unit, so data starts aligned. */
typedef struct chunk {
    struct chunk *older;
    size_t capacity, used;
} chunk;

struct tern_arena {
    chunk *top;
    size_t capacity, used;
    size_t peak; /* the most that was ever in use at once: what one chunk takes over when the arena is emptied */
};

static unsigned char *chunk_data(chunk *c)
{
    return (unsigned char *)c + ALIGNMENT;
}

static void push_chunk(tern_arena *arena, size_t capacity)
{
    chunk *c = tern_alloc_large(capacity + ALIGNMENT, 1);
    *c = (chunk){arena->top, capacity, 0};
    arena->top = c;
    arena->capacity += capacity;
}

static void pop_chunk(tern_arena *arena)
{
    chunk *c = arena->top;
    arena->top = c->older;
    arena->capacity -= c->capacity;
    arena->used -= c->used;
    free(c);
}

tern_arena *tern_arena_create(void)
{
    return tern_calloc(1, sizeof(tern_arena));
}

void tern_arena_free(tern_arena *arena)
{
    if (!arena)
        return;
    while (arena->top)
        pop_chunk(arena);
    free(arena);
}

void *tern_arena_alloc(tern_arena *arena, size_t bytes)
{
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    chunk *c = arena->top;
    if (!c || c->capacity - c->used < bytes) {
        size_t grow = arena->capacity / 2 > FIRST_CHUNK ? arena->capacity / 2 : FIRST_CHUNK;
        push_chunk(arena, bytes > grow ? bytes : grow);
        c = arena->top;
    }
    void *p = chunk_data(c) + c->used;
    c->used += bytes;
    arena->used += bytes;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
    return p;
}

tern_arena_mark tern_arena_here(const tern_arena *arena)
{
    return (tern_arena_mark){arena->top, arena->top ? arena->top->used : 0};
}

static void empty(tern_arena *arena)
{
    if (arena->top && !arena->top->older && arena->top->capacity >= arena->peak) {
        arena->top->used = arena->used = 0;
        return;
    }
    while (arena->top)
        pop_chunk(arena);
    if (arena->peak)
        push_chunk(arena, arena->peak);
}

void tern_arena_rewind(tern_arena *arena, tern_arena_mark mark)
{
    if (!mark.chunk) {
        empty(arena);
        return;
    }
    while (arena->top && arena->top != mark.chunk)
        pop_chunk(arena);
    TERN_CHECK(arena->top, "a mark that is not of this arena, or older than a rewind");
    arena->used -= arena->top->used - mark.used;
    arena->top->used = mark.used;
}

size_t tern_arena_capacity(const tern_arena *arena)
{
    return arena->capacity;
}
