#include "checkpoints/state_seal.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/fault.h"
#include "checkpoints/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, SEAL = 32 };
static const char MAGIC[8] = "ternst1\n";

static void put_u64(unsigned char *p, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(value >> 8 * i);
}

/* n bytes at offset; 0 with errno (0: the file ends before them) when they can't be read. */
static int read_whole(int fd, int64_t offset, void *data, size_t n)
{
    unsigned char *p = data;
    while (n > 0) {
        ssize_t got = pread(fd, p, n, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got < 0 ? errno : 0;
            return 0;
        }
        p += got;
        offset += got;
        n -= (size_t)got;
    }
    return 1;
}

static int fail_read(const char *path, int why, tern_error *error)
{
    return why ? tern_fail(error, "%s: can't read it: %s", path, strerror(why))
               : tern_fail(error, "%s: it got shorter while it was read", path);
}

int tern_state_read_at(int fd, const char *path, int64_t offset, void *data, size_t n, tern_error *error)
{
    return read_whole(fd, offset, data, n) ? 0 : fail_read(path, errno, error);
}

/* Of what follows the user block. It is read, not mapped: a map of a file that others make shorter is a SIGBUS, and one
 * as large as the weights and moments would count twice in the run's memory. */
static int checksum(int fd, int64_t size, const char *path, uint64_t *sum, tern_error *error)
{
    int64_t n = size - TERN_STATE_USER_BLOCK, blocks = tern_parts(n, BLOCK);
    uint64_t *hashes = tern_alloc((size_t)blocks, sizeof *hashes), h = (uint64_t)n;
    int bad = 0, why = 0;
#pragma omp parallel if (blocks > 16)
    {
        unsigned char *block = tern_alloc(BLOCK, 1);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < blocks; i++) {
            int64_t from = i * BLOCK, length = tern_min(n - from, BLOCK);
            if (read_whole(fd, TERN_STATE_USER_BLOCK + from, block, (size_t)length)) {
                hashes[i] = tern_hash(block, (size_t)length, 0);
                continue;
            }
#pragma omp critical(tern_state_checksum)
            {
                bad = 1;
                why = errno;
            }
        }
        free(block);
    }
    for (int64_t i = 0; !bad && i < blocks; i++)
        h = tern_mix(h ^ hashes[i]);
    free(hashes);
    *sum = h;
    return bad ? fail_read(path, why, error) : 0;
}

static int make_seal(unsigned char seal[SEAL], int fd, int64_t size, const char *path, tern_error *error)
{
    uint64_t sum;
    if (checksum(fd, size, path, &sum, error) < 0)
        return -1;
    memcpy(seal, MAGIC, sizeof MAGIC);
    put_u64(seal + 8, (uint64_t)size);
    put_u64(seal + 16, sum);
    put_u64(seal + 24, tern_hash(seal, 24, 0));
    return 0;
}

/* The descriptor of a file and its size, or -1. */
static int open_file(const char *path, int flags, int64_t *size, tern_error *error)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK); /* which would wait for a pipe's writer */
    struct stat info;
    if (fd < 0)
        return tern_fail(error, "%s: can't open it: %s", path, strerror(errno));
    int good = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (good) {
        *size = info.st_size;
        return fd;
    }
    close(fd);
    return tern_fail(error, "%s: it is not a file", path);
}

int tern_state_seal(const char *path, const char *say, tern_error *error)
{
    int64_t size;
    unsigned char seal[SEAL];
    int fd = open_file(path, O_RDWR, &size, error);
    if (fd < 0)
        return -1;
    TERN_CHECK(size > TERN_STATE_USER_BLOCK, "%s has %lld bytes", path, (long long)size);
    if (make_seal(seal, fd, size, say, error) < 0) {
        close(fd);
        return -1;
    }
    tern_fault("checkpoint");
    int bad = pwrite(fd, seal, SEAL, 0) != SEAL;
    if (!bad)
        tern_fault("checkpoint");
    bad = bad || fsync(fd) != 0;
    int saved = errno;
    close(fd);
    return bad ? tern_fail(error, "%s: can't write it: %s", say, strerror(saved)) : 0;
}

static int check_seal(int fd, int64_t size, const char *path, tern_error *error)
{
    static const unsigned char zeros[TERN_STATE_USER_BLOCK - SEAL];
    unsigned char block[TERN_STATE_USER_BLOCK] = {0}, seal[SEAL], length[8];
    if (tern_state_read_at(fd, path, 0, block, (size_t)tern_min(size, TERN_STATE_USER_BLOCK), error) < 0)
        return -1;
    if (memcmp(block, MAGIC, sizeof MAGIC) != 0)
        return tern_fail(error, "%s: it is no training state of tern", path);
    put_u64(length, (uint64_t)size);
    if (size <= TERN_STATE_USER_BLOCK || memcmp(block + 8, length, sizeof length) != 0)
        return tern_fail(error, "%s: it has %lld bytes, not as many as were written; it is damaged, remove it", path,
                         (long long)size);
    if (make_seal(seal, fd, size, path, error) < 0)
        return -1;
    if (memcmp(block, seal, SEAL) != 0 || memcmp(block + SEAL, zeros, sizeof zeros) != 0)
        return tern_fail(error, "%s: its checksum does not match its contents; it is damaged, remove it", path);
    return 0;
}

int tern_state_open_verified(const char *path, int64_t *size, tern_error *error)
{
    int fd = open_file(path, O_RDONLY, size, error);
    if (fd >= 0 && check_seal(fd, *size, path, error) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int tern_state_is_state(const char *path)
{
    char start[sizeof MAGIC];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int is = fd >= 0 && read(fd, start, sizeof start) == sizeof start && memcmp(start, MAGIC, sizeof MAGIC) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}
