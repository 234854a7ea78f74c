#include "checkpoints/safetensors.h"

#include "base/file.h"
#include "base/lfs.h"
#include "base/memory.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 100000000 };

struct tern_safetensors {
    char *path;
    tern_map map;
    const unsigned char *data; /* behind the header */
    uint64_t data_bytes;
    json_t *metadata;
    tern_safetensor *tensors; /* by offset */
    size_t n;
    const tern_safetensor **by_name;
};

static uint64_t read_u64(const unsigned char *p)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | p[i];
    return value;
}

/* Bytes of one value; 0: unknown. */
static uint64_t dtype_size(const char *dtype)
{
    static const struct {
        const char *name;
        uint64_t size;
    } known[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},    {"I8", 1},
                 {"U8", 1},  {"U16", 2}, {"U32", 4}, {"U64", 8},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(dtype, known[i].name) == 0)
            return known[i].size;
    return 0;
}

void tern_shape_format(char *text, size_t size, const int64_t *shape, int rank)
{
    size_t n = 0;
    text[0] = 0;
    for (int i = 0; i <= rank && n < size; i++) {
        int add = i == rank ? snprintf(text + n, size - n, rank ? "]" : "[]")
                            : snprintf(text + n, size - n, i ? ", %lld" : "[%lld", (long long)shape[i]);
        n += add > 0 ? (size_t)add : 0;
    }
}

static int read_shape(tern_safetensor *t, const json_t *shape, const char *path, tern_error *error)
{
    if (!json_is_array(shape))
        return tern_fail(error, "%s: tensor %s has no \"shape\" list", path, t->name);
    if (json_array_size(shape) > TERN_SAFETENSORS_MAX_RANK)
        return tern_fail(error, "%s: tensor %s has %zu dimensions; at most %d are read", path, t->name,
                         json_array_size(shape), TERN_SAFETENSORS_MAX_RANK);
    t->rank = (int)json_array_size(shape);
    t->count = 1;
    for (int i = 0; i < t->rank; i++) {
        const json_t *item = json_array_get(shape, (size_t)i);
        t->shape[i] = json_integer_value(item);
        if (!json_is_integer(item) || t->shape[i] < 0)
            return tern_fail(error, "%s: the shape of tensor %s holds something that is no size", path, t->name);
        if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
            return tern_fail(error, "%s: the shape of tensor %s is too large to be true", path, t->name);
    }
    return 0;
}

static int read_offsets(tern_safetensor *t, const json_t *offsets, const tern_safetensors *st, tern_error *error)
{
    const json_t *from = json_array_get(offsets, 0), *to = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(from) || !json_is_integer(to) ||
        json_integer_value(from) < 0 || json_integer_value(to) < json_integer_value(from))
        return tern_fail(error, "%s: tensor %s has no valid \"data_offsets\"", st->path, t->name);
    t->from = (uint64_t)json_integer_value(from);
    t->to = (uint64_t)json_integer_value(to);
    if (t->to > st->data_bytes)
        return tern_fail(error, "%s: tensor %s ends at byte %llu of the data, but the file holds %llu; it is truncated",
                         st->path, t->name, (unsigned long long)t->to, (unsigned long long)st->data_bytes);
    t->data = st->data + t->from;
    return 0;
}

static int read_entry(tern_safetensor *t, const json_t *entry, const tern_safetensors *st, tern_error *error)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    uint64_t size = dtype ? dtype_size(dtype) : 0, bytes;
    if (!json_is_object(entry) || !dtype)
        return tern_fail(error, "%s: tensor %s has no \"dtype\"", st->path, t->name);
    if (!size)
        return tern_fail(error, "%s: tensor %s has the unknown type %s", st->path, t->name, dtype);
    snprintf(t->dtype, sizeof t->dtype, "%s", dtype);
    if (read_shape(t, json_object_get(entry, "shape"), st->path, error) < 0 ||
        read_offsets(t, json_object_get(entry, "data_offsets"), st, error) < 0)
        return -1;
    if (__builtin_mul_overflow((uint64_t)t->count, size, &bytes) || bytes != t->to - t->from) {
        char shape[200];
        tern_shape_format(shape, sizeof shape, t->shape, t->rank);
        return tern_fail(error, "%s: tensor %s of type %s and shape %s does not fit its %llu bytes", st->path, t->name,
                         dtype, shape, (unsigned long long)(t->to - t->from));
    }
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const tern_safetensor *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static int by_name(const void *a, const void *b)
{
    const tern_safetensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Every byte of the data belongs to exactly one tensor: no place to hide in, and nothing read twice. */
static int check_layout(const tern_safetensors *st, tern_error *error)
{
    uint64_t at = 0;
    for (size_t i = 0; i < st->n; at = st->tensors[i++].to) {
        const tern_safetensor *t = &st->tensors[i];
        if (t->from != at)
            return tern_fail(error, "%s: tensor %s begins at byte %llu of the data, not at %llu; there is %s", st->path,
                             t->name, (unsigned long long)t->from, (unsigned long long)at,
                             t->from < at ? "an overlap" : "a hole");
    }
    if (at != st->data_bytes)
        return tern_fail(error, "%s: the tensors end at byte %llu of the data, but the file holds %llu", st->path,
                         (unsigned long long)at, (unsigned long long)st->data_bytes);
    return 0;
}

/* {string: string}, or null. */
static int read_metadata(tern_safetensors *st, json_t *metadata, tern_error *error)
{
    const char *key;
    json_t *value;
    int texts = json_is_object(metadata) || json_is_null(metadata);
    json_object_foreach(metadata, key, value)
    {
        texts &= json_is_string(value);
    }
    st->metadata = json_incref(metadata);
    return texts ? 0 : tern_fail(error, "%s: its __metadata__ is not an object of strings", st->path);
}

static int read_header(tern_safetensors *st, json_t *header, tern_error *error)
{
    const char *name;
    json_t *entry;
    st->tensors = tern_calloc(json_object_size(header), sizeof *st->tensors);
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0) {
            if (read_metadata(st, entry, error) < 0)
                return -1;
            continue;
        }
        tern_safetensor *t = &st->tensors[st->n++];
        t->name = tern_strdup(name);
        if (read_entry(t, entry, st, error) < 0)
            return -1;
    }
    qsort(st->tensors, st->n, sizeof *st->tensors, by_offset);
    st->by_name = tern_alloc(st->n, sizeof *st->by_name);
    for (size_t i = 0; i < st->n; i++)
        st->by_name[i] = &st->tensors[i];
    qsort(st->by_name, st->n, sizeof *st->by_name, by_name);
    return check_layout(st, error);
}

/* The header's JSON, which the caller frees; NULL: it is none. */
static json_t *parse_header(const char *text, size_t n, const char *path, tern_error *error)
{
    json_error_t why;
    const char *nul = memchr(text, 0, n); /* jansson steps over one behind a number */
    json_t *header = nul ? NULL : json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
    if (json_is_object(header))
        return header;
    tern_fail(error, "%s: the safetensors header is not valid: %s", path,
              header ? "it is no JSON object"
              : nul  ? "it holds a NUL byte"
                     : why.text);
    json_decref(header);
    return NULL;
}

static int parse(tern_safetensors *st, const unsigned char *bytes, size_t size, tern_error *error)
{
    if (tern_lfs_is_pointer(bytes, size))
        return tern_lfs_fail(error, st->path);
    if (size < 8)
        return tern_fail(error, "%s: it is no safetensors file: %zu bytes are too few", st->path, size);
    uint64_t n = read_u64(bytes);
    if (n > MAX_HEADER)
        return tern_fail(error, "%s: it is no safetensors file: a header of %llu bytes; at most %d are read", st->path,
                         (unsigned long long)n, MAX_HEADER);
    if (n > size - 8)
        return tern_fail(error, "%s: its header of %llu bytes does not fit the file's %zu; it is truncated", st->path,
                         (unsigned long long)n, size);
    st->data = bytes + 8 + n;
    st->data_bytes = size - 8 - n;
    json_t *header = parse_header((const char *)bytes + 8, n, st->path, error);
    int status = header ? read_header(st, header, error) : -1;
    json_decref(header);
    return status;
}

static tern_safetensors *create(const char *path)
{
    tern_safetensors *st = tern_calloc(1, sizeof *st);
    st->path = tern_strdup(path);
    return st;
}

static tern_safetensors *finish(tern_safetensors *st, int status)
{
    if (status == 0)
        return st;
    tern_safetensors_close(st);
    return NULL;
}

tern_safetensors *tern_safetensors_open(const char *path, tern_error *error)
{
    tern_safetensors *st = create(path);
    int status = tern_map_open(&st->map, path, error);
    return finish(st, status == 0 ? parse(st, st->map.data, st->map.n, error) : -1);
}

tern_safetensors *tern_safetensors_parse(const void *bytes, size_t n, const char *path, tern_error *error)
{
    tern_safetensors *st = create(path);
    return finish(st, parse(st, bytes, n, error));
}

int tern_safetensors_unchanged(const tern_safetensors *st, tern_error *error)
{
    return tern_map_check(&st->map, st->path, error);
}

void tern_safetensors_close(tern_safetensors *st)
{
    if (!st)
        return;
    for (size_t i = 0; i < st->n; i++)
        free(st->tensors[i].name);
    json_decref(st->metadata);
    tern_map_close(&st->map);
    free(st->tensors);
    free(st->by_name);
    free(st->path);
    free(st);
}

size_t tern_safetensors_count(const tern_safetensors *st)
{
    return st->n;
}

const tern_safetensor *tern_safetensors_at(const tern_safetensors *st, size_t i)
{
    TERN_CHECK(i < st->n, "tensor %zu of %zu", i, st->n);
    return &st->tensors[i];
}

const tern_safetensor *tern_safetensors_find(const tern_safetensors *st, const char *name)
{
    const tern_safetensor key = {.name = (char *)name}, *at = &key;
    const tern_safetensor **found = bsearch(&at, st->by_name, st->n, sizeof *st->by_name, by_name);
    return found ? *found : NULL;
}

const char *tern_safetensors_metadata(const tern_safetensors *st, const char *key)
{
    return json_string_value(json_object_get(st->metadata, key));
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16. A subnormal is its mantissa times 2^-24, which a float holds exactly. */
static float float_of_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 0x1F, mantissa = half & 0x3FF;
    if (exponent == 0x1F)
        return float_of_bits(sign | 0x7F800000 | mantissa << 13);
    if (exponent == 0)
        return (sign ? -1.0F : 1.0F) * (float)mantissa * 0x1p-24F;
    return float_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

static void convert(const tern_safetensor *t, float *out)
{
    const unsigned char *p = t->data;
    switch (t->dtype[0] == 'B' ? 'B' : t->dtype[1]) {
    case 'B':
        for (int64_t i = 0; i < t->count; i++, p += 2)
            out[i] = float_of_bits((uint32_t)(p[0] | p[1] << 8) << 16);
        break;
    case '1':
        for (int64_t i = 0; i < t->count; i++, p += 2)
            out[i] = float_of_half((uint32_t)(p[0] | p[1] << 8));
        break;
    case '6':
        for (int64_t i = 0; i < t->count; i++, p += 8) {
            double value;
            memcpy(&value, p, sizeof value);
            out[i] = (float)value;
        }
        break;
    default:
        if (t->count)
            memcpy(out, p, (size_t)t->count * sizeof *out);
    }
}

/* Place of the first value that isn't finite, or -1. */
static int64_t first_bad(const float *x, int64_t n)
{
    enum { BLOCK = 4096 };
    for (int64_t from = 0; from < n; from += BLOCK) {
        int64_t end = from + BLOCK < n ? from + BLOCK : n;
        int bad = 0;
#pragma omp simd reduction(| : bad)
        for (int64_t i = from; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, &x[i], sizeof bits);
            bad |= (bits & 0x7F800000) == 0x7F800000;
        }
        for (int64_t i = from; bad && i < end; i++)
            if (!isfinite(x[i]))
                return i;
    }
    return -1;
}

const float *tern_safetensors_view(const tern_safetensor *tensor)
{
    int fits = strcmp(tensor->dtype, "F32") == 0 && (uintptr_t)tensor->data % _Alignof(float) == 0;
    return fits ? (const float *)(const void *)tensor->data : NULL;
}

int tern_safetensors_check(const tern_safetensors *st, const tern_safetensor *tensor, const float *values,
                           tern_error *error)
{
    int64_t bad = first_bad(values, tensor->count);
    if (bad >= 0)
        return tern_fail(error, "%s: tensor %s holds %s (value %lld of %lld); the weights are damaged", st->path,
                         tensor->name, isnan(values[bad]) ? "NaN" : "an infinite number", (long long)bad,
                         (long long)tensor->count);
    return 0;
}

int tern_safetensors_floats(const tern_safetensors *st, const tern_safetensor *tensor, float *out, tern_error *error)
{
    if (strcmp(tensor->dtype, "F32") != 0 && strcmp(tensor->dtype, "F16") != 0 && strcmp(tensor->dtype, "BF16") != 0 &&
        strcmp(tensor->dtype, "F64") != 0)
        return tern_fail(error, "%s: tensor %s is of type %s; F32, F16, BF16 and F64 are read", st->path, tensor->name,
                         tensor->dtype);
    convert(tensor, out);
    return tern_safetensors_check(st, tensor, out, error);
}

static int item_by_name(const void *a, const void *b)
{
    return strcmp(((const tern_safetensors_item *)a)->name, ((const tern_safetensors_item *)b)->name);
}

static size_t item_bytes(const tern_safetensors_item *item)
{
    size_t count = 1;
    for (int i = 0; i < item->rank; i++)
        count *= (size_t)item->shape[i];
    return count * sizeof(float);
}

/* The header, padded with spaces to a multiple of 8 so that the data is aligned. */
static void make_header(tern_buffer *header, const tern_safetensors_item *items, size_t n)
{
    size_t at = 0;
    json_t *root = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    for (size_t i = 0; i < n; i++) {
        json_t *shape = json_array();
        for (int k = 0; k < items[i].rank; k++)
            json_array_append_new(shape, json_integer(items[i].shape[k]));
        size_t end = at + item_bytes(&items[i]);
        json_object_set_new(root, items[i].name,
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape, "data_offsets",
                                      (json_int_t)at, (json_int_t)end));
        at = end;
    }
    char *text = json_dumps(root, JSON_COMPACT);
    TERN_CHECK(text, "the safetensors header can't be written as JSON");
    tern_buffer_add(header, text, strlen(text));
    while (header->n % 8)
        tern_buffer_add(header, " ", 1);
    free(text);
    json_decref(root);
}

int tern_safetensors_write(const char *path, const tern_safetensors_item *items, size_t n, tern_error *error)
{
    tern_writer *writer = tern_writer_open(path, 1, error);
    if (!writer)
        return -1;
    FILE *out = tern_writer_stream(writer);
    tern_safetensors_item *sorted = tern_alloc(n, sizeof *sorted);
    if (n)
        memcpy(sorted, items, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, item_by_name);
    tern_buffer header = {0};
    make_header(&header, sorted, n);
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)header.n >> 8 * i);
    fwrite(length, 1, sizeof length, out);
    fwrite(header.data, 1, header.n, out);
    for (size_t i = 0; i < n; i++)
        if (item_bytes(&sorted[i]))
            fwrite(sorted[i].data, 1, item_bytes(&sorted[i]), out);
    tern_buffer_free(&header);
    free(sorted);
    return tern_writer_commit(writer, error);
}
