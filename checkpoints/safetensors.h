/* safetensors files: named arrays behind a JSON header, read by mapping and written atomically.
 *
 *     tern_safetensors *st = tern_safetensors_open("model.safetensors", &error);
 *     const tern_safetensor *t = tern_safetensors_find(st, "pooler.dense.bias");
 *     tern_safetensors_floats(st, t, out, &error);                  // F32, F16, BF16 or F64 to float
 *     tern_safetensors_close(st);
 *
 * Layout: u64 LE length of the header; the header, JSON {name: {"dtype", "shape", "data_offsets": [from, to]}, ..,
 * "__metadata__": {string: string}}; then the data, to which the offsets refer.
 * Format: https://github.com/huggingface/safetensors (README, "Format"). */
#ifndef TERN_CHECKPOINTS_SAFETENSORS_H
#define TERN_CHECKPOINTS_SAFETENSORS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { TERN_SAFETENSORS_MAX_RANK = 8 };

typedef struct tern_safetensor {
    char *name;
    char dtype[16];
    int rank;
    int64_t shape[TERN_SAFETENSORS_MAX_RANK];
    int64_t count;             /* product of shape; 1 for rank 0 */
    const unsigned char *data; /* in the mapped file, little-endian, unaligned */
    uint64_t from, to;         /* its bytes, from the start of the data */
} tern_safetensor;

typedef struct tern_safetensors tern_safetensors;

/* Maps and checks a file: header within the file and under 100 MB, known types, bytes = product of shape times size,
 * offsets in range without overlap or hole up to the file's end, no name twice. NULL with the first thing wrong. */
tern_safetensors *tern_safetensors_open(const char *path, tern_error *error);
/* The same for the bytes [n] of a file, which stay the caller's and must outlive the result; path is for the sentences.
 */
tern_safetensors *tern_safetensors_parse(const void *bytes, size_t n, const char *path, tern_error *error);
/* Fails when the file was written into since it was opened. */
int tern_safetensors_unchanged(const tern_safetensors *st, tern_error *error);
/* Accepts NULL. */
void tern_safetensors_close(tern_safetensors *st);
/* Tensors in the order of their data. */
size_t tern_safetensors_count(const tern_safetensors *st);
const tern_safetensor *tern_safetensors_at(const tern_safetensors *st, size_t i);
/* NULL when there is none of that name. Binary search. */
const tern_safetensor *tern_safetensors_find(const tern_safetensors *st, const char *name);
/* A value of "__metadata__", borrowed; NULL when there is none. */
const char *tern_safetensors_metadata(const tern_safetensors *st, const char *key);
/* Converts a tensor of F64, F32, F16 or BF16 into out [count]. Another type, or a value that is NaN or infinite (also
 * after rounding F64 to float), is an error with the tensor's name. */
int tern_safetensors_floats(const tern_safetensors *st, const tern_safetensor *tensor, float *out, tern_error *error);
/* The values of a float32 tensor where they lie in the mapped file, borrowed and read-only; NULL for another type, and
 * when the file's header leaves them at an address that is no multiple of 4. They are not looked at. */
const float *tern_safetensors_view(const tern_safetensor *tensor);
/* Fails like tern_safetensors_floats when one of the tensor's values [count], as floats, is NaN or infinite. */
int tern_safetensors_check(const tern_safetensors *st, const tern_safetensor *tensor, const float *values,
                           tern_error *error);
/* "[384, 1536]" into text. */
void tern_shape_format(char *text, size_t size, const int64_t *shape, int rank);

/* What tern_safetensors_write writes: float32 arrays. */
typedef struct tern_safetensors_item {
    const char *name;
    int rank;
    int64_t shape[2];
    const float *data;
} tern_safetensors_item;

/* Writes items [n] (sorted by name in the file) with metadata {"format": "pt"}, atomically, over what is there. */
int tern_safetensors_write(const char *path, const tern_safetensors_item *items, size_t n, tern_error *error);

#endif
