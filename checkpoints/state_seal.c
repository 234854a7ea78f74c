#include "checkpoints/state_seal.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "checkpoints/fault.h"
#include "checkpoints/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, SEAL = 32 };
static const char MAGIC[8] = "ternst1\n";

static void put_u64(unsigned char *p, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(value >> 8 * i);
}

/* Of what follows the user block. Blocks that were read are let go: a file as large as the weights and moments would
 * otherwise count twice in the run's memory. */
static uint64_t checksum(const tern_map *map)
{
    const unsigned char *data = map->data + TERN_STATE_USER_BLOCK;
    size_t n = map->n - TERN_STATE_USER_BLOCK;
    int64_t blocks = tern_parts((int64_t)n, BLOCK);
    uint64_t *hashes = tern_alloc((size_t)blocks, sizeof *hashes), h = n;
#pragma omp parallel for schedule(static) if (blocks > 16)
    for (int64_t i = 0; i < blocks; i++) {
        size_t from = (size_t)i * BLOCK;
        hashes[i] = tern_hash(data + from, n - from < BLOCK ? n - from : BLOCK, 0);
        tern_map_release(map, TERN_STATE_USER_BLOCK + from, BLOCK);
    }
    for (int64_t i = 0; i < blocks; i++)
        h = tern_mix(h ^ hashes[i]);
    free(hashes);
    return h;
}

static void make_seal(unsigned char seal[SEAL], const tern_map *map)
{
    memcpy(seal, MAGIC, sizeof MAGIC);
    put_u64(seal + 8, map->n);
    put_u64(seal + 16, checksum(map));
    put_u64(seal + 24, tern_hash(seal, 24, 0));
}

int tern_state_seal(const char *path, const char *say, tern_error *error)
{
    tern_map map;
    unsigned char seal[SEAL];
    if (tern_map_open(&map, path, error) < 0)
        return -1;
    TERN_CHECK(map.n > TERN_STATE_USER_BLOCK, "%s has %zu bytes", path, map.n);
    make_seal(seal, &map);
    tern_map_close(&map);
    tern_fault("checkpoint");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int bad = fd < 0 || pwrite(fd, seal, SEAL, 0) != SEAL;
    if (!bad)
        tern_fault("checkpoint");
    bad = bad || fsync(fd) != 0;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    return bad ? tern_fail(error, "%s: can't write it: %s", say, strerror(saved)) : 0;
}

static int check_seal(const tern_map *map, const char *path, tern_error *error)
{
    static const unsigned char zeros[TERN_STATE_USER_BLOCK - SEAL];
    unsigned char seal[SEAL], length[8];
    if (map->n < sizeof MAGIC || memcmp(map->data, MAGIC, sizeof MAGIC) != 0)
        return tern_fail(error, "%s: it is no training state of tern", path);
    put_u64(length, map->n);
    if (map->n <= TERN_STATE_USER_BLOCK || memcmp(map->data + 8, length, sizeof length) != 0)
        return tern_fail(error, "%s: it has %zu bytes, not as many as were written; it is damaged, remove it", path,
                         map->n);
    make_seal(seal, map);
    if (memcmp(map->data, seal, SEAL) != 0 || memcmp(map->data + SEAL, zeros, sizeof zeros) != 0)
        return tern_fail(error, "%s: its checksum does not match its contents; it is damaged, remove it", path);
    return 0;
}

int tern_state_verify(const char *path, tern_error *error)
{
    tern_map map;
    if (tern_map_open(&map, path, error) < 0)
        return -1;
    int status = check_seal(&map, path, error);
    tern_map_close(&map);
    return status;
}

int tern_state_is_state(const char *path)
{
    char start[sizeof MAGIC];
    FILE *file = fopen(path, "rbe");
    int is = file && fread(start, 1, sizeof start, file) == sizeof start && memcmp(start, MAGIC, sizeof MAGIC) == 0;
    if (file)
        fclose(file);
    return is;
}
