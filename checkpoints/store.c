/* One session with a store: what is looked up, what is added, and who may write. */
#include "checkpoints/store.h"

#include "base/file.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/fault.h"
#include "checkpoints/store_rewrite.h"

#include <errno.h>
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
    int full;         /* 1: nothing more of this session is kept */
    int began;        /* 1: there was no file */
    tern_error why;   /* it is full, if not by the limit */
    tern_store_disk pretended;
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

const char *tern_store_failure(const tern_store *store)
{
    return store->why.message[0] ? store->why.message : NULL;
}

void tern_store_pretend(tern_store *store, tern_store_disk disk)
{
    store->pretended = disk;
}

int tern_store_began(const tern_store *store)
{
    return store->began;
}

/* ------------------------------------------------------------------------------------------------------ writing */

/* A folder of this user's and no link to another, made when it isn't there. Vectors tell much of their texts, so nobody
 * else may read them. */
static int own_folder(const char *path, tern_error *error)
{
    struct stat info;
    char *folder = tern_strdup(path), *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
    int status = tern_make_folder_above(path, error);
    if (status == 0 &&
        !(lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() && chmod(folder, 0700) == 0))
        status = tern_fail(error, "its folder isn't one of this user's");
    free(folder);
    return status;
}

/* The lock of those who write, on a file of its own, since the store itself is replaced by others. Another process that
 * writes is waited for, but not for long: one that was stopped may hold the lock for ever. -1: it can't be had. */
static int take_lock(const char *path, int tries, tern_error *error)
{
    const struct timespec pause = {0, 10000000};
    char *name = tern_format("%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    free(name);
    if (fd < 0)
        return tern_store_write_fail(errno, error);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (--tries <= 0) {
            close(fd);
            return tern_fail(error, "another process holds its lock");
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
    int lock = news ? take_lock(store->path, 1, NULL) : -1;
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

/* Under the lock: a write failed. Nothing more is kept. Where the disk is full the store goes, so that a cache isn't
 * why others can't write. */
static void give_up(tern_store *store, int why)
{
    store->full = 1;
    tern_store_write_fail(why, &store->why);
    if (why == ENOSPC || why == EDQUOT) {
        unlink(store->path);
        tern_store_file_close(&store->file);
    }
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
    errno = 0;
    int good = tern_store_tally_write(&store->file, tally);
    for (int64_t i = 0; good && i < n; i++, at += (uint64_t)dim) {
        tern_store_slot slot = {.key = keys[places[i]], .at = at, .dim = (uint64_t)dim, .used = store->session};
        good = tern_store_file_put(&store->file, &slot, rows + places[i] * dim);
    }
    if (good)
        return;
    int why = errno;
    store->full = 1; /* no error: a damaged table. The next session that adds writes it anew */
    tally->records = store->file.head.n_slots;
    tern_store_tally_write(&store->file, tally);
    if (why)
        give_up(store, why);
}

/* Under the lock: room for n vectors, in the file and on its disk. Returns for how many there is. */
static int64_t make_room(tern_store *store, tern_store_tally *tally, int lock, int64_t n, int64_t dim)
{
    const tern_store_disk disk = store->pretended.size ? store->pretended : tern_store_disk_of(lock);
    if (store->file.fd >= 0 && has_room(store, tally, n, dim)) {
        int64_t bytes = n * (dim * (int64_t)sizeof(float) + (int64_t)sizeof(tern_store_slot));
        if (bytes <= tern_store_disk_room(&disk))
            return n;
        n = tern_store_disk_fail(&disk, &store->why);
    } else {
        int none = !tern_file_exists(store->path);
        n = tern_store_rewrite(&store->file, store->path, store->limit, &disk, store->session, n, dim, &store->why);
        store->began |= none && n > 0;
        if (n > 0 && !tern_store_tally_read(&store->file, tally))
            n = 0;
    }
    store->full |= n <= 0;
    return n;
}

/* Under the lock. */
static void add(tern_store *store, int lock, const tern_store_key *keys, int64_t n, int64_t dim, const float *rows)
{
    tern_store_tally tally = {0};
    follow(store);
    if (store->file.fd >= 0 && !store->file.writable) {
        give_up(store, EACCES);
        return;
    }
    if (store->file.fd >= 0 && !tern_store_tally_read(&store->file, &tally))
        tern_store_file_close(&store->file);
    int64_t *places = tern_alloc((size_t)n, sizeof *places), m = missing(store, keys, n, dim, places);
    if (m > 0)
        m = make_room(store, &tally, lock, m, dim);
    if (m > 0 && !begin_session(store, &tally))
        give_up(store, errno);
    else if (m > 0)
        append(store, &tally, keys, places, m, dim, rows);
    free(places);
}

void tern_store_add(tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, const float *rows)
{
    if (n == 0 || store->full || dim > TERN_STORE_MOST_DIM)
        return;
    int lock = own_folder(store->path, &store->why) == 0 ? take_lock(store->path, 500, &store->why) : -1;
    if (lock < 0) {
        store->full = 1;
        return;
    }
    add(store, lock, keys, n, dim, rows);
    close(lock);
}
