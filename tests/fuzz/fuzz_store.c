/* The embedding store's file. The input is a list of changes to a store that tern wrote, or a file of its own: bytes
 * are put at places, the file is cut, and head and tally are given right checksums again, since anybody can make one.
 * Whatever comes of it, a vector that is found is the one that was put in, and what is added then, twice where the
 * table of slots was spoilt, is found.
 *
 * A change: u8 kind, u32 place, u8 n, n bytes. Kind 0: bytes at the place; 1: the file is cut there; 2: a slot's
 * checksum at the place is made right, for the values it names; 3: the whole rest of the input is the file. */
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/store.h"
#include "files.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { N = 12, DIM = 5, HEAD = 48, TALLY = 64, LIMIT = 1 << 16 };

/* Whatever the one has that the target runs on. */
static const tern_store_disk large_disk = {INT64_C(8) << 30, INT64_C(4) << 30};

static tern_store_key key_of(uint64_t i)
{
    return (tern_store_key){{tern_mix(i), tern_mix(~i)}};
}

static void fill(uint64_t i, float *row)
{
    for (uint64_t k = 0; k < DIM; k++)
        row[k] = (float)tern_random_unit(1, i, k, 0);
}

static void add(const char *path, uint64_t from)
{
    tern_store_key keys[N];
    float rows[N * DIM];
    for (uint64_t i = 0; i < N; i++) {
        keys[i] = key_of(from + i);
        fill(from + i, rows + i * DIM);
    }
    tern_store *store = tern_store_open(path, LIMIT);
    tern_store_pretend(store, large_disk);
    tern_store_add(store, keys, N, DIM, rows);
    tern_store_close(store);
}

/* forged: the input may have made a checksum for values of its own. */
static int64_t find(const char *path, uint64_t from, int forged)
{
    tern_store_key keys[N];
    float rows[N * DIM], right[DIM];
    unsigned char has[N];
    for (uint64_t i = 0; i < N; i++)
        keys[i] = key_of(from + i);
    tern_store *store = tern_store_open(path, LIMIT);
    int64_t found = tern_store_find(store, keys, N, DIM, rows, has);
    tern_store_close(store);
    for (uint64_t i = 0; i < N; i++) {
        fill(from + i, right);
        TERN_CHECK(forged || !has[i] || memcmp(rows + i * DIM, right, sizeof right) == 0, "vector %d is another",
                   (int)i);
    }
    return found;
}

static uint64_t read_u64(const tern_buffer *file, size_t at)
{
    uint64_t value = 0;
    if (at + 8 <= file->n)
        memcpy(&value, file->data + at, 8);
    return value;
}

static void write_u64(tern_buffer *file, size_t at, uint64_t value)
{
    if (at + 8 <= file->n)
        memcpy(file->data + at, &value, 8);
}

/* As store_file.c makes it; 1: the slot is whole now. */
static int forge(tern_buffer *file, size_t at)
{
    tern_store_slot slot;
    uint64_t magic = read_u64(file, 0), values_at = read_u64(file, offsetof(tern_store_head, values_at));
    if (at > file->n || file->n - at < sizeof slot || values_at > file->n)
        return 0;
    memcpy(&slot, file->data + at, sizeof slot);
    uint64_t room = (file->n - values_at) / sizeof(float);
    if (slot.at > room || slot.dim > room - slot.at)
        return 0;
    slot.checksum = tern_hash(file->data + values_at + slot.at * sizeof(float), slot.dim * sizeof(float),
                              tern_hash(&slot, offsetof(tern_store_slot, checksum), magic));
    memcpy(file->data + at, &slot, sizeof slot);
    return 1;
}

/* Returns whether a slot's checksum was made. */
static int change(tern_buffer *file, const uint8_t *bytes, size_t n)
{
    int forged = 0;
    while (n >= 6) {
        uint32_t place;
        size_t length = bytes[5];
        memcpy(&place, bytes + 1, sizeof place);
        int kind = bytes[0] % 4;
        bytes += 6;
        n -= 6;
        length = length > n ? n : length;
        size_t at = file->n ? place % file->n : 0;
        if (kind == 3) {
            file->n = 0;
            tern_buffer_add(file, bytes, n);
            return 1;
        }
        if (kind == 0)
            memcpy(file->data + at, bytes, length > file->n - at ? file->n - at : length);
        if (kind == 1)
            file->n = at;
        if (kind == 2)
            forged |= forge(file, at);
        bytes += length;
        n -= length;
    }
    return forged;
}

static void seal(tern_buffer *file)
{
    uint64_t magic = read_u64(file, 0);
    if (file->n < TALLY + sizeof(tern_store_tally))
        return;
    write_u64(file, offsetof(tern_store_head, bytes), file->n);
    write_u64(file, HEAD, tern_hash(file->data, HEAD, magic));
    write_u64(file, TALLY + 24, tern_hash(file->data + TALLY, 24, magic));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_store_info info;
    char *folder = fuzz_folder("stores", 1), *path = tern_path_join(folder, "store.h5");
    tern_buffer file = {0};
    unlink(path);
    add(path, 0);
    TERN_CHECK(tern_file_read(path, 0, &file.data, &file.n, &error) == 0, "%s", error.message);
    file.capacity = file.n + 1;
    int forged = change(&file, bytes, n);
    seal(&file);
    unlink(path);
    fuzz_put(folder, "store.h5", file.n ? file.data : "", file.n);
    find(path, 0, forged);
    if (tern_store_describe(path, &info, &error) < 0)
        FUZZ_FAILED(error);
    else
        tern_store_info_free(&info);
    add(path, 100);
    if (find(path, 100, forged) < N)
        add(path, 100);
    int64_t found = find(path, 100, forged);
    TERN_CHECK(forged || found == N, "%lld of %d are found", (long long)found, N);
    tern_buffer_free(&file);
    free(path);
    free(folder);
    return 0;
}
