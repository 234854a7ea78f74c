#include "base/memory.h"

#include "base/staging.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The one place in the library that ends the process: see the header. Not by exit(): other threads may be at work, and
 * what is registered for the end would run beside them. What was printed so far is lost where it wasn't flushed. */
_Noreturn void tern_out_of_memory(size_t n, size_t size)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    static _Thread_local int mine;
    char text[200];
    if (mine) /* again, while this thread tidies up */
        _exit(1);
    if (atomic_flag_test_and_set(&taken))
        for (;;)
            pause();
    mine = 1;
    int length =
        snprintf(text, sizeof text,
                 "tern: out of memory: no room for %zu %s of %zu bytes; use smaller batches or another machine\n", n,
                 n == 1 ? "item" : "items", size);
    if (write(STDERR_FILENO, text, (size_t)length) != length)
        _exit(1);
    tern_staged_discard_all();
    _exit(1);
}

int tern_memory_has_room(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 0;
    munmap(p, bytes);
    return 1;
}

static size_t product(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        tern_out_of_memory(n, size);
    return bytes ? bytes : 1;
}

void *tern_alloc(size_t n, size_t size)
{
    void *p = malloc(product(n, size));
    if (!p)
        tern_out_of_memory(n, size);
    return p;
}

void *tern_calloc(size_t n, size_t size)
{
    product(n, size);
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        tern_out_of_memory(n, size);
    return p;
}

void *tern_realloc(void *old, size_t n, size_t size)
{
    void *p = realloc(old, product(n, size));
    if (!p)
        tern_out_of_memory(n, size);
    return p;
}

void *tern_alloc_aligned(size_t n, size_t size)
{
    size_t bytes = product(n, size);
    if (bytes > SIZE_MAX - 64)
        tern_out_of_memory(n, size);
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!p)
        tern_out_of_memory(n, size);
    return p;
}

void *tern_alloc_large(size_t n, size_t size)
{
    enum { HUGE = 2 << 20 };
    size_t bytes = product(n, size);
    if (bytes < 2 * (size_t)HUGE || bytes > SIZE_MAX - HUGE)
        return tern_alloc_aligned(n, size);
    size_t whole = (bytes + HUGE - 1) / HUGE * HUGE;
    void *p = aligned_alloc(HUGE, whole);
    if (!p)
        tern_out_of_memory(n, size);
    madvise(p, whole, MADV_HUGEPAGE); /* a wish: without it everything works, a little slower */
    return p;
}

char *tern_strndup(const char *text, size_t n)
{
    if (!text)
        return NULL;
    char *copy = tern_alloc(n + 1, 1);
    memcpy(copy, text, n);
    copy[n] = 0;
    return copy;
}

char *tern_strdup(const char *text)
{
    return text ? tern_strndup(text, strlen(text)) : NULL;
}

static void reserve(tern_buffer *buffer, size_t more)
{
    size_t need = buffer->n + more + 1;
    if (need <= buffer->capacity)
        return;
    buffer->capacity = need > 2 * buffer->capacity ? need : 2 * buffer->capacity;
    buffer->data = tern_realloc(buffer->data, buffer->capacity, 1);
}

void tern_buffer_add(tern_buffer *buffer, const void *bytes, size_t n)
{
    reserve(buffer, n);
    if (n)
        memcpy(buffer->data + buffer->n, bytes, n);
    buffer->n += n;
    buffer->data[buffer->n] = 0;
}

static void buffer_vprintf(tern_buffer *buffer, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        reserve(buffer, (size_t)n);
        vsnprintf(buffer->data + buffer->n, (size_t)n + 1, format, again);
        buffer->n += (size_t)n;
    }
    va_end(again);
}

void tern_buffer_printf(tern_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buffer_vprintf(buffer, format, args);
    va_end(args);
}

char *tern_format(const char *format, ...)
{
    tern_buffer buffer = {0};
    tern_buffer_add(&buffer, "", 0);
    va_list args;
    va_start(args, format);
    buffer_vprintf(&buffer, format, args);
    va_end(args);
    return buffer.data;
}

void tern_buffer_free(tern_buffer *buffer)
{
    free(buffer->data);
    *buffer = (tern_buffer){0};
}
