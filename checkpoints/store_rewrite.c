#include "checkpoints/store_rewrite.h"

#include "base/integer.h"
#include "base/memory.h"
#include "base/staging.h"
#include "checkpoints/fault.h"

#include <errno.h>
#include <stdlib.h>

/* Records that stay, the last used first, and how large they are. */
typedef struct kept {
    tern_store_slot *slots;
    int64_t n, values;
    uint64_t clock;
} kept;

static int by_use(const void *a, const void *b)
{
    const tern_store_slot *x = a, *y = b;
    if (x->used != y->used)
        return x->used > y->used ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
    const tern_store_slot *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* All records of a file. A damaged tally costs the order of use alone. */
static kept read_records(const tern_store_file *file)
{
    kept k = {0};
    tern_store_tally tally;
    if (file->fd < 0)
        return k;
    int64_t n = (int64_t)file->head.n_slots;
    k.slots = tern_alloc((size_t)n, sizeof *k.slots);
    k.clock = tern_store_tally_read(file, &tally) ? tally.clock : 0;
    if (!tern_store_file_slots(file, 0, n, k.slots))
        return k;
    for (int64_t i = 0; i < n; i++)
        if (tern_store_slot_fits(file, &k.slots[i]) &&
            k.slots[i].dim <= file->head.n_values - (uint64_t)k.values) { /* else they overlap */
            k.values += (int64_t)k.slots[i].dim;
            k.slots[k.n++] = k.slots[i];
        }
    qsort(k.slots, (size_t)k.n, sizeof *k.slots, by_use);
    return k;
}

static int fits(int64_t records, int64_t values, int64_t limit)
{
    int64_t slots = tern_store_slots_for(records);
    return slots <= TERN_STORE_MOST_SLOTS && values <= limit / (int64_t)sizeof(float) &&
           tern_store_file_bytes(slots, values) <= limit;
}

/* Drops records until the rest and n more of dim fit into limit, and one quarter of it stays free for what comes next;
 * when those of the session alone are too many, fewer of the n get room. Returns that number. */
static int64_t prune(kept *k, int64_t limit, uint64_t session, int64_t n, int64_t dim)
{
    int64_t most = limit / dim / (int64_t)sizeof(float);
    n = tern_min(n, most);
    if (fits(k->n + n, k->values + n * dim, limit))
        return n;
    while (k->n > 0 && !(session && k->slots[k->n - 1].used == session) &&
           !fits(k->n + n, k->values + n * dim, limit / 4 * 3))
        k->values -= (int64_t)k->slots[--k->n].dim;
    int64_t low = 0, high = n;
    while (low < high) { /* the greatest number that fits */
        int64_t middle = high - (high - low) / 2;
        if (fits(k->n + middle, k->values + middle * dim, limit))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Records and values of a file of at most limit bytes that has room to grow. */
static void choose_size(int64_t limit, int64_t *records, int64_t *values)
{
    for (int eighths = 16; eighths > 8; eighths--) {
        int64_t r = tern_parts(*records * eighths, 8), v = tern_parts(*values * eighths, 8);
        if (fits(r, v, limit)) {
            *records = r;
            *values = v;
            return;
        }
    }
}

static int64_t longest(const kept *k)
{
    int64_t dim = 1;
    for (int64_t i = 0; i < k->n; i++)
        dim = tern_max(dim, (int64_t)k->slots[i].dim);
    return dim;
}

/* Copies what stays, in the order in which it lies, so that both files are gone through once. */
static int copy(const tern_store_file *from, const tern_store_file *to, kept *k, tern_error *error)
{
    tern_store_tally tally = {.clock = k->clock};
    float *row = tern_alloc((size_t)longest(k), sizeof *row);
    int good = 1;
    errno = 0;
    if (k->n)
        qsort(k->slots, (size_t)k->n, sizeof *k->slots, by_place);
    for (int64_t i = 0; good && i < k->n; i++) {
        tern_store_slot slot = k->slots[i];
        if (!tern_store_file_values(from, &slot, row))
            continue;
        slot.at = tally.values;
        tally.values += slot.dim;
        tally.records++;
        good = tern_store_file_put(to, &slot, row);
    }
    good = good && tern_store_tally_write(to, &tally);
    int why = errno;
    free(row);
    return good ? 0 : tern_store_write_fail(why, error);
}

/* The new file in its place. */
static int replace(tern_store_file *file, const char *path, int64_t records, int64_t values, kept *k, tern_error *error)
{
    tern_store_file fresh = {.fd = -1};
    tern_staged *staged = tern_staged_file(path, 1, error);
    if (!staged)
        return -1;
    int status = tern_store_file_create(&fresh, tern_staged_path(staged), tern_store_slots_for(records), values, error);
    if (status == 0)
        status = copy(file, &fresh, k, error);
    tern_fault("store");
    if (status < 0)
        tern_staged_discard(staged);
    else
        status = tern_staged_place(staged, error);
    tern_fault("store");
    if (status < 0) {
        tern_store_file_close(&fresh);
        return -1;
    }
    tern_store_file_close(file);
    *file = fresh;
    return 0;
}

int64_t tern_store_rewrite(tern_store_file *file, const char *path, int64_t limit, const tern_store_disk *disk,
                           uint64_t session, int64_t n, int64_t dim, tern_error *error)
{
    kept k = read_records(file);
    n = prune(&k, limit, session, n, dim);
    int64_t records = k.n + n, values = k.values + n * dim, room = tern_min(limit, tern_store_disk_room(disk));
    int status = 0;
    if (n > 0 && !fits(records, values, room))
        status = tern_store_disk_fail(disk, error);
    choose_size(room, &records, &values);
    if (n > 0 && status == 0)
        status = replace(file, path, records, values, &k, error);
    free(k.slots);
    return status < 0 ? status : n;
}
