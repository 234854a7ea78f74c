/* States whose checksum is right and whose contents are not tern's: each is refused in a sentence, whatever libhdf5
 * makes of it. They are written with libhdf5 here, and sealed as tern seals its own. */
#include "tests/support.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/state.h"
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"

#include <signal.h>
#include <string.h>

/* Makes path of what build puts into an HDF5 file, behind a user block with a right seal. */
static void write_state(const char *path, void (*build)(hid_t file))
{
    tern_error error = {{0}};
    remove(path);
    tern_state_start_hdf5();
    hid_t create = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(create, TERN_STATE_USER_BLOCK);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, H5P_DEFAULT);
    ck_assert(file >= 0);
    build(file);
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    ck_assert(H5Fclose(file) >= 0);
    H5Pclose(create);
    ck_assert_msg(tern_state_seal(path, path, &error) == 0, "%s", error.message);
}

/* A set of values of one type; dims NULL: a scalar. data NULL: nothing is written. */
static void put(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims, hid_t create, const void *data)
{
    hid_t space = dims ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    ck_assert_msg(set >= 0, "%s: %d dimensions of %llu", name, rank, dims ? (unsigned long long)dims[0] : 0);
    if (data)
        ck_assert(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

static const float values[64];
static const hsize_t four[] = {4};

static void put_plain(hid_t file, const char *name)
{
    put(file, name, H5T_IEEE_F32LE, 1, four, H5P_DEFAULT, values);
}

static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static void put_text(hid_t file, size_t size, const char *bytes, H5T_str_t pad)
{
    hid_t type = text_type(size);
    H5Tset_strpad(type, pad);
    put(file, "x", type, 0, NULL, H5P_DEFAULT, bytes);
    H5Tclose(type);
}

static void texts(hid_t file)
{
    hid_t type = text_type(8);
    put(file, "x", type, 1, (hsize_t[]){3}, H5P_DEFAULT, "one\0\0\0\0\0two\0\0\0\0\0three\0\0");
    H5Tclose(type);
}

static void variable_text(hid_t file)
{
    const char *text = "a text";
    hid_t type = text_type(H5T_VARIABLE);
    put(file, "x", type, 0, NULL, H5P_DEFAULT, &text);
    H5Tclose(type);
}

static void long_text(hid_t file)
{
    put_text(file, (size_t)3 << 30, NULL, H5T_STR_NULLTERM);
}

static void text_without_end(hid_t file)
{
    put_text(file, 4, "abcd", H5T_STR_NULLTERM);
}

static void text_with_an_end_inside(hid_t file)
{
    put_text(file, 6, "ab\0cd", H5T_STR_NULLTERM);
}

static void padded_text(hid_t file)
{
    put_text(file, 6, "ab    ", H5T_STR_SPACEPAD);
}

static void broken_text(hid_t file)
{
    put_text(file, 4, "a\xff\x62", H5T_STR_NULLTERM);
}

static void long_array(hid_t file)
{
    put(file, "x", H5T_IEEE_F32LE, 2, (hsize_t[]){1 << 20, 1 << 20}, H5P_DEFAULT, NULL);
}

/* As many bytes as an int64_t can't count; libhdf5 makes none longer. */
static void longest_array(hid_t file)
{
    put(file, "x", H5T_IEEE_F64LE, 2, (hsize_t[]){(hsize_t)1 << 30, (hsize_t)1 << 30}, H5P_DEFAULT, NULL);
}

static void unwritten_array(hid_t file)
{
    put(file, "x", H5T_IEEE_F32LE, 1, four, H5P_DEFAULT, NULL);
}

static void put_stored(hid_t file, hid_t create, int written)
{
    put(file, "x", H5T_IEEE_F32LE, 1, four, create, written ? values : NULL);
    H5Pclose(create);
}

static void chunked(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(create, 1, (hsize_t[]){2});
    put_stored(file, create, 1);
}

static void packed(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(create, 1, four);
    H5Pset_fletcher32(create);
    put_stored(file, create, 1);
}

static void compact(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(create, H5D_COMPACT);
    put_stored(file, create, 1);
}

static void external(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(create, "/etc/passwd", 0, 16);
    put_stored(file, create, 0);
}

static void external_text(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), type = text_type(16);
    H5Pset_external(create, "/etc/passwd", 0, 16);
    put(file, "x", type, 0, NULL, create, NULL);
    H5Tclose(type);
    H5Pclose(create);
}

static void virtual(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, four, NULL);
    H5Pset_virtual(create, space, "elsewhere.h5", "y", space);
    H5Sclose(space);
    put_stored(file, create, 0);
}

static void soft_link(hid_t file)
{
    put_plain(file, "y");
    H5Lcreate_soft("/y", file, "x", H5P_DEFAULT, H5P_DEFAULT);
}

static void external_link(hid_t file)
{
    H5Lcreate_external("elsewhere.h5", "/y", file, "x", H5P_DEFAULT, H5P_DEFAULT);
}

static void loop(hid_t file)
{
    hid_t group = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "/", group, "x", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
}

static void two_names(hid_t file)
{
    put_plain(file, "a");
    H5Lcreate_hard(file, "a", file, "x", H5P_DEFAULT, H5P_DEFAULT);
}

static void deep(hid_t file)
{
    tern_buffer path = {0};
    for (int i = 0; i < 40; i++) {
        tern_buffer_printf(&path, "/x");
        H5Gclose(H5Gcreate2(file, path.data, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
    tern_buffer_free(&path);
}

static void long_name(hid_t file)
{
    char name[3000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    put_plain(file, name);
}

static void named_type(hid_t file)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tcommit2(file, "x", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
}

static void small_integers(hid_t file)
{
    put(file, "x", H5T_STD_I32LE, 1, four, H5P_DEFAULT, values);
}

static void unsigned_integers(hid_t file)
{
    put(file, "x", H5T_STD_U64LE, 1, four, H5P_DEFAULT, values);
}

static void big_endian(hid_t file)
{
    put(file, "x", H5T_IEEE_F32BE, 1, four, H5P_DEFAULT, values);
}

static void compound(hid_t file)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_IEEE_F32LE);
    H5Tinsert(type, "b", 4, H5T_IEEE_F32LE);
    put(file, "x", type, 1, four, H5P_DEFAULT, values);
    H5Tclose(type);
}

static void arrays(hid_t file)
{
    hid_t type = H5Tarray_create2(H5T_IEEE_F32LE, 1, four);
    put(file, "x", type, 1, four, H5P_DEFAULT, values);
    H5Tclose(type);
}

static void three_dimensions(hid_t file)
{
    put(file, "x", H5T_IEEE_F32LE, 3, (hsize_t[]){2, 2, 2}, H5P_DEFAULT, values);
}

static void many_dimensions(hid_t file)
{
    hsize_t dims[H5S_MAX_RANK];
    for (int i = 0; i < H5S_MAX_RANK; i++)
        dims[i] = 1;
    put(file, "x", H5T_IEEE_F32LE, H5S_MAX_RANK, dims, H5P_DEFAULT, values);
}

static void scalar(hid_t file)
{
    put(file, "x", H5T_STD_I64LE, 0, NULL, H5P_DEFAULT, values);
}

static void no_space(hid_t file)
{
    hid_t space = H5Screate(H5S_NULL);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
}

/* Refused as a listing and as a load, in a sentence that begins with the path. */
static void refused(const char *path, const char *part)
{
    tern_error listed = {{0}}, loaded = {{0}};
    tern_state_listing listing;
    char *text = NULL;
    ck_assert_msg(tern_state_list(path, &listing, &listed) < 0, "%s: listed", path);
    tern_state *state = tern_state_create();
    tern_state_add_string(state, "x", &text);
    ck_assert_msg(tern_state_load(state, path, &loaded) < 0, "%s: loaded", path);
    tern_state_free(state);
    ck_assert_ptr_null(text);
    ck_assert_msg(strncmp(listed.message, path, strlen(path)) == 0 && strstr(listed.message, part), "not \"%s\": %s",
                  part, listed.message);
    ck_assert_msg(strncmp(loaded.message, path, strlen(path)) == 0, "%s", loaded.message);
}

START_TEST(what_tern_does_not_write_is_refused)
{
    static const struct {
        const char *name, *part;
        void (*build)(hid_t file);
    } cases[] = {
        {"texts", "item x is a list of texts", texts},
        {"variable-text", "item x is of another type", variable_text},
        {"long-text", "item x is longer than the file", long_text},
        {"text-without-end", "item x is no text", text_without_end},
        {"text-with-an-end-inside", "item x is no text", text_with_an_end_inside},
        {"padded-text", "item x is of another type", padded_text},
        {"broken-text", "item x is no text", broken_text},
        {"long-array", "item x is longer than the file", long_array},
        {"longest-array", "item x is longer than the file", longest_array},
        {"unwritten-array", "item x has no values in the file", unwritten_array},
        {"chunked", "item x is stored in pieces or packed", chunked},
        {"packed", "item x is stored in pieces or packed", packed},
        {"compact", "item x is stored in pieces or packed", compact},
        {"external", "item x lies in another file", external},
        {"external-text", "item x lies in another file", external_text},
        {"virtual", "item x is stored in pieces or packed", virtual},
        {"soft-link", "item x is a link to somewhere else", soft_link},
        {"external-link", "item x is a link to somewhere else", external_link},
        {"loop", "lies too deep", loop},
        {"two-names", "one item under two names", two_names},
        {"deep", "lies too deep", deep},
        {"long-name", "a name that is too long", long_name},
        {"named-type", "item x is neither a group nor a set of values", named_type},
        {"small-integers", "item x is of another type", small_integers},
        {"unsigned-integers", "item x is of another type", unsigned_integers},
        {"big-endian", "item x is of another type", big_endian},
        {"compound", "item x is of another type", compound},
        {"arrays", "item x is of another type", arrays},
        {"three-dimensions", "item x is neither a list nor a matrix", three_dimensions},
        {"many-dimensions", "item x is neither a list nor a matrix", many_dimensions},
        {"scalar", "item x is neither a list nor a matrix", scalar},
        {"no-space", "item x is neither a list nor a matrix", no_space},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = tern_test_path(cases[i].name);
        write_state(path, cases[i].build);
        refused(path, cases[i].part);
    }
}
END_TEST

/* A state as tern saves it. */
static void save_good(const char *path)
{
    tern_error error = {{0}};
    float weights[6] = {1, 2, 3, 4, 5, 6};
    int64_t step = 7;
    char *text = (char *)"a text";
    tern_state *state = tern_state_create();
    tern_state_add_floats(state, "weights/a", weights, 2, 3);
    tern_state_add_floats(state, "weights/b", weights, 1, 2);
    tern_state_add_int64(state, "step", &step, 1);
    tern_state_add_string(state, "x", &text);
    ck_assert_msg(tern_state_save(state, path, &error) == 0, "%s", error.message);
    tern_state_free(state);
}

static int count_items(const char *path, tern_error *error)
{
    tern_state_listing listing;
    if (tern_state_list(path, &listing, error) < 0)
        return -1;
    int n = (int)listing.n;
    tern_state_listing_free(&listing);
    return n;
}

/* What an attacker does: bytes of the file changed, and the checksum made anew. libhdf5 may crash or loop over it; this
 * program does not, and reads a good state afterwards. */
START_TEST(changed_and_resealed_files_are_read_or_refused)
{
    enum { FILES = 300 };
    const char *good = tern_test_path("good.h5"), *path = tern_test_path("changed.h5");
    char *file;
    size_t n;
    int crashed = 0;
    tern_error error = {{0}};
    save_good(good);
    ck_assert_int_eq(tern_file_read(good, 0, &file, &n, &error), 0);
    for (uint64_t i = 0; i < FILES; i++) {
        char *copy = tern_alloc(n, 1);
        memcpy(copy, file, n);
        for (uint64_t k = 0; k <= i % 3; k++) {
            size_t at = TERN_STATE_USER_BLOCK + tern_random_below(n - TERN_STATE_USER_BLOCK, 5, i, k, 0);
            copy[at] = (char)tern_random_below(256, 5, i, k, 1);
        }
        tern_test_put_file(path, copy, n);
        free(copy);
        ck_assert_int_eq(tern_state_seal(path, path, &error), 0);
        memset(&error, 0, sizeof error);
        if (count_items(path, &error) < 0)
            ck_assert_msg(strncmp(error.message, path, strlen(path)) == 0, "%d: %s", (int)i, error.message);
        crashed += strstr(error.message, "nothing of it was read") != NULL;
    }
    printf("libhdf5 crashed over %d of %d files\n", crashed, FILES);
    ck_assert_msg(count_items(good, &error) == 4, "%s", error.message);
    free(file);
}
END_TEST

START_TEST(a_child_that_dies_is_one_sentence)
{
    const char *good = tern_test_path("good.h5");
    tern_error error = {{0}};
    save_good(good);
    setenv("TERN_FAULT", "index:1", 1);
    int status = count_items(good, &error);
    unsetenv("TERN_FAULT");
    ck_assert_int_eq(status, -1);
    ck_assert_msg(strstr(error.message, "damaged or was made to do this, and nothing of it was read"), "%s",
                  error.message);
    ck_assert_msg(count_items(good, &error) == 4, "%s", error.message);
}
END_TEST

/* As after trap '' CHLD in a shell. */
START_TEST(states_are_read_where_nobody_waits_for_children)
{
    const char *good = tern_test_path("good.h5");
    tern_error error = {{0}};
    save_good(good);
    signal(SIGCHLD, SIG_IGN);
    int n = count_items(good, &error);
    signal(SIGCHLD, SIG_DFL);
    ck_assert_msg(n == 4, "%s", error.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state, hostile");
    TCase *c = tcase_create("state, hostile");
    tcase_set_timeout(c, 240);
    tcase_add_test(c, what_tern_does_not_write_is_refused);
    tcase_add_test(c, changed_and_resealed_files_are_read_or_refused);
    tcase_add_test(c, a_child_that_dies_is_one_sentence);
    tcase_add_test(c, states_are_read_where_nobody_waits_for_children);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
