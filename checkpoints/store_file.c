#include "checkpoints/store_file.h"

#include "base/hash.h"
#include "base/integer.h"
#include "checkpoints/fault.h"
#include "checkpoints/state_items.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    USER_BLOCK = 512,
    TALLY_AT = 64,
    SLOT_WORDS = sizeof(tern_store_slot) / sizeof(uint64_t),
    HDF5_BYTES = 8192, /* the most that libhdf5 takes for its own structures; user block included */
    PROBES = 8,        /* slots that are read at once */
    MOST_PROBES = 512, /* slots that are looked at; a table that is at most 2/3 full needs far fewer */
};

/* To be changed when the layout changes, or what a key or a checksum is. */
static const uint64_t magic = UINT64_C(0x316365766E726574); /* "ternvec1" */

static int read_at(int fd, uint64_t at, void *data, size_t n)
{
    return pread(fd, data, n, (off_t)at) == (ssize_t)n;
}

static int write_at(int fd, uint64_t at, const void *data, size_t n)
{
    const char *p = data;
    while (n > 0) {
        ssize_t put = pwrite(fd, p, n, (off_t)at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return 0;
        p += put;
        at += (uint64_t)put;
        n -= (size_t)put;
    }
    return 1;
}

static uint64_t hash_head(const tern_store_head *head)
{
    return tern_hash(head, offsetof(tern_store_head, hash), magic);
}

/* 1 when [at, at + n size) lies behind the user block and in the file. */
static int lies_in(const tern_store_head *head, uint64_t at, uint64_t n, uint64_t size)
{
    return at >= USER_BLOCK && at % 4 == 0 && at <= head->bytes && n <= (head->bytes - at) / size;
}

static int head_is_right(const tern_store_head *head, int64_t bytes)
{
    if (head->magic != magic || head->hash != hash_head(head) || head->bytes != (uint64_t)bytes)
        return 0;
    return head->n_slots > 0 && head->n_slots <= TERN_STORE_MOST_SLOTS &&
           lies_in(head, head->slots_at, head->n_slots, sizeof(tern_store_slot)) &&
           lies_in(head, head->values_at, head->n_values, sizeof(float)) &&
           (head->slots_at + head->n_slots * sizeof(tern_store_slot) <= head->values_at ||
            head->values_at + head->n_values * sizeof(float) <= head->slots_at);
}

int tern_store_file_open(tern_store_file *file, const char *path)
{
    enum { FLAGS = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };
    struct stat info;
    *file = (tern_store_file){.fd = open(path, O_RDWR | FLAGS), .writable = 1};
    if (file->fd < 0) {
        file->fd = open(path, O_RDONLY | FLAGS);
        file->writable = 0;
    }
    if (file->fd < 0)
        return 0;
    if (fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
        read_at(file->fd, 0, &file->head, sizeof file->head) && head_is_right(&file->head, info.st_size)) {
        file->device = info.st_dev;
        file->inode = info.st_ino;
        return 1;
    }
    tern_store_file_close(file);
    return 0;
}

void tern_store_file_close(tern_store_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

int tern_store_file_is_at(const tern_store_file *file, const char *path)
{
    struct stat info;
    return file->fd >= 0 && lstat(path, &info) == 0 && info.st_dev == file->device && info.st_ino == file->inode;
}

int64_t tern_store_file_bytes(int64_t n_slots, int64_t n_values)
{
    return HDF5_BYTES + n_slots * (int64_t)sizeof(tern_store_slot) + n_values * (int64_t)sizeof(float);
}

int64_t tern_store_slots_for(int64_t records)
{
    return records + records / 2 + PROBES;
}

/* An array that has its place in the file from the start, and nothing in it; its offset in the file in *at. */
static int make_array(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims, uint64_t *at)
{
    hid_t space = H5Screate_simple(rank, dims, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(create, 0);
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    haddr_t offset = set < 0 ? HADDR_UNDEF : H5Dget_offset(set);
    int good = set >= 0 && offset != HADDR_UNDEF;
    if (set >= 0 && H5Dclose(set) < 0)
        good = 0;
    H5Pclose(create);
    H5Sclose(space);
    *at = offset;
    return good;
}

static int make_hdf5(const char *path, tern_store_head *head)
{
    const hsize_t slots[] = {head->n_slots, SLOT_WORDS}, values[] = {head->n_values};
    tern_state_start_hdf5();
    hid_t create = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_userblock(create, USER_BLOCK);
    H5Pset_file_locking(access, 0, 1);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    int good = file >= 0 && make_array(file, "slots", H5T_NATIVE_UINT64, 2, slots, &head->slots_at) &&
               make_array(file, "values", H5T_NATIVE_FLOAT, 1, values, &head->values_at);
    if (file >= 0 && H5Fclose(file) < 0)
        good = 0;
    H5Pclose(access);
    H5Pclose(create);
    return good;
}

int tern_store_file_create(tern_store_file *file, const char *path, int64_t n_slots, int64_t n_values,
                           tern_error *error)
{
    struct stat info;
    tern_store_tally tally = {0};
    *file = (tern_store_file){.fd = -1, .writable = 1, .head = {.magic = magic}};
    file->head.n_slots = (uint64_t)n_slots;
    file->head.n_values = (uint64_t)n_values;
    errno = 0;
    int good = make_hdf5(path, &file->head);
    if (good)
        file->fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    good = good && file->fd >= 0 && fstat(file->fd, &info) == 0;
    if (good) {
        file->device = info.st_dev;
        file->inode = info.st_ino;
        file->head.bytes = (uint64_t)info.st_size;
        file->head.hash = hash_head(&file->head);
        good = head_is_right(&file->head, info.st_size) && tern_store_tally_write(file, &tally) &&
               write_at(file->fd, 0, &file->head, sizeof file->head);
    }
    if (good)
        return 0;
    int why = errno;
    tern_store_file_close(file);
    return tern_store_write_fail(why, error);
}

int tern_store_write_fail(int why, tern_error *error)
{
    return tern_fail(error, "it can't be written: %s", why ? strerror(why) : "a write failed");
}

static uint64_t hash_tally(const tern_store_tally *tally)
{
    return tern_hash(tally, offsetof(tern_store_tally, hash), magic);
}

int tern_store_tally_read(const tern_store_file *file, tern_store_tally *tally)
{
    return read_at(file->fd, TALLY_AT, tally, sizeof *tally) && tally->hash == hash_tally(tally) &&
           tally->values <= file->head.n_values && tally->records <= file->head.n_slots;
}

int tern_store_tally_write(const tern_store_file *file, tern_store_tally *tally)
{
    tally->hash = hash_tally(tally);
    return write_at(file->fd, TALLY_AT, tally, sizeof *tally);
}

static int same_key(tern_store_key a, tern_store_key b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

static int is_free(const tern_store_slot *slot)
{
    return !slot->key.word[0] && !slot->key.word[1];
}

int tern_store_slot_fits(const tern_store_file *file, const tern_store_slot *slot)
{
    return !is_free(slot) && slot->dim > 0 && slot->dim <= TERN_STORE_MOST_DIM && slot->at <= file->head.n_values &&
           slot->dim <= file->head.n_values - slot->at;
}

static uint64_t checksum_of(const tern_store_slot *slot, const float *values)
{
    uint64_t about = tern_hash(slot, offsetof(tern_store_slot, checksum), magic);
    return tern_hash(values, slot->dim * sizeof *values, about);
}

static uint64_t slot_at(const tern_store_file *file, int64_t index)
{
    return file->head.slots_at + (uint64_t)index * sizeof(tern_store_slot);
}

int tern_store_file_slots(const tern_store_file *file, int64_t index, int64_t n, tern_store_slot *slots)
{
    return read_at(file->fd, slot_at(file, index), slots, (size_t)n * sizeof *slots);
}

/* The slot of a key, or the free one where it would stand: its index, or -1. */
static int64_t find_slot(const tern_store_file *file, tern_store_key key, tern_store_slot *slot)
{
    tern_store_slot some[PROBES];
    int64_t n = (int64_t)file->head.n_slots, at = (int64_t)(key.word[0] % (uint64_t)n), most = tern_min(n, MOST_PROBES);
    for (int64_t seen = 0; seen < most;) {
        int64_t part = tern_min(tern_min(PROBES, n - at), most - seen);
        if (!tern_store_file_slots(file, at, part, some))
            return -1;
        for (int64_t i = 0; i < part; i++)
            if (is_free(&some[i]) || same_key(some[i].key, key)) {
                *slot = some[i];
                return at + i;
            }
        seen += part;
        at = at + part < n ? at + part : 0;
    }
    return -1;
}

int tern_store_file_values(const tern_store_file *file, const tern_store_slot *slot, float *out)
{
    return tern_store_slot_fits(file, slot) &&
           read_at(file->fd, file->head.values_at + slot->at * sizeof *out, out, slot->dim * sizeof *out) &&
           checksum_of(slot, out) == slot->checksum;
}

int tern_store_file_get(const tern_store_file *file, tern_store_key key, int64_t dim, float *out, tern_store_slot *slot,
                        int64_t *index)
{
    *index = find_slot(file, key, slot);
    return *index >= 0 && same_key(slot->key, key) && slot->dim == (uint64_t)dim &&
           tern_store_file_values(file, slot, out);
}

int tern_store_file_put(const tern_store_file *file, tern_store_slot *slot, const float *values)
{
    tern_store_slot there;
    int64_t index = find_slot(file, slot->key, &there);
    slot->checksum = checksum_of(slot, values);
    if (index < 0 || !tern_store_slot_fits(file, slot))
        return 0;
    tern_fault("store");
    return write_at(file->fd, file->head.values_at + slot->at * sizeof *values, values, slot->dim * sizeof *values) &&
           write_at(file->fd, slot_at(file, index), slot, sizeof *slot);
}

int tern_store_file_touch(const tern_store_file *file, int64_t index, uint64_t clock)
{
    return write_at(file->fd, slot_at(file, index) + offsetof(tern_store_slot, used), &clock, sizeof clock);
}
