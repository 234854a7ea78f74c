/* The file of an embedding store (store.h): vectors by key, in a layout that is written once and then filled in place.
 *
 * It is a plain HDF5 file (h5py and h5dump read it) with two arrays behind a user block: "slots", a hash table of
 * records with open addressing, and "values", the vectors one behind the other. libhdf5 makes the file and is never
 * asked again: where the arrays lie stands in the user block, so that records are added with pwrite, HDF5's own
 * structures never change, and a file that was made to crash libhdf5 is never given to it.
 *
 *     offset 0    tern_store_head: what the file is, and where its arrays lie
 *     offset 64   tern_store_tally: what of them is in use, the only part of the block that changes
 *     offset 512  HDF5's own signature
 *
 * Numbers have the machine's byte order; a file of the other one is no store. Nothing in it is believed: a record's
 * checksum is over its key, its place and its values, so that a half-written one, one that was overwritten and one that
 * was damaged are not found, which is all that happens to them. */
#ifndef TERN_CHECKPOINTS_STORE_FILE_H
#define TERN_CHECKPOINTS_STORE_FILE_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* 128 bits of all that a vector depends on; all zero: none. */
typedef struct tern_store_key {
    uint64_t word[2];
} tern_store_key;

typedef struct tern_store_head {
    uint64_t magic, bytes; /* of the whole file */
    uint64_t slots_at, n_slots, values_at, n_values;
    uint64_t hash; /* of the words before */
} tern_store_head;

typedef struct tern_store_tally {
    uint64_t clock; /* counts the sessions that wrote something */
    uint64_t records, values;
    uint64_t hash;
} tern_store_tally;

typedef struct tern_store_slot {
    tern_store_key key; /* all zero: the slot is free */
    uint64_t at, dim;   /* in values */
    uint64_t checksum;
    uint64_t used; /* the clock when it was looked up or written last; no part of the checksum */
} tern_store_slot;

enum {
    TERN_STORE_MOST_DIM = 1 << 20,
    TERN_STORE_MOST_SLOTS = 3 << 20, /* a table of 144 MB */
};

typedef struct tern_store_file {
    int fd;       /* -1: none is open */
    int writable; /* 0: it may be read alone */
    dev_t device;
    ino_t inode;
    tern_store_head head;
} tern_store_file;

/* Opens a store of this user's: a regular file, no link. 0: it isn't there, or it is none. */
int tern_store_file_open(tern_store_file *file, const char *path);
void tern_store_file_close(tern_store_file *file);
/* 1 when path is still this very file. */
int tern_store_file_is_at(const tern_store_file *file, const char *path);

/* Makes an empty store of so many slots and values, to be renamed into its place; file is open for writing then. path
 * is an empty file. */
int tern_store_file_create(tern_store_file *file, const char *path, int64_t n_slots, int64_t n_values,
                           tern_error *error);
/* Fails with the reason that an errno gives; 0: there is none. */
int tern_store_write_fail(int why, tern_error *error);
/* The bytes of a file with so many slots and values. */
int64_t tern_store_file_bytes(int64_t n_slots, int64_t n_values);
/* The slots of a table that shall hold so many records. */
int64_t tern_store_slots_for(int64_t records);

/* 0: it is damaged. */
int tern_store_tally_read(const tern_store_file *file, tern_store_tally *tally);
int tern_store_tally_write(const tern_store_file *file, tern_store_tally *tally);

/* The vector of a key into out [dim]: 1 with *slot and its place *index, or 0 when there is none that is whole. */
int tern_store_file_get(const tern_store_file *file, tern_store_key key, int64_t dim, float *out, tern_store_slot *slot,
                        int64_t *index);
/* Reads a slot's vector into out [slot->dim]; 0 when it isn't what was written. */
int tern_store_file_values(const tern_store_file *file, const tern_store_slot *slot, float *out);
/* Writes a vector [slot->dim] at slot->at and then its slot, where that key stands or in a free place. slot needs no
 * checksum. 0 when it can't be written, or the table is full. */
int tern_store_file_put(const tern_store_file *file, tern_store_slot *slot, const float *values);
/* Notes that the slot at index was used. */
int tern_store_file_touch(const tern_store_file *file, int64_t index, uint64_t clock);
/* Slots from index on; 0 when they can't be read. */
int tern_store_file_slots(const tern_store_file *file, int64_t index, int64_t n, tern_store_slot *slots);
/* 1 when a slot's record can lie in this file. */
int tern_store_slot_fits(const tern_store_file *file, const tern_store_slot *slot);

#endif
