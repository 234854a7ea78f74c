/* How much of a disk the embedding store may take: a cache must never be what fills it. */
#ifndef TERN_CHECKPOINTS_STORE_DISK_H
#define TERN_CHECKPOINTS_STORE_DISK_H

#include "base/error.h"

#include <stdint.h>

/* Bytes of a file system, and those of them that the user may still write. */
typedef struct tern_store_disk {
    int64_t size, free; /* size 0: it doesn't say */
} tern_store_disk;

/* The file system of an open file. */
tern_store_disk tern_store_disk_of(int fd);
/* Bytes that the store may still write: what is free, less what always stays free, the greater of 1 GB and a twentieth
 * of the disk, and at most 16 GB. INT64_MAX for a disk that doesn't say. */
int64_t tern_store_disk_room(const tern_store_disk *disk);
/* Fails with the reason that the disk has no room. It has the same words while others write, so that it is told once.
 */
int tern_store_disk_fail(const tern_store_disk *disk, tern_error *error);

#endif
