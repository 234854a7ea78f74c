/* Allocation that does not return NULL, and growing arrays.
 *
 * tern checks what a job needs before it starts, so running out later is not a state that callers
 * recover from: these functions print one sentence and exit with status 1 (as git's xmalloc does).
 * Sizes that come from a file are checked against the file's length before they get here. */
#ifndef TERN_BASE_MEMORY_H
#define TERN_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Ends the process as the functions below do when they fail: one sentence on stderr, from the first thread that comes
 * here, outputs that are not in their place yet are removed, exit status 1. */
_Noreturn void tern_out_of_memory(size_t n, size_t size);
/* 1 when the process may have this many bytes more of address space now: they are asked for and given back. For
 * libraries that can't cope with being refused. */
int tern_memory_has_room(size_t bytes);

/* n items of size bytes, uninitialised; owned by the caller, freed with free(). */
void *tern_alloc(size_t n, size_t size);
/* The same, all zero. */
void *tern_calloc(size_t n, size_t size);
/* Grows or shrinks what tern_alloc gave (NULL: a new one). */
void *tern_realloc(void *old, size_t n, size_t size);
/* 64-byte aligned, uninitialised; freed with free(). */
void *tern_alloc_aligned(size_t n, size_t size);
/* The same for what is written whole and read along many rows at once, as activations are: in pages of 2 MB where the
 * system has them, since a row in each page of 4 kB costs a look into the page table. */
void *tern_alloc_large(size_t n, size_t size);
/* Copies of strings; NULL gives NULL. */
char *tern_strdup(const char *text);
char *tern_strndup(const char *text, size_t n);
/* printf into a new string. */
char *tern_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more item in (array, n, capacity); array is any pointer, n and capacity size_t. */
#define TERN_GROW(array, n, capacity)                                                                                  \
    do {                                                                                                               \
        if ((n) == (capacity)) {                                                                                       \
            (capacity) = (capacity) ? 2 * (capacity) : 16;                                                             \
            (array) = tern_realloc((array), (capacity), sizeof *(array));                                              \
        }                                                                                                              \
    } while (0)

/* A byte string that grows; always followed by a 0 that n does not count. Zero-initialise it. */
typedef struct tern_buffer {
    char *data;
    size_t n, capacity;
} tern_buffer;

void tern_buffer_add(tern_buffer *buffer, const void *bytes, size_t n);
void tern_buffer_printf(tern_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tern_buffer_free(tern_buffer *buffer);

#endif
