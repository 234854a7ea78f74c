#include "checkpoints/npy.h"

#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[6] = "\x93NUMPY";

int tern_npy_write(const char *path, const float *data, int64_t rows, int64_t cols, int overwrite, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, overwrite, error);
    if (!writer)
        return -1;
    /* magic, version 1.0, u16 length, then a Python dict padded so that the data begins at a multiple of 64 */
    char dict[256];
    int n = snprintf(dict, sizeof dict, "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %lld), }",
                     (long long)rows, (long long)cols);
    int length = (10 + n + 1 + 63) / 64 * 64 - 10;
    memset(dict + n, ' ', (size_t)(length - n));
    dict[length - 1] = '\n';
    const unsigned char start[4] = {1, 0, (unsigned char)(length & 255), (unsigned char)(length >> 8)};
    FILE *out = tern_writer_stream(writer);
    fwrite(MAGIC, 1, sizeof MAGIC, out);
    fwrite(start, 1, sizeof start, out);
    fwrite(dict, 1, (size_t)length, out);
    if (rows > 0 && cols > 0)
        fwrite(data, sizeof *data, (size_t)rows * (size_t)cols, out);
    return tern_writer_commit(writer, error);
}

/* The value after 'key': in the header's dict, or NULL. */
static const char *dict_value(const char *dict, const char *key)
{
    const char *at = strstr(dict, key);
    if (!at)
        return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':')
        at++;
    return at;
}

/* "(3, 4)", "(3,)": at most two sizes, each below 2^62. */
static int parse_shape(const char *at, tern_npy *npy)
{
    int64_t sizes[2] = {1, 1};
    int n = 0;
    if (*at++ != '(')
        return -1;
    while (isdigit((unsigned char)*at)) {
        char *end;
        long long size = strtoll(at, &end, 10);
        if (n == 2 || size >= (1LL << 62))
            return -1;
        sizes[n++] = size;
        for (at = end; *at == ',' || *at == ' ';)
            at++;
    }
    npy->rows = sizes[0];
    npy->cols = sizes[1];
    return *at == ')' && n > 0 ? 0 : -1;
}

static int parse_dict(tern_npy *npy, const char *dict, const char *path, tern_error *error)
{
    const char *descr = dict_value(dict, "'descr'"), *order = dict_value(dict, "'fortran_order'"),
               *shape = dict_value(dict, "'shape'");
    const char *close = descr && *descr == '\'' ? strchr(descr + 1, '\'') : NULL;
    if (!order || !shape || !close || close - descr - 1 >= (long)sizeof npy->dtype)
        return tern_fail(error, "%s: the .npy header is not valid", path);
    snprintf(npy->dtype, sizeof npy->dtype, "%.*s", (int)(close - descr - 1), descr + 1);
    if (parse_shape(shape, npy) < 0)
        return tern_fail(error, "%s: its shape is no matrix's or vector's; those are read", path);
    if (strncmp(order, "False", 5) != 0)
        return tern_fail(error, "%s: its values are in Fortran order; C order is read", path);
    return 0;
}

/* Fills shape and type; *start: where the data begins. */
static int read_header(tern_npy *npy, const tern_map *map, size_t *start, const char *path, tern_error *error)
{
    const unsigned char *p = map->data;
    if (map->n < 12 || memcmp(p, MAGIC, sizeof MAGIC) != 0)
        return tern_fail(error, "%s: it is no .npy file", path);
    size_t length = (size_t)(p[8] | p[9] << 8);
    *start = 10;
    if (p[6] >= 2) {
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
        *start = 12;
    }
    if (length > map->n - *start || length > 1 << 16)
        return tern_fail(error, "%s: its header does not fit the file; it is truncated", path);
    char *dict = tern_strndup((const char *)p + *start, length);
    *start += length;
    int status = parse_dict(npy, dict, path, error);
    free(dict);
    return status;
}

static int check_length(const tern_npy *npy, size_t bytes, const char *path, tern_error *error)
{
    const char *type = npy->dtype;
    int known = strlen(type) > 2 && strchr("<>=|", type[0]) && strchr("fiub", type[1]) &&
                type[2 + strspn(type + 2, "0123456789")] == 0;
    int64_t size = known ? strtoll(type + 2, NULL, 10) : 0, need;
    if (size < 1 || size > 16)
        return tern_fail(error, "%s: its type %s is unknown", path, npy->dtype);
    if (__builtin_mul_overflow(npy->rows, npy->cols, &need) || __builtin_mul_overflow(need, size, &need) ||
        (uint64_t)need != bytes)
        return tern_fail(error, "%s: %lld rows of %lld values of type %s do not fit its %zu bytes; it is truncated",
                         path, (long long)npy->rows, (long long)npy->cols, npy->dtype, bytes);
    return 0;
}

static int parse(tern_npy *npy, const tern_map *bytes, const char *path, int with_data, tern_error *error)
{
    size_t start = 0;
    *npy = (tern_npy){0};
    if (read_header(npy, bytes, &start, path, error) < 0 || check_length(npy, bytes->n - start, path, error) < 0)
        return -1;
    if (with_data && strcmp(npy->dtype, "<f4") != 0)
        return tern_fail(error, "%s: its values are of type %s; <f4 (float32) is read", path, npy->dtype);
    if (with_data) {
        npy->data = tern_alloc(bytes->n - start, 1);
        if (bytes->n > start)
            memcpy(npy->data, bytes->data + start, bytes->n - start);
    }
    return 0;
}

static int read_npy(tern_npy *npy, const char *path, int with_data, tern_error *error)
{
    tern_map map;
    *npy = (tern_npy){0};
    if (tern_map_open(&map, path, error) < 0)
        return -1;
    int status = parse(npy, &map, path, with_data, error);
    tern_map_close(&map);
    return status;
}

int tern_npy_read(tern_npy *npy, const char *path, tern_error *error)
{
    return read_npy(npy, path, 1, error);
}

int tern_npy_read_shape(tern_npy *npy, const char *path, tern_error *error)
{
    return read_npy(npy, path, 0, error);
}

int tern_npy_parse(tern_npy *npy, const void *bytes, size_t n, const char *path, tern_error *error)
{
    return parse(npy, &(tern_map){.data = bytes, .n = n}, path, 1, error);
}

void tern_npy_free(tern_npy *npy)
{
    free(npy->data);
    *npy = (tern_npy){0};
}
