/* One session with a store: what is looked up, what is added, and who may write. */
#include "checkpoints/store.h"

#include "base/file.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/fault.h"
#include "checkpoints/store_rewrite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct tern_store {
    char *path;
    int64_t limit;
    tern_store_file file;
    uint64_t session; /* the clock of what this session wrote; 0: nothing yet */
    int full;         /* 1: nothing more of this session fits */
    int began;        /* 1: there was no file */
};

tern_store *tern_store_open(const char *path, int64_t limit)
{
    tern_store *store = tern_calloc(1, sizeof *store);
    store->path = tern_strdup(path);
    store->limit = limit;
    tern_store_file_open(&store->file, path);
    return store;
}

void tern_store_close(tern_store *store)
{
    if (!store)
        return;
    tern_store_file_close(&store->file);
    free(store->path);
    free(store);
}

int tern_store_began(const tern_store *store)
{
    return store->began;
}

/* ------------------------------------------------------------------------------------------------------ writing */

/* A folder of this user's and no link to another, made when it isn't there. Vectors tell much of their texts, so nobody
 * else may read them. */
static int own_folder(const char *path)
{
    tern_error ignored;
    struct stat info;
    char *folder = tern_strdup(path), *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
    int own = slash && tern_make_folder(folder, &ignored) == 0 && lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) &&
              info.st_uid == geteuid() && chmod(folder, 0700) == 0;
    free(folder);
    return own;
}

/* The lock of those who write, on a file of its own, since the store itself is replaced by others. Another process that
 * writes is waited for, but not for long: one that was stopped may hold the lock for ever. -1: it can't be had. */
static int take_lock(const char *path, int tries)
{
    const struct timespec pause = {0, 10000000};
    char *name = tern_format("%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    free(name);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (--tries <= 0) {
            close(fd);
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return fd;
}

/* Under the lock: the file that is at the path now, which another process may have replaced. 1: it is the one that was
 * open before. */
static int follow(tern_store *store)
{
    if (tern_store_file_is_at(&store->file, store->path))
        return 1;
    tern_store_file_close(&store->file);
    tern_store_file_open(&store->file, store->path);
    return 0;
}

/* Under the lock: gives this session its number, when it has none in this file. */
static int begin_session(tern_store *store, tern_store_tally *tally)
{
    if (store->session && store->session <= tally->clock)
        return 1;
    store->session = ++tally->clock;
    return tern_store_tally_write(&store->file, tally);
}

/* ------------------------------------------------------------------------------------------------------ looking up */

/* Notes what was used, unless all of it was used by the last session that wrote, as when a command is repeated. */
static void touch(tern_store *store, const int64_t *index, const uint64_t *used, int64_t n)
{
    tern_store_tally tally;
    int news = 0;
    if (!store->file.writable || !tern_store_tally_read(&store->file, &tally))
        return;
    for (int64_t i = 0; i < n; i++)
        news |= index[i] >= 0 && used[i] != tally.clock && used[i] != store->session;
    int lock = news ? take_lock(store->path, 1) : -1;
    if (lock < 0)
        return;
    if (follow(store) && tern_store_tally_read(&store->file, &tally) && begin_session(store, &tally))
        for (int64_t i = 0; i < n; i++)
            if (index[i] >= 0 && used[i] != store->session)
                tern_store_file_touch(&store->file, index[i], store->session);
    close(lock);
}

int64_t tern_store_find(tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, float *out,
                        unsigned char *has)
{
    int64_t found = 0;
    memset(has, 0, (size_t)n);
    if (n == 0)
        return 0;
    if (!tern_store_file_is_at(&store->file, store->path))
        follow(store);
    if (store->file.fd < 0)
        return 0;
    int64_t *index = tern_alloc((size_t)n, sizeof *index);
    uint64_t *used = tern_alloc((size_t)n, sizeof *used);
#pragma omp parallel reduction(+ : found)
    {
        float *row = tern_alloc((size_t)dim, sizeof *row); /* so that one that is damaged leaves no trace */
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n; i++) {
            tern_store_slot slot;
            has[i] = (unsigned char)tern_store_file_get(&store->file, keys[i], dim, row, &slot, &index[i]);
            if (has[i])
                memcpy(out + i * dim, row, (size_t)dim * sizeof *row);
            index[i] = has[i] ? index[i] : -1;
            used[i] = has[i] ? slot.used : 0;
            found += has[i];
        }
        free(row);
    }
    if (found)
        touch(store, index, used, n);
    free(used);
    free(index);
    return found;
}

/* ------------------------------------------------------------------------------------------------------ adding */

/* Keys that have no whole vector yet, as places in keys; returns how many. */
static int64_t missing(const tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, int64_t *places)
{
    tern_store_slot slot;
    int64_t m = 0, index;
    float *row = tern_alloc((size_t)dim, sizeof *row);
    for (int64_t i = 0; i < n; i++)
        if (store->file.fd < 0 || !tern_store_file_get(&store->file, keys[i], dim, row, &slot, &index))
            places[m++] = i;
    free(row);
    return m;
}

static int has_room(const tern_store *store, const tern_store_tally *tally, int64_t n, int64_t dim)
{
    const tern_store_head *head = &store->file.head;
    return (uint64_t)tern_store_slots_for((int64_t)tally->records + n) <= head->n_slots &&
           (uint64_t)(n * dim) <= head->n_values - tally->values;
}

/* Writes n vectors behind the others. Their room is taken first: what is lost when the process is killed is that room,
 * and no record ever lies where another one will be written. */
static void append(tern_store *store, tern_store_tally *tally, const tern_store_key *keys, const int64_t *places,
                   int64_t n, int64_t dim, const float *rows)
{
    uint64_t at = tally->values;
    tally->values += (uint64_t)(n * dim);
    tally->records += (uint64_t)n;
    tern_fault("store");
    int good = tern_store_tally_write(&store->file, tally);
    for (int64_t i = 0; good && i < n; i++, at += (uint64_t)dim) {
        tern_store_slot slot = {.key = keys[places[i]], .at = at, .dim = (uint64_t)dim, .used = store->session};
        good = tern_store_file_put(&store->file, &slot, rows + places[i] * dim);
    }
    if (good)
        return;
    store->full = 1; /* the disk most likely; else a damaged table: the next session that adds writes it anew */
    tally->records = store->file.head.n_slots;
    tern_store_tally_write(&store->file, tally);
}

/* Under the lock. */
static void add(tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, const float *rows)
{
    tern_store_tally tally = {0};
    follow(store);
    if (store->file.fd >= 0 && !store->file.writable) {
        store->full = 1;
        return;
    }
    if (store->file.fd >= 0 && !tern_store_tally_read(&store->file, &tally))
        tern_store_file_close(&store->file);
    int64_t *places = tern_alloc((size_t)n, sizeof *places), m = missing(store, keys, n, dim, places);
    if (m > 0 && (store->file.fd < 0 || !has_room(store, &tally, m, dim))) {
        int none = !tern_file_exists(store->path);
        m = tern_store_rewrite(&store->file, store->path, store->limit, store->session, m, dim);
        store->full |= m == 0;
        store->began |= none && m > 0;
        if (m > 0 && !tern_store_tally_read(&store->file, &tally))
            m = 0;
    }
    if (m > 0 && begin_session(store, &tally))
        append(store, &tally, keys, places, m, dim, rows);
    free(places);
}

void tern_store_add(tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, const float *rows)
{
    if (n == 0 || store->full || dim > TERN_STORE_MOST_DIM)
        return;
    int lock = own_folder(store->path) ? take_lock(store->path, 500) : -1;
    if (lock < 0) {
        store->full = 1;
        return;
    }
    add(store, keys, n, dim, rows);
    close(lock);
}
