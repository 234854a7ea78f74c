/* .npy: what is written reads back, NumPy's own header form, and hostile files. */
#include "tests/support.h"

#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/npy.h"

#include <string.h>

static const float values[6] = {1, 2, 3, -4, 5.5F, 6};

START_TEST(what_is_written_reads_back)
{
    tern_error error = {{0}};
    tern_npy npy;
    const char *path = tern_test_path("x.npy");
    ck_assert_int_eq(tern_npy_write(path, values, 2, 3, 1, &error), 0);
    ck_assert_msg(tern_npy_read(&npy, path, &error) == 0, "%s", error.message);
    ck_assert_int_eq(npy.rows, 2);
    ck_assert_int_eq(npy.cols, 3);
    ck_assert_mem_eq(npy.data, values, sizeof values);
    tern_npy_free(&npy);
}
END_TEST

/* Byte for byte what numpy.save writes for this array. */
START_TEST(the_header_is_numpys)
{
    char *file;
    size_t n;
    tern_error error = {{0}};
    const char *path = tern_test_path("x.npy");
    ck_assert_int_eq(tern_npy_write(path, values, 2, 3, 1, &error), 0);
    ck_assert_int_eq(tern_file_read(path, 0, &file, &n, &error), 0);
    static const char want[] = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    ck_assert_uint_eq(n, 128 + sizeof values);
    ck_assert_mem_eq(file, want, sizeof want - 1);
    ck_assert_int_eq(file[127], '\n');
    for (size_t i = sizeof want - 1; i < 127; i++)
        ck_assert_int_eq(file[i], ' ');
    free(file);
}
END_TEST

START_TEST(a_file_that_is_there_is_kept)
{
    tern_error error = {{0}};
    const char *path = tern_test_path("kept.npy");
    ck_assert_int_eq(tern_npy_write(path, values, 1, 1, 0, &error), 0);
    ck_assert_int_eq(tern_npy_write(path, values, 2, 3, 0, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "--force"));
}
END_TEST

static int takes(int (*read)(tern_npy *, const char *, tern_error *), const char *header, size_t bytes)
{
    char file[512] = "\x93NUMPY\x01\x00";
    size_t n = strlen(header);
    tern_error error = {{0}};
    tern_npy npy;
    file[8] = (char)n;
    memcpy(file + 10, header, n);
    const char *path = tern_test_path("made.npy");
    tern_test_put_file(path, file, 10 + n + bytes);
    int status = read(&npy, path, &error);
    ck_assert_int_eq(status < 0, error.message[0] != 0);
    tern_npy_free(&npy);
    return status == 0;
}

static int reads(const char *header, size_t bytes)
{
    return takes(tern_npy_read, header, bytes);
}

START_TEST(a_shape_is_read_of_types_that_there_are)
{
    static const char form[] = "{'descr': '%s', 'fortran_order': False, 'shape': (2, 1), }\n";
    static const char *const right[] = {"<f4", ">i4", "=u4", "|b4"}, *const wrong[] = {"<f4abc", "xf4",  "<f",
                                                                                       "<c4",    "<f-4", "<f 4"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        char *header = tern_format(form, right[i]);
        ck_assert_msg(takes(tern_npy_read_shape, header, 8), "%s", right[i]);
        free(header);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *header = tern_format(form, wrong[i]);
        ck_assert_msg(!takes(tern_npy_read_shape, header, 8), "%s", wrong[i]);
        free(header);
    }
}
END_TEST

START_TEST(other_types_orders_and_sizes_are_refused)
{
    ck_assert(reads("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n", 8));
    ck_assert(reads("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 8));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n", 7));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n", 9));
    ck_assert(!reads("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }\n", 8));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }\n", 8));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 1), }\n", 8));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 1), }\n", 8));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (3037000500, 3037000500), }\n", 8));
    ck_assert(!reads("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1), }\n", 8));
    ck_assert(!reads("{'descr': '', 'fortran_order': False, 'shape': (2, 1), }\n", 8));
    ck_assert(!reads("{'descr': '<f4'", 8));
    ck_assert(!reads("", 8));
}
END_TEST

START_TEST(truncation_at_every_byte_is_refused)
{
    char *file;
    size_t n;
    tern_error error = {{0}};
    tern_npy npy;
    const char *path = tern_test_path("x.npy"), *cut = tern_test_path("cut.npy");
    ck_assert_int_eq(tern_npy_write(path, values, 2, 3, 1, &error), 0);
    ck_assert_int_eq(tern_file_read(path, 0, &file, &n, &error), 0);
    for (size_t keep = 0; keep < n; keep++) {
        tern_test_put_file(cut, file, keep);
        ck_assert_int_eq(tern_npy_read(&npy, cut, &error), -1);
        tern_npy_free(&npy);
    }
    free(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *c = tcase_create("npy");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, a_shape_is_read_of_types_that_there_are);
    tcase_add_test(c, what_is_written_reads_back);
    tcase_add_test(c, the_header_is_numpys);
    tcase_add_test(c, a_file_that_is_there_is_kept);
    tcase_add_test(c, other_types_orders_and_sizes_are_refused);
    tcase_add_test(c, truncation_at_every_byte_is_refused);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
