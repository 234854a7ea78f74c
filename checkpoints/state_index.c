/* The parent's side: starts the child, reads its table through a pipe, and believes nothing of it. */
#include "checkpoints/state_index.h"

#include "base/memory.h"
#include "checkpoints/state_child.h"
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"
#include "data/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t item_size(tern_state_kind kind)
{
    return kind == TERN_STATE_FLOAT ? 4 : kind == TERN_STATE_STRING ? 1 : 8;
}

/* The bytes of an array of that shape, or -1 when they would not fit into size. */
static int64_t array_bytes(const tern_state_row *row, int64_t size)
{
    int64_t bytes = item_size(row->kind);
    for (int i = 0; i < row->rank; i++) {
        if (row->shape[i] < 0 || (row->shape[i] > 0 && bytes > size / row->shape[i]))
            return -1;
        bytes *= row->shape[i];
    }
    return bytes;
}

/* Groups and a name, as libhdf5 takes them: none is empty, and none is ".", which is the group itself. */
static int is_name(const char *name, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && name[i] != '/')
            continue;
        if (i == from || (i == from + 1 && name[from] == '.'))
            return 0;
        from = i + 1;
    }
    return !memchr(name, 0, n) && tern_utf8_check(name, n) == n;
}

/* One more row of the table, with its name; 0 when it can't be of a state. */
static int add_row(tern_state_listing *listing, const tern_state_row *row, const char *name, int64_t size)
{
    int is_text = row->kind == TERN_STATE_STRING;
    if (row->kind < TERN_STATE_FLOAT || row->kind > TERN_STATE_STRING || row->rank < !is_text || row->rank > 2 ||
        (is_text && row->rank != 0))
        return 0;
    int64_t bytes = is_text ? row->bytes : array_bytes(row, size);
    if (bytes < is_text || bytes > size || bytes != row->bytes)
        return 0;
    if (bytes > 0 && (row->offset < TERN_STATE_USER_BLOCK || row->offset > size - bytes))
        return 0;
    if (!is_name(name, row->name_length))
        return 0;
    TERN_GROW(listing->entries, listing->n, listing->capacity);
    listing->entries[listing->n++] = (tern_state_entry){
        .name = tern_strndup(name, row->name_length),
        .kind = row->kind,
        .rank = row->rank,
        .shape = {row->rank > 0 ? row->shape[0] : 0, row->rank > 1 ? row->shape[1] : 0},
        .offset = row->offset,
        .bytes = bytes,
    };
    return 1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tern_state_entry *)a)->name, ((const tern_state_entry *)b)->name);
}

/* Sorts the items. Two of one name, or more bytes than the file has, can't be. */
static int sort_items(tern_state_listing *listing, int64_t size)
{
    int64_t bytes = 0;
    if (listing->n)
        qsort(listing->entries, listing->n, sizeof *listing->entries, by_name);
    for (size_t i = 0; i < listing->n; i++) {
        bytes += listing->entries[i].bytes;
        if (bytes > size || (i > 0 && by_name(&listing->entries[i - 1], &listing->entries[i]) == 0))
            return 0;
    }
    return 1;
}

int tern_state_index_parse(const char *answer, size_t n, const char *path, int64_t size, tern_state_listing *listing,
                           int *status, tern_error *error)
{
    tern_state_answer head;
    if (n < sizeof head)
        return 0;
    memcpy(&head, answer, sizeof head);
    const char *p = answer + sizeof head, *end = answer + n;
    if (head.length != (size_t)(end - p))
        return 0;
    if (head.refused) {
        *status = tern_fail(error, "%s: %.*s", path, (int)head.length, p);
        return 1;
    }
    while (p < end) {
        tern_state_row row;
        if ((size_t)(end - p) < sizeof row)
            return 0;
        memcpy(&row, p, sizeof row);
        p += sizeof row;
        if (row.name_length > (size_t)(end - p) || !add_row(listing, &row, p, size))
            return 0;
        p += row.name_length;
    }
    *status = 0;
    return sort_items(listing, size);
}

/* Reads until the child closes its end, at most what an answer may be long. */
static void read_answer(int fd, tern_buffer *answer)
{
    char block[1 << 14];
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || answer->n + (size_t)got > TERN_STATE_LONGEST_ANSWER)
            return;
        tern_buffer_add(answer, block, (size_t)got);
    }
}

/* Where nobody waits for children (SIGCHLD ignored) there is no status, and 0 is given. */
static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int fail_crashed(const char *path, int status, tern_error *error)
{
    char how[64] = "libhdf5 crashed over it";
    int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal_number == SIGXCPU || signal_number == SIGKILL)
        snprintf(how, sizeof how, "libhdf5 didn't come to an end with it");
    else if (signal_number)
        snprintf(how, sizeof how, "libhdf5 crashed over it with signal %d", signal_number);
    return tern_fail(error, "%s: %s; it is damaged or was made to do this, and nothing of it was read; remove it", path,
                     how);
}

/* Whether a child gets the memory of large arrays that will be filled: of whole pages, in which nothing else lies. Each
 * page that a child once had costs a fault when it is written, a third of the time that a state takes to load. */
static void share(const tern_state *into, int advice)
{
    enum { LARGE = 1 << 18 };
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; into && i < into->n; i++) {
        const tern_state_item *item = &into->items[i];
        if (item->kind != TERN_STATE_FLOAT)
            continue;
        uintptr_t from = (uintptr_t)item->data;
        uintptr_t bytes = 4 * (uintptr_t)item->shape[0] * (uintptr_t)(item->rank == 2 ? item->shape[1] : 1);
        uintptr_t first = (from + page - 1) / page * page, end = (from + bytes) / page * page;
        if (bytes >= LARGE)
            madvise((void *)first, end - first, advice);
    }
}

static int ask(int fd, const char *path, int64_t size, tern_buffer *answer, int *status, tern_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return tern_fail(error, "%s: can't make a pipe to read it through: %s", path, strerror(errno));
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        close(ends[0]);
        tern_state_child(fd, path, size, ends[1], parent);
    }
    int why = errno;
    close(ends[1]);
    if (child > 0) {
        read_answer(ends[0], answer);
        close(ends[0]);
        *status = wait_for(child);
        return 0;
    }
    close(ends[0]);
    return tern_fail(error, "%s: can't start a process that reads it: %s", path, strerror(why));
}

int tern_state_index(int fd, const char *path, int64_t size, const tern_state *into, tern_state_listing *listing,
                     tern_error *error)
{
    tern_buffer answer = {0};
    int ended = 0, status = -1;
    *listing = (tern_state_listing){0};
    share(into, MADV_DONTFORK);
    int asked = ask(fd, path, size, &answer, &ended, error);
    share(into, MADV_DOFORK);
    if (asked == 0 && !tern_state_index_parse(answer.data, answer.n, path, size, listing, &status, error))
        status = fail_crashed(path, ended, error);
    if (status < 0)
        tern_state_listing_free(listing);
    tern_buffer_free(&answer);
    return status;
}
