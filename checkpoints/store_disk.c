#include "checkpoints/store_disk.h"

#include "base/integer.h"
#include "base/limits.h"

#include <sys/statvfs.h>

tern_store_disk tern_store_disk_of(int fd)
{
    struct statvfs info;
    if (fstatvfs(fd, &info) != 0)
        return (tern_store_disk){0};
    int64_t block = (int64_t)info.f_frsize;
    return (tern_store_disk){.size = (int64_t)info.f_blocks * block, .free = (int64_t)info.f_bavail * block};
}

static int64_t reserve_of(const tern_store_disk *disk)
{
    return tern_min(tern_max(INT64_C(1) << 30, disk->size / 20), INT64_C(16) << 30);
}

int64_t tern_store_disk_room(const tern_store_disk *disk)
{
    return disk->size > 0 ? tern_max(disk->free - reserve_of(disk), 0) : INT64_MAX;
}

int tern_store_disk_fail(const tern_store_disk *disk, tern_error *error)
{
    char reserve[32];
    tern_memory_text(reserve, sizeof reserve, reserve_of(disk));
    return tern_fail(error, "its disk has too little room beside the %s that stay free", reserve);
}
