/* safetensors files: every tensor lies in the data, behind the one before it, and has as many bytes as its shape and
 * type say; its values as floats are those that the plain rules make of its bytes; a header made of what was read,
 * before the same data, is read the same; and tensors of float32 written by the project's own writer read back. */
#include "checkpoints/safetensors.h"
#include "files.h"

#include <jansson.h>
#include <math.h>

static size_t value_bytes(const tern_safetensor *t)
{
    const char *digit = t->dtype + strcspn(t->dtype, "1368");
    if (strncmp(t->dtype, "F8", 2) == 0 || strcmp(t->dtype, "BOOL") == 0)
        return 1;
    return strtoul(digit, NULL, 10) / 8;
}

static void check_tensor(const tern_safetensors *st, size_t i, const uint8_t *data, size_t data_n)
{
    const tern_safetensor *t = tern_safetensors_at(st, i);
    size_t at = i > 0 ? tern_safetensors_at(st, i - 1)->to : 0, count = 1;
    TERN_CHECK(t->rank >= 0 && t->rank <= TERN_SAFETENSORS_MAX_RANK, "rank %d", t->rank);
    for (int k = 0; k < t->rank; k++)
        count *= (size_t)t->shape[k];
    TERN_CHECK(t->from == at && t->to >= at && t->to <= data_n && t->data == data + at,
               "%s is not behind its neighbour", t->name);
    TERN_CHECK((size_t)t->count == count && count * value_bytes(t) == t->to - t->from, "%s has %zu values of %s",
               t->name, count, t->dtype);
    TERN_CHECK(tern_safetensors_find(st, t->name) == t, "%s is not found", t->name);
}

static uint64_t bits_at(const unsigned char *p, size_t n)
{
    uint64_t bits = 0;
    while (n-- > 0)
        bits = bits << 8 | p[n];
    return bits;
}

/* A floating-point number of so many bits of exponent and mantissa, by its definition. */
static double number(uint64_t bits, int exponent_bits, int mantissa_bits)
{
    int64_t exponent = (int64_t)(bits >> mantissa_bits & ((UINT64_C(1) << exponent_bits) - 1));
    uint64_t mantissa = bits & ((UINT64_C(1) << mantissa_bits) - 1), bias = (UINT64_C(1) << (exponent_bits - 1)) - 1;
    int negative = (int)(bits >> (exponent_bits + mantissa_bits) & 1);
    double value;
    if (exponent == (INT64_C(1) << exponent_bits) - 1)
        value = mantissa ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        value = ldexp((double)mantissa, 1 - (int)bias - mantissa_bits);
    else
        value = ldexp((double)(mantissa | UINT64_C(1) << mantissa_bits), (int)exponent - (int)bias - mantissa_bits);
    return negative ? -value : value;
}

static float value_of(const tern_safetensor *t, size_t i)
{
    size_t size = value_bytes(t);
    uint64_t bits = bits_at(t->data + i * size, size);
    if (strcmp(t->dtype, "BF16") == 0)
        return (float)number(bits, 8, 7);
    return (float)(size == 2 ? number(bits, 5, 10) : size == 4 ? number(bits, 8, 23) : number(bits, 11, 52));
}

/* 1 when the tensor's values were taken, which are in out then. */
static int check_values(const tern_safetensors *st, const tern_safetensor *t, float *out)
{
    tern_error error = {{0}};
    int status = tern_safetensors_floats(st, t, out, &error), finite = 1;
    int is_float = t->dtype[0] == 'B' ? t->dtype[1] == 'F' : t->dtype[0] == 'F' && t->dtype[1] != '8';
    for (int64_t i = 0; is_float && i < t->count; i++) {
        float value = value_of(t, (size_t)i);
        finite &= isfinite(value) != 0;
        TERN_CHECK(status < 0 || memcmp(&value, &out[i], sizeof value) == 0, "value %lld of %s is %a, not %a",
                   (long long)i, t->name, (double)out[i], (double)value);
    }
    TERN_CHECK((status == 0) == (is_float && finite), "%s: status %d, %s", t->name, status, error.message);
    if (status < 0)
        FUZZ_FAILED(error);
    const float *view = tern_safetensors_view(t);
    TERN_CHECK(!view || (strcmp(t->dtype, "F32") == 0 && (const unsigned char *)view == t->data), "a view of %s",
               t->dtype);
    return status == 0;
}

/* The header that says what was read. */
static char *header_of(const tern_safetensors *st)
{
    json_t *root = json_object();
    for (size_t i = 0; i < tern_safetensors_count(st); i++) {
        const tern_safetensor *t = tern_safetensors_at(st, i);
        json_t *shape = json_array();
        for (int k = 0; k < t->rank; k++)
            json_array_append_new(shape, json_integer(t->shape[k]));
        json_object_set_new(root, t->name,
                            json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->dtype, "shape", shape, "data_offsets",
                                      (json_int_t)t->from, (json_int_t)t->to));
    }
    char *text = json_dumps(root, JSON_COMPACT);
    TERN_CHECK(text, "a name that was read is no JSON");
    json_decref(root);
    return text;
}

static void check_same_tensor(const tern_safetensor *a, const tern_safetensor *b)
{
    TERN_CHECK(b && a->rank == b->rank && a->count == b->count && strcmp(a->dtype, b->dtype) == 0 &&
                   memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0 &&
                   a->to - a->from == b->to - b->from && memcmp(a->data, b->data, a->to - a->from) == 0,
               "%s is read otherwise", a->name);
}

static void check_again(const tern_safetensors *st, const uint8_t *data, size_t data_n)
{
    tern_error error = {{0}};
    tern_buffer file = {0};
    char *header = header_of(st);
    uint64_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        tern_buffer_add(&file, &(unsigned char){(unsigned char)(n >> 8 * i)}, 1);
    tern_buffer_add(&file, header, n);
    tern_buffer_add(&file, data, data_n);
    tern_safetensors *again = tern_safetensors_parse(file.data, file.n, "again", &error);
    TERN_CHECK(again, "what was read is refused: %s: %s", error.message, header);
    TERN_CHECK(tern_safetensors_count(again) == tern_safetensors_count(st), "another number of tensors");
    for (size_t i = 0; i < tern_safetensors_count(st); i++) {
        const tern_safetensor *t = tern_safetensors_at(st, i);
        check_same_tensor(t, tern_safetensors_find(again, t->name));
    }
    tern_safetensors_close(again);
    tern_buffer_free(&file);
    free(header);
}

/* The tensors of float32 that the writer takes, [n] of which there are. */
static size_t items_of(const tern_safetensors *st, tern_safetensors_item *items, float *values)
{
    size_t n = 0;
    for (size_t i = 0; i < tern_safetensors_count(st); i++) {
        const tern_safetensor *t = tern_safetensors_at(st, i);
        if (!check_values(st, t, values) || strcmp(t->dtype, "F32") != 0 || t->rank > 2 ||
            strcmp(t->name, "__metadata__") == 0)
            continue;
        items[n++] = (tern_safetensors_item){t->name, t->rank, {t->shape[0], t->shape[1]}, values};
        values += t->count;
    }
    return n;
}

static void check_written(const tern_safetensors *st, const tern_safetensors_item *items, size_t n)
{
    tern_error error = {{0}};
    char *path = fuzz_folder("written.safetensors", 0);
    TERN_CHECK(tern_safetensors_write(path, items, n, &error) == 0, "%s", error.message);
    tern_safetensors *again = tern_safetensors_open(path, &error);
    TERN_CHECK(again, "what was written is refused: %s", error.message);
    TERN_CHECK(tern_safetensors_count(again) == n, "%zu tensors were written", n);
    for (size_t i = 0; i < n; i++)
        check_same_tensor(tern_safetensors_find(st, items[i].name), tern_safetensors_find(again, items[i].name));
    tern_safetensors_close(again);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_safetensors *st = tern_safetensors_parse(bytes, n, "fuzz.safetensors", &error);
    if (!st) {
        FUZZ_FAILED(error);
        return 0;
    }
    size_t count = tern_safetensors_count(st), data_n = n - 8 - (size_t)bits_at(bytes, 8);
    const uint8_t *data = bytes + n - data_n;
    TERN_CHECK(count > 0 ? tern_safetensors_at(st, count - 1)->to == data_n : data_n == 0, "bytes of no tensor");
    for (size_t i = 0; i < count; i++)
        check_tensor(st, i, data, data_n);
    check_again(st, data, data_n);
    float *values = tern_alloc(data_n, sizeof *values);
    tern_safetensors_item *items = tern_alloc(count, sizeof *items);
    size_t n_items = items_of(st, items, values);
    if (n_items > 0)
        check_written(st, items, n_items);
    free(items);
    free(values);
    tern_safetensors_close(st);
    return 0;
}
