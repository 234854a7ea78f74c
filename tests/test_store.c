/* The embedding store: what was put in comes out bit for bit, or nothing does. */
#include "checkpoints/store.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "tests/support.h"

#include <dirent.h>
#include <hdf5.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIM = 24, N = 500, LARGE = 1 << 28 };

static char *path;

static void start(void)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "store-%d/vectors/store.h5", number++);
    path = tern_strdup(tern_test_path(name));
}

static void end(void)
{
    free(path);
}

static tern_store_key key_of(uint64_t i)
{
    return (tern_store_key){{tern_mix(i), tern_mix(i + 1000000007)}};
}

/* The vector of number i: any bits that are a finite float. */
static void fill(uint64_t i, int64_t dim, float *row)
{
    for (int64_t k = 0; k < dim; k++)
        row[k] = (float)tern_random_unit(7, i, (uint64_t)k, (uint64_t)dim) - 0.5F;
}

static void add(tern_store *store, uint64_t from, int64_t n, int64_t dim)
{
    tern_store_key *keys = tern_alloc((size_t)n, sizeof *keys);
    float *rows = tern_alloc((size_t)(n * dim), sizeof *rows);
    for (int64_t i = 0; i < n; i++) {
        keys[i] = key_of(from + (uint64_t)i);
        fill(from + (uint64_t)i, dim, rows + i * dim);
    }
    tern_store_add(store, keys, n, dim, rows);
    free(rows);
    free(keys);
}

/* How many of n it has, each with the right bits, and none touched that it hasn't. */
static int64_t find(tern_store *store, uint64_t from, int64_t n, int64_t dim)
{
    tern_store_key *keys = tern_alloc((size_t)n, sizeof *keys);
    float *rows = tern_alloc((size_t)(n * dim), sizeof *rows), *right = tern_alloc((size_t)dim, sizeof *right);
    unsigned char *has = tern_alloc((size_t)n, 1);
    for (int64_t i = 0; i < n; i++)
        keys[i] = key_of(from + (uint64_t)i);
    for (int64_t i = 0; i < n * dim; i++)
        rows[i] = 3;
    int64_t found = tern_store_find(store, keys, n, dim, rows, has), counted = 0;
    for (int64_t i = 0; i < n; i++) {
        fill(from + (uint64_t)i, dim, right);
        if (has[i])
            ck_assert_mem_eq(rows + i * dim, right, (size_t)dim * sizeof *right);
        for (int64_t k = 0; !has[i] && k < dim; k++)
            ck_assert(rows[i * dim + k] == 3);
        counted += has[i];
    }
    ck_assert_int_eq(counted, found);
    free(has);
    free(right);
    free(rows);
    free(keys);
    return found;
}

static const int64_t GB = INT64_C(1) << 30;

/* On a disk that has room for it, whatever the one has that the test runs on. */
static tern_store *open_store(int64_t limit)
{
    tern_store *store = tern_store_open(path, limit);
    tern_store_pretend(store, (tern_store_disk){8 * GB, 4 * GB});
    return store;
}

/* In a session of its own. */
static void add_once(uint64_t from, int64_t n, int64_t dim, int64_t limit)
{
    tern_store *store = open_store(limit);
    add(store, from, n, dim);
    tern_store_close(store);
}

static int64_t find_once(uint64_t from, int64_t n, int64_t dim, int64_t limit)
{
    tern_store *store = open_store(limit);
    int64_t found = find(store, from, n, dim);
    tern_store_close(store);
    return found;
}

START_TEST(what_is_added_is_found_bit_for_bit)
{
    tern_store *store = open_store(LARGE);
    ck_assert_int_eq(find(store, 0, N, DIM), 0);
    ck_assert(!tern_file_exists(path));
    for (int i = 0; i < N; i += 50)
        add(store, (uint64_t)i, 50, DIM);
    add(store, 0, N, DIM); /* again: nothing is new */
    ck_assert_int_eq(find(store, 0, 2 * N, DIM), N);
    tern_store_close(store);
    ck_assert_int_eq(find_once(0, 2 * N, DIM, LARGE), N);
    tern_store_info info;
    ck_assert_int_eq(tern_store_describe(path, &info, NULL), 0);
    ck_assert_int_eq(info.vectors, N);
    ck_assert_int_eq(info.damaged, 0);
    ck_assert_int_eq(info.n_dims, 1);
    ck_assert_int_eq(info.dims[0][0], DIM);
    ck_assert_int_eq(info.values, N * DIM);
    tern_store_info_free(&info);
}
END_TEST

START_TEST(it_is_a_plain_hdf5_file_when_it_is_full_too)
{
    hsize_t dims[2] = {0}, offset = 0;
    float row[DIM], right[DIM];
    add_once(0, 1, DIM, LARGE);
    add_once(1, N, DIM, LARGE);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), slots = H5Dopen2(file, "slots", H5P_DEFAULT);
    hid_t values = H5Dopen2(file, "values", H5P_DEFAULT), space = H5Dget_space(slots);
    ck_assert(file >= 0 && slots >= 0 && values >= 0);
    ck_assert_int_eq(H5Sget_simple_extent_dims(space, dims, NULL), 2);
    ck_assert_uint_eq(dims[1], sizeof(tern_store_slot) / 8);
    H5Sclose(space);
    space = H5Dget_space(values); /* the first vector lies at the start */
    dims[0] = DIM;
    ck_assert_int_ge(H5Sselect_hyperslab(space, H5S_SELECT_SET, &offset, NULL, dims, NULL), 0);
    hid_t memory = H5Screate_simple(1, dims, NULL);
    ck_assert_int_ge(H5Dread(values, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, row), 0);
    fill(0, DIM, right);
    ck_assert_mem_eq(row, right, sizeof row);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(values);
    H5Dclose(slots);
    H5Fclose(file);
}
END_TEST

START_TEST(vectors_of_several_widths_share_a_file)
{
    add_once(0, 100, DIM, LARGE);
    add_once(1000, 100, 384, LARGE);
    add_once(2000, 3, 1, LARGE);
    ck_assert_int_eq(find_once(0, 100, DIM, LARGE), 100);
    ck_assert_int_eq(find_once(1000, 100, 384, LARGE), 100);
    ck_assert_int_eq(find_once(2000, 3, 1, LARGE), 3);
    ck_assert_int_eq(find_once(0, 100, DIM - 1, LARGE), 0); /* a key of another width */
}
END_TEST

static tern_buffer read_store(void)
{
    tern_buffer bytes = {0};
    ck_assert_int_eq(tern_file_read(path, 0, &bytes.data, &bytes.n, NULL), 0);
    return bytes;
}

static void write_store(const char *bytes, size_t n)
{
    unlink(path);
    tern_test_put_file(path, bytes, n);
    chmod(path, 0600);
}

/* One bit of each byte in turn: what is found is right, and nearly all is, or the store is none and begun anew. */
START_TEST(a_flipped_bit_anywhere_loses_vectors_and_changes_none)
{
    enum { FEW = 4, WIDE = 3 };
    add_once(0, FEW, WIDE, LARGE);
    tern_buffer whole = read_store();
    int64_t lost = 0;
    for (size_t at = 0; at < whole.n; at++) {
        whole.data[at] ^= (char)(1 << at % 8);
        write_store(whole.data, whole.n);
        int64_t found = find_once(0, FEW, WIDE, LARGE);
        lost += FEW - found;
        if (found < FEW && at % 11 == 0) { /* mended: by new records, or a new file */
            add_once(0, FEW, WIDE, LARGE);
            ck_assert_int_eq(find_once(0, FEW, WIDE, LARGE), FEW);
        }
        whole.data[at] ^= (char)(1 << at % 8);
    }
    ck_assert_int_ge(lost, FEW * WIDE * 4); /* each byte of the values, at least */
    tern_buffer_free(&whole);
}
END_TEST

START_TEST(a_store_cut_anywhere_is_none)
{
    add_once(0, 4, 3, LARGE);
    tern_buffer whole = read_store();
    for (size_t n = 0; n < whole.n; n += 13) {
        write_store(whole.data, n);
        ck_assert_int_eq(find_once(0, 4, 3, LARGE), 0);
    }
    add_once(0, 4, 3, LARGE);
    ck_assert_int_eq(find_once(0, 4, 3, LARGE), 4);
    tern_buffer_free(&whole);
}
END_TEST

START_TEST(another_version_is_begun_anew_and_named_by_info)
{
    tern_store_info info;
    tern_error error = {{0}};
    add_once(0, 10, DIM, LARGE);
    tern_buffer whole = read_store();
    whole.data[7] = '9';
    write_store(whole.data, whole.n);
    ck_assert_int_eq(find_once(0, 10, DIM, LARGE), 0);
    ck_assert(tern_store_is_store(path));
    ck_assert_int_eq(tern_store_describe(path, &info, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "another version"));
    add_once(0, 5, DIM, LARGE);
    ck_assert_int_eq(find_once(0, 10, DIM, LARGE), 5);
    tern_buffer_free(&whole);
}
END_TEST

static int64_t size_of_store(void)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : 0;
}

START_TEST(what_was_used_least_recently_goes)
{
    enum { LIMIT = 64 << 10 }; /* about 380 vectors of 24 */
    for (uint64_t i = 0; i < 3; i++)
        add_once(100 * i, 100, DIM, LIMIT);
    ck_assert_int_eq(find_once(0, 300, DIM, LIMIT), 300);
    ck_assert_int_eq(find_once(0, 100, DIM, LIMIT), 100); /* the first hundred again: now 100..199 are the oldest */
    add_once(1000, 20, DIM, LIMIT);
    ck_assert_int_eq(find_once(0, 100, DIM, LIMIT), 100);
    add_once(2000, 200, DIM, LIMIT);
    ck_assert_int_le(size_of_store(), LIMIT);
    ck_assert_int_eq(find_once(2000, 200, DIM, LIMIT), 200);
    ck_assert_int_lt(find_once(100, 200, DIM, LIMIT), 100);
}
END_TEST

START_TEST(no_number_of_additions_makes_it_larger_than_its_limit)
{
    enum { LIMIT = 48 << 10 };
    for (uint64_t i = 0; i < 60; i++) {
        add_once(37 * i, 37, DIM, LIMIT);
        ck_assert_int_le(size_of_store(), LIMIT);
        ck_assert_int_eq(find_once(37 * i, 37, DIM, LIMIT), 37); /* the newest are always there */
    }
}
END_TEST

START_TEST(a_set_larger_than_the_limit_keeps_its_first_part)
{
    enum { LIMIT = 48 << 10 };
    for (int round = 0; round < 3; round++) {
        tern_store *store = open_store(LIMIT);
        int64_t found = find(store, 0, 2000, DIM);
        for (uint64_t i = 0; i < 2000; i += 100)
            add(store, i, 100, DIM);
        tern_store_close(store);
        ck_assert_int_le(size_of_store(), LIMIT);
        if (round > 0)
            ck_assert_int_gt(found, 150);
    }
    int64_t first = find_once(0, 150, DIM, LIMIT);
    ck_assert_int_eq(first, 150);
}
END_TEST

START_TEST(a_limit_too_small_for_anything_keeps_nothing)
{
    add_once(0, 10, DIM, 1000);
    ck_assert_int_eq(find_once(0, 10, DIM, 1000), 0);
    ck_assert(!tern_file_exists(path));
}
END_TEST

/* Files in the store's folder beside the store and its lock. */
static int leftovers(void)
{
    int n = 0;
    char *folder = tern_strdup(path);
    *strrchr(folder, '/') = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        n += entry->d_name[0] != '.' ? strncmp(entry->d_name, "store.h5", 8) != 0 : strlen(entry->d_name) > 2;
    closedir(dir);
    free(folder);
    return n;
}

START_TEST(a_gigabyte_and_a_twentieth_of_a_disk_stay_free)
{
    const tern_store_disk small = {8 * GB, 3 * GB}, large = {100 * GB, 8 * GB}, full = {100 * GB, 4 * GB}, silent = {0},
                          huge = {4000 * GB, 50 * GB};
    ck_assert_int_eq(tern_store_disk_room(&small), 2 * GB);
    ck_assert_int_eq(tern_store_disk_room(&large), 3 * GB);
    ck_assert_int_eq(tern_store_disk_room(&full), 0);
    ck_assert_int_eq(tern_store_disk_room(&huge), 34 * GB);
    ck_assert_int_eq(tern_store_disk_room(&silent), INT64_MAX);
}
END_TEST

/* As add_once, on a disk that has this room for it. Returns whether vectors were kept. */
static int add_on_disk(uint64_t from, int64_t n, int64_t limit, int64_t room)
{
    tern_store *store = open_store(limit);
    tern_store_pretend(store, (tern_store_disk){8 * GB, GB + room});
    add(store, from, n, DIM);
    const char *why = tern_store_failure(store);
    ck_assert_msg(!why || strstr(why, "its disk has too little room beside the 1.00 GB"), "%s", why);
    ck_assert_int_eq(find(store, from, n, DIM), why ? 0 : n);
    tern_store_close(store);
    return !why;
}

START_TEST(a_disk_without_room_gets_no_store)
{
    const int64_t least = tern_store_file_bytes(tern_store_slots_for(100), 100 * DIM);
    ck_assert(!add_on_disk(0, 100, LARGE, -GB / 2));
    ck_assert(!add_on_disk(0, 100, LARGE, 0));
    ck_assert(!add_on_disk(0, 100, LARGE, least - 1));
    ck_assert(!tern_file_exists(path));
    ck_assert(add_on_disk(0, 100, LARGE, least)); /* but no more than it must have */
    ck_assert_int_le(size_of_store(), least);
}
END_TEST

START_TEST(a_store_is_written_anew_where_both_fit_the_disk)
{
    add_once(0, 100, DIM, LARGE);
    tern_buffer before = read_store();
    const int64_t both = tern_store_file_bytes(tern_store_slots_for(500), 500 * DIM);
    ck_assert(!add_on_disk(100, 400, LARGE, both - 1));
    tern_buffer after = read_store();
    ck_assert_uint_eq(before.n, after.n);
    ck_assert_mem_eq(before.data, after.data, before.n);
    ck_assert_int_eq(find_once(0, 100, DIM, LARGE), 100);
    ck_assert(add_on_disk(100, 400, LARGE, both));
    ck_assert_int_eq(find_once(0, 500, DIM, LARGE), 500);
    ck_assert(!add_on_disk(1000, 300, size_of_store(), both / 2)); /* nor is it pruned */
    ck_assert_int_eq(find_once(0, 500, DIM, LARGE), 500);
    tern_buffer_free(&before);
    tern_buffer_free(&after);
}
END_TEST

START_TEST(a_disk_that_filled_up_gets_no_more_vectors)
{
    add_once(0, 100, DIM, LARGE); /* and room for as many */
    ck_assert(!add_on_disk(100, 50, LARGE, 50 * DIM * 4));
    ck_assert(add_on_disk(100, 50, LARGE, 50 * (DIM * 4 + 64)));
    ck_assert_int_eq(find_once(0, 150, DIM, LARGE), 150);
}
END_TEST

START_TEST(a_write_that_fails_anywhere_leaves_a_right_store)
{
    struct rlimit old, small;
    add_once(0, 100, DIM, LARGE);
    const rlim_t size = (rlim_t)size_of_store();
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    for (rlim_t most = 0; most < 3 * size; most += size / 12) { /* its room is filled, then it is written anew */
        unlink(path);
        add_once(0, 100, DIM, LARGE);
        small = (struct rlimit){most, old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        tern_store *store = open_store(LARGE);
        for (uint64_t i = 100; i < 300; i += 50)
            add(store, i, 50, DIM);
        const char *why = tern_store_failure(store);
        setrlimit(RLIMIT_FSIZE, &old);
        ck_assert_int_eq(find(store, 0, 100, DIM), 100);
        ck_assert(why ? strstr(why, "File too large") != NULL : find(store, 100, 200, DIM) == 200);
        ck_assert(why || most > size);
        tern_store_close(store);
        ck_assert_int_eq(leftovers(), 0);
        add_once(100, 200, DIM, LARGE);
        ck_assert_int_eq(find_once(0, 300, DIM, LARGE), 300);
    }
}
END_TEST

static int put_line(const char *file, const char *format, unsigned id)
{
    FILE *f = fopen(file, "w");
    return f && fprintf(f, format, id) > 0 && fclose(f) == 0;
}

/* In a child: a file system of 256 kB of its own. Fails where that isn't allowed. */
static int mount_small(const char *folder)
{
    const unsigned user = geteuid(), group = getegid();
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put_line("/proc/self/uid_map", "0 %u 1", user) &&
           put_line("/proc/self/setgroups", "deny%.0u", 0) && put_line("/proc/self/gid_map", "0 %u 1", group) &&
           mkdir(folder, 0700) == 0 && mount("none", folder, "tmpfs", 0, "size=256k,mode=700") == 0;
}

/* What a child does on it, without parallel regions, which a fork has no threads for: a store is begun, another file
 * takes the rest, and the store's own room isn't to be had. */
static int fill_disk(void)
{
    static char block[4096];
    tern_store *store = open_store(LARGE);
    add(store, 0, 300, DIM);
    int good = !tern_store_failure(store) && tern_file_exists(path);
    FILE *filler = fopen(tern_test_path("small/filler"), "w");
    setbuf(filler, NULL);
    while (fwrite(block, sizeof block, 1, filler) == 1)
        ;
    add(store, 300, 300, DIM);
    const char *why = tern_store_failure(store);
    good = good && why && strstr(why, "No space left on device") && !tern_file_exists(path) && leftovers() == 0;
    add(store, 600, 300, DIM);
    return good && !tern_file_exists(path);
}

START_TEST(a_store_on_a_full_disk_goes)
{
    int status;
    free(path);
    path = tern_strdup(tern_test_path("small/vectors/store.h5"));
    pid_t child = fork();
    if (child == 0)
        _exit(!mount_small(tern_test_path("small")) ? TERN_TEST_SKIPPED : fill_disk() ? 0 : 1);
    waitpid(child, &status, 0);
    ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) == TERN_TEST_SKIPPED)
        puts("a_store_on_a_full_disk_goes: not tested, since no file system may be mounted here");
    else
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(a_folder_that_cant_be_made_is_done_without)
{
    char *folder = tern_strdup(path), *slash = strrchr(folder, '/');
    *slash = 0;
    *strrchr(folder, '/') = 0; /* the folder above is a file */
    tern_test_put_file(folder, "a file", 6);
    add_once(0, 10, DIM, LARGE);
    ck_assert_int_eq(find_once(0, 10, DIM, LARGE), 0);
    free(folder);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
    add_once(0, 10, DIM, LARGE);
    char *other = tern_format("%s-other", path);
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(find_once(0, 10, DIM, LARGE), 0);
    free(other);
}
END_TEST

START_TEST(nobody_else_may_look_into_its_folder)
{
    struct stat info;
    add_once(0, 10, DIM, LARGE);
    char *folder = tern_strdup(path);
    *strrchr(folder, '/') = 0;
    ck_assert_int_eq(stat(folder, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0700);
    free(folder);
}
END_TEST

/* A child that adds and looks up until it is killed or has done all; parallel regions can't be used in it, and aren't
 * by sets this small of one thread. */
static pid_t fork_writer(uint64_t seed, int64_t limit)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    for (uint64_t i = 0; i < 150; i++) {
        tern_store *store = open_store(limit);
        add(store, tern_random_below(3000, seed, i, 0, 0), 40, DIM);
        tern_store_close(store);
    }
    _exit(0);
}

START_TEST(processes_at_once_find_what_they_should)
{
    enum { WRITERS = 3, LIMIT = 200 << 10 };
    pid_t children[WRITERS];
    int status;
    for (uint64_t i = 0; i < WRITERS; i++)
        children[i] = fork_writer(i, LIMIT);
    for (uint64_t i = 0; i < 200; i++) {
        find_once(tern_random_below(3000, 9, i, 0, 0), 40, DIM, LIMIT); /* each right, or not there */
        add_once(5000 + 10 * i, 10, DIM, LIMIT);
    }
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_le(size_of_store(), LIMIT);
    tern_store_info info;
    ck_assert_int_eq(tern_store_describe(path, &info, NULL), 0);
    ck_assert_int_eq(info.damaged, 0);
    ck_assert_int_gt(info.vectors, 100);
    tern_store_info_free(&info);
    ck_assert_int_eq(leftovers(), 0);
}
END_TEST

START_TEST(writers_at_once_lose_nothing)
{
    enum { WRITERS = 3, EACH = 1500, AT_ONCE = 5 };
    pid_t children[WRITERS];
    int status;
    add_once(100000, WRITERS * EACH, DIM, LARGE); /* so that there is room */
    for (uint64_t w = 0; w < WRITERS; w++) {
        children[w] = fork();
        if (children[w] != 0)
            continue;
        tern_store *store = open_store(LARGE);
        for (uint64_t i = 0; i < EACH; i += AT_ONCE)
            add(store, w * EACH + i, AT_ONCE, DIM);
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        ck_assert_int_eq(waitpid(children[w], &status, 0), children[w]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(find_once(0, WRITERS * EACH, DIM, LARGE), WRITERS * EACH);
}
END_TEST

START_TEST(a_writer_killed_at_any_moment_leaves_a_right_store)
{
    enum { LIMIT = 200 << 10, ROUNDS = 40 };
    int64_t found = 0;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        pid_t child = fork_writer(100 + i, LIMIT);
        usleep((useconds_t)tern_random_below(30000, 5, i, 0, 0));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        found += find_once(0, 3040, DIM, LIMIT);
        ck_assert_int_le(size_of_store(), LIMIT);
        add_once(tern_random_below(3000, 6, i, 0, 0), 40, DIM, LIMIT);
    }
    ck_assert_int_gt(found, ROUNDS * 40);
    add_once(7000, 40, DIM, LIMIT);
    ck_assert_int_eq(find_once(7000, 40, DIM, LIMIT), 40);
    ck_assert_int_eq(leftovers(), 0);
}
END_TEST

START_TEST(a_setting_is_a_size_or_off)
{
    ck_assert_int_eq(tern_store_limit(NULL), INT64_C(2) << 30);
    ck_assert_int_eq(tern_store_limit("off"), 0);
    ck_assert_int_eq(tern_store_limit("0"), 0);
    ck_assert_int_eq(tern_store_limit("4GB"), INT64_C(4) << 30);
    ck_assert_int_eq(tern_store_limit("1.5 gb"), INT64_C(3) << 29);
    ck_assert_int_eq(tern_store_limit("500M"), INT64_C(500) << 20);
    static const char *const bad[] = {"", "on", "-1GB", "4", "4 GBs", "GB", "1e99GB", "nan", "4B", " 1GB"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(tern_store_limit(bad[i]) == -1, "\"%s\" is taken", bad[i]);
}
END_TEST

static Suite *store_suite(void)
{
    Suite *suite = suite_create("store");
    TCase *tests = tcase_create("store");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, end);
    tcase_add_test(tests, what_is_added_is_found_bit_for_bit);
    tcase_add_test(tests, it_is_a_plain_hdf5_file_when_it_is_full_too);
    tcase_add_test(tests, vectors_of_several_widths_share_a_file);
    tcase_add_test(tests, a_flipped_bit_anywhere_loses_vectors_and_changes_none);
    tcase_add_test(tests, a_store_cut_anywhere_is_none);
    tcase_add_test(tests, another_version_is_begun_anew_and_named_by_info);
    tcase_add_test(tests, what_was_used_least_recently_goes);
    tcase_add_test(tests, no_number_of_additions_makes_it_larger_than_its_limit);
    tcase_add_test(tests, a_set_larger_than_the_limit_keeps_its_first_part);
    tcase_add_test(tests, a_limit_too_small_for_anything_keeps_nothing);
    tcase_add_test(tests, a_gigabyte_and_a_twentieth_of_a_disk_stay_free);
    tcase_add_test(tests, a_disk_without_room_gets_no_store);
    tcase_add_test(tests, a_store_is_written_anew_where_both_fit_the_disk);
    tcase_add_test(tests, a_disk_that_filled_up_gets_no_more_vectors);
    tcase_add_test(tests, a_write_that_fails_anywhere_leaves_a_right_store);
    tcase_add_test(tests, a_store_on_a_full_disk_goes);
    tcase_add_test(tests, a_folder_that_cant_be_made_is_done_without);
    tcase_add_test(tests, a_link_is_not_followed);
    tcase_add_test(tests, nobody_else_may_look_into_its_folder);
    tcase_add_test(tests, processes_at_once_find_what_they_should);
    tcase_add_test(tests, writers_at_once_lose_nothing);
    tcase_add_test(tests, a_writer_killed_at_any_moment_leaves_a_right_store);
    tcase_add_test(tests, a_setting_is_a_size_or_off);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return tern_test_run(store_suite());
}
