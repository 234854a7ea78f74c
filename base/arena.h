/* Memory that is given out in order and taken back all at once.
 *
 *     tern_arena *arena = tern_arena_create();
 *     tern_arena_mark mark = tern_arena_here(arena);
 *     float *x = tern_arena_alloc(arena, n * sizeof *x);      // 64-byte aligned, uninitialised
 *     tern_arena_rewind(arena, mark);                          // x is gone; the chunk stays for the next round
 *
 * Chunks never move, so pointers stay valid until the rewind; nobody states a size in advance. When a
 * rewind empties the arena, one chunk, as large as all that was ever in use at once, takes the place of the others, so
 * a steady state allocates nothing. */
#ifndef TERN_BASE_ARENA_H
#define TERN_BASE_ARENA_H

#include <stddef.h>

typedef struct tern_arena tern_arena;
typedef struct tern_arena_mark {
    void *chunk;
    size_t used;
} tern_arena_mark;

tern_arena *tern_arena_create(void);
void tern_arena_free(tern_arena *arena);

void *tern_arena_alloc(tern_arena *arena, size_t bytes);
tern_arena_mark tern_arena_here(const tern_arena *arena);
void tern_arena_rewind(tern_arena *arena, tern_arena_mark mark);

/* Bytes that the arena holds from the system. */
size_t tern_arena_capacity(const tern_arena *arena);

#endif
