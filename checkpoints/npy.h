/* NumPy's .npy files: float32 matrices in C order, format version 1.0.
 *
 *     tern_npy_write("x.npy", x, rows, cols, 0, &error);
 *     tern_npy m;
 *     tern_npy_read(&m, "x.npy", &error);             // m.data [m.rows, m.cols]
 *     tern_npy_free(&m);
 *
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef TERN_CHECKPOINTS_NPY_H
#define TERN_CHECKPOINTS_NPY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct tern_npy {
    float *data; /* [rows, cols]; NULL after tern_npy_read_shape */
    int64_t rows, cols;
    char dtype[8]; /* as written in the file, "<f4" for float32 */
} tern_npy;

/* Writes data [rows, cols] atomically. overwrite 0: fails when the file is there. */
int tern_npy_write(const char *path, const float *data, int64_t rows, int64_t cols, int overwrite, tern_error *error);
/* Reads a float32 matrix (a vector is one column) in C order; other types and orders are refused by name. */
int tern_npy_read(tern_npy *npy, const char *path, tern_error *error);
/* The same of a file's bytes [n], which path names in errors. */
int tern_npy_parse(tern_npy *npy, const void *bytes, size_t n, const char *path, tern_error *error);
/* Shape and type alone, of any numeric type. The length of the file is checked against them. */
int tern_npy_read_shape(tern_npy *npy, const char *path, tern_error *error);
void tern_npy_free(tern_npy *npy);

#endif
