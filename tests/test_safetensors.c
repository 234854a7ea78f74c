/* safetensors: what is written reads back; every lie of a header is refused with one sentence. */
#include "tests/support.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/safetensors.h"

#include <string.h>

/* Writes a file of the given header and n bytes of data, and opens it. */
static tern_safetensors *open_made(const char *header, size_t data_bytes, tern_error *error)
{
    tern_buffer file = {0};
    unsigned char length[8] = {0};
    size_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)n >> 8 * i);
    tern_buffer_add(&file, length, 8);
    tern_buffer_add(&file, header, n);
    for (size_t i = 0; i < data_bytes; i++)
        tern_buffer_add(&file, "\0", 1);
    const char *path = tern_test_path("made.safetensors");
    tern_test_put_file(path, file.data, file.n);
    tern_buffer_free(&file);
    return tern_safetensors_open(path, error);
}

static void refused(const char *header, size_t data_bytes, const char *because)
{
    tern_error error = {{0}};
    tern_safetensors *st = open_made(header, data_bytes, &error);
    ck_assert_msg(st == NULL, "taken: %s", header);
    ck_assert_msg(strstr(error.message, because), "%s: %s", header, error.message);
}

/* JSON readers step over one behind a number. */
START_TEST(a_nul_byte_in_the_header_is_refused)
{
    static const char file[] =
        "\x37\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1\0],\"data_offsets\":[0,4]}}\0\0\0";
    tern_error error = {{0}};
    ck_assert_ptr_null(tern_safetensors_parse(file, sizeof file, "nul.safetensors", &error));
    ck_assert_msg(strstr(error.message, "nul.safetensors: ") && strstr(error.message, "NUL byte"), "%s", error.message);
}
END_TEST

static void taken(const char *header, size_t data_bytes)
{
    tern_error error = {{0}};
    tern_safetensors *st = open_made(header, data_bytes, &error);
    ck_assert_msg(st != NULL, "%s", error.message);
    tern_safetensors_close(st);
}

static const float values[6] = {1.5F, -2, 3e-38F, 0, 7, -0.125F};

static const char *write_small(void)
{
    const char *path = tern_test_path("small.safetensors");
    const tern_safetensors_item items[] = {
        {.name = "w", .rank = 2, .shape = {2, 2}, .data = values},
        {.name = "b", .rank = 1, .shape = {2}, .data = values + 4},
    };
    tern_error error = {{0}};
    ck_assert_msg(tern_safetensors_write(path, items, 2, &error) == 0, "%s", error.message);
    return path;
}

START_TEST(what_is_written_reads_back)
{
    tern_error error = {{0}};
    float out[4];
    tern_safetensors *st = tern_safetensors_open(write_small(), &error);
    ck_assert_msg(st != NULL, "%s", error.message);
    ck_assert_uint_eq(tern_safetensors_count(st), 2);
    ck_assert_str_eq(tern_safetensors_at(st, 0)->name, "b");
    ck_assert_str_eq(tern_safetensors_metadata(st, "format"), "pt");
    const tern_safetensor *w = tern_safetensors_find(st, "w");
    ck_assert_int_eq(w->rank, 2);
    ck_assert_int_eq(tern_safetensors_floats(st, w, out, &error), 0);
    ck_assert_mem_eq(out, values, sizeof out);
    ck_assert_ptr_null(tern_safetensors_find(st, "v"));
    tern_safetensors_close(st);
}
END_TEST

START_TEST(half_types_convert_exactly)
{
    /* F16: 1, -2, 2^-24 (subnormal), 65504, -0; BF16: 1, -3.140625 */
    static const unsigned char data[] = {0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0xFF,
                                         0x7B, 0x00, 0x80, 0x80, 0x3F, 0x49, 0xC0};
    const char *header = "{\"h\":{\"dtype\":\"F16\",\"shape\":[5],\"data_offsets\":[0,10]},"
                         "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[10,14]}}";
    tern_error error = {{0}};
    tern_safetensors_close(open_made(header, sizeof data, &error));
    const char *path = tern_test_path("made.safetensors");
    char *file;
    size_t n;
    ck_assert_int_eq(tern_file_read(path, 0, &file, &n, &error), 0);
    memcpy(file + n - sizeof data, data, sizeof data);
    tern_test_put_file(path, file, n);
    free(file);
    tern_safetensors *st = tern_safetensors_open(path, &error);
    float h[5], b[2];
    const float want_h[5] = {1, -2, 0x1p-24F, 65504, -0.0F}, want_b[2] = {1, -3.140625F};
    ck_assert_int_eq(tern_safetensors_floats(st, tern_safetensors_find(st, "h"), h, &error), 0);
    ck_assert_int_eq(tern_safetensors_floats(st, tern_safetensors_find(st, "b"), b, &error), 0);
    ck_assert_mem_eq(h, want_h, sizeof h);
    ck_assert_mem_eq(b, want_b, sizeof b);
    tern_safetensors_close(st);
}
END_TEST

START_TEST(nan_and_infinity_are_refused_by_name)
{
    static const uint32_t bad[] = {0x7FC00000, 0x7F800000, 0xFF800000, 0xFFFFFFFF};
    const char *path = tern_test_path("bad.safetensors");
    for (int i = 0; i < 4; i++) {
        float data[5000] = {0}, out[5000];
        tern_error error = {{0}};
        memcpy(&data[4999], &bad[i], sizeof *bad);
        const tern_safetensors_item item = {.name = "layer.weight", .rank = 1, .shape = {5000}, .data = data};
        ck_assert_int_eq(tern_safetensors_write(path, &item, 1, &error), 0);
        tern_safetensors *st = tern_safetensors_open(path, &error);
        ck_assert_int_eq(tern_safetensors_floats(st, tern_safetensors_at(st, 0), out, &error), -1);
        ck_assert_ptr_nonnull(strstr(error.message, "layer.weight"));
        ck_assert_ptr_nonnull(strstr(error.message, "4999"));
        tern_safetensors_close(st);
    }
}
END_TEST

#define T(from, to) "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" #from "," #to "]}"

START_TEST(lying_headers_are_refused)
{
    taken("{\"a\":" T(0, 4) "}", 4);
    taken("{\"b\":" T(4, 8) ",\"a\":" T(0, 4) "}", 8);
    taken("{}", 0);
    taken("{\"a\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[0,0]},\"b\":" T(0, 4) "}   ", 4);
    refused("{\"a\":" T(0, 4) "}", 3, "truncated");
    refused("{\"a\":" T(0, 4) "}", 5, "end at byte 4");
    refused("{\"a\":" T(0, 4) ",\"b\":" T(0, 4) "}", 8, "overlap");
    refused("{\"a\":" T(0, 4) ",\"b\":" T(2, 6) "}", 8, "overlap");
    refused("{\"a\":" T(0, 4) ",\"b\":" T(5, 9) "}", 9, "hole");
    refused("{\"a\":" T(4, 8) "}", 8, "hole");
    refused("{\"a\":" T(0, 4) ",\"a\":" T(4, 8) "}", 8, "duplicate");
    refused("{\"a\":" T(4, 0) "}", 8, "data_offsets");
    refused("{\"a\":" T(-4, 0) "}", 8, "data_offsets");
    refused("{\"a\":" T(0, 4.0) "}", 8, "data_offsets");
    refused("{\"a\":" T(0, 9223372036854775807) "}", 8, "truncated");
    refused("{\"a\":" T(0, 99999999999999999999) "}", 8, "not valid");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "does not fit");
    refused("{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown type F99");
    refused("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype");
    refused("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "shape");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "no size");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}", 4, "no size");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}", 4, "too large");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "does not fit");
    refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "9 dimensions");
    taken("{\"__metadata__\":null,\"a\":" T(0, 4) "}", 4);
    refused("{\"__metadata__\":[],\"a\":" T(0, 4) "}", 4, "__metadata__");
    refused("{\"__metadata__\":{\"format\":1},\"a\":" T(0, 4) "}", 4, "__metadata__");
    refused("{\"a\":7}", 4, "dtype");
    refused("[]", 0, "no JSON object");
    refused("{\"a\":", 0, "not valid");
    refused("", 0, "not valid");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    tern_buffer deep = {0};
    for (int i = 0; i < 200000; i++)
        tern_buffer_add(&deep, "[", 1);
    refused(deep.data, 0, "not valid");
    tern_buffer_free(&deep);
}
END_TEST

START_TEST(huge_header_lengths_are_refused)
{
    static const unsigned char lengths[][8] = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                                               {0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
                                               {3, 0, 0, 0, 0, 0, 0, 0},
                                               {0, 0, 0, 5, 0, 0, 0, 0}};
    const char *path = tern_test_path("huge.safetensors");
    for (int i = 0; i < 4; i++) {
        tern_error error = {{0}};
        char file[10] = "xxxxxxxx{}";
        memcpy(file, lengths[i], 8);
        tern_test_put_file(path, file, sizeof file);
        ck_assert_ptr_null(tern_safetensors_open(path, &error));
        ck_assert_msg(strstr(error.message, "header"), "%s", error.message);
    }
}
END_TEST

START_TEST(truncation_at_every_byte_is_refused)
{
    char *file;
    size_t n;
    tern_error error = {{0}};
    ck_assert_int_eq(tern_file_read(write_small(), 0, &file, &n, &error), 0);
    const char *path = tern_test_path("cut.safetensors");
    for (size_t keep = 0; keep < n; keep++) {
        error.message[0] = 0;
        tern_test_put_file(path, file, keep);
        ck_assert_msg(tern_safetensors_open(path, &error) == NULL, "%zu of %zu bytes are taken", keep, n);
        ck_assert_int_ne(error.message[0], 0);
    }
    free(file);
}
END_TEST

START_TEST(mutated_files_never_crash)
{
    char *file;
    size_t n;
    tern_error error = {{0}};
    ck_assert_int_eq(tern_file_read(write_small(), 0, &file, &n, &error), 0);
    const char *path = tern_test_path("mutated.safetensors");
    for (uint64_t i = 0; i < 2000; i++) {
        size_t at = tern_random_below(n, 1, i, 0, 0);
        char saved = file[at];
        file[at] = (char)tern_random_below(256, 1, i, 1, 0);
        tern_test_put_file(path, file, n);
        tern_safetensors *st = tern_safetensors_open(path, &error);
        for (size_t t = 0; st && t < tern_safetensors_count(st); t++) {
            float *out = tern_alloc((size_t)tern_safetensors_at(st, t)->count, sizeof *out);
            tern_safetensors_floats(st, tern_safetensors_at(st, t), out, &error);
            free(out);
        }
        tern_safetensors_close(st);
        file[at] = saved;
    }
    free(file);
}
END_TEST

START_TEST(an_unwritable_place_is_one_sentence)
{
    const tern_safetensors_item item = {.name = "w", .rank = 1, .shape = {1}, .data = values};
    tern_error error = {{0}};
    ck_assert_int_eq(tern_safetensors_write("/nowhere/x.safetensors", &item, 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/x.safetensors"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *c = tcase_create("safetensors");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, what_is_written_reads_back);
    tcase_add_test(c, half_types_convert_exactly);
    tcase_add_test(c, nan_and_infinity_are_refused_by_name);
    tcase_add_test(c, lying_headers_are_refused);
    tcase_add_test(c, a_nul_byte_in_the_header_is_refused);
    tcase_add_test(c, deep_nesting_is_refused);
    tcase_add_test(c, huge_header_lengths_are_refused);
    tcase_add_test(c, truncation_at_every_byte_is_refused);
    tcase_add_test(c, mutated_files_never_crash);
    tcase_add_test(c, an_unwritable_place_is_one_sentence);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
