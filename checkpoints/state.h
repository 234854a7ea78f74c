/* The training state: one HDF5 file of named items, saved atomically, matched by name and shape at loading.
 *
 *     tern_state *s = tern_state_create();
 *     tern_state_add_params(s, "weights", params, params->value);      // one array a tensor: weights/NAME
 *     tern_state_add_learned(s, "adam_m", params, m);                  // m: flat [params->size]; none of frozen ones
 *     tern_state_add_int64(s, "step", &step, 1);
 *     tern_state_add_double(s, "best_score", &best, 1);
 *     tern_state_add_string(s, "recipe", &recipe);
 *     tern_state_save(s, "runs/x/state.h5", &error);                   // and, with the same list:
 *     tern_state_load(s, "runs/x/state.h5", &error);
 *     tern_state_free(s);
 *
 * The file is a plain HDF5 file (h5dump reads it) behind a user block of 512 bytes that holds a checksum of all the
 * rest. libhdf5 may crash on a corrupt file, so the checksum is verified before libhdf5 opens it; and since anybody can
 * make a checksum, it is opened in a child process, and only what tern itself writes is taken (state_index.h).
 *
 *     offset 0    8 bytes  "ternst1\n"
 *     offset 8    u64 LE   length of the whole file
 *     offset 16   u64 LE   checksum of bytes 512 .. length: h = tern_mix(h ^ tern_hash(block, 0)) over its blocks of
 *                          1 MiB, starting from h = their number of bytes
 *     offset 24   u64 LE   tern_hash(bytes 0 .. 24, 0)
 *     offset 32   zeros up to 512, where HDF5's own signature stands
 *
 * Debian's libhdf5 is not thread-safe: one thread of a program saves or loads at a time. */
#ifndef TERN_CHECKPOINTS_STATE_H
#define TERN_CHECKPOINTS_STATE_H

#include "autograd/params.h"
#include "base/error.h"

#include <stdint.h>

typedef struct tern_state tern_state;

tern_state *tern_state_create(void);
/* Frees the list, not what its items point at. Accepts NULL. */
void tern_state_free(tern_state *state);

/* Items. Names are paths ("adam_m/encoder.layer.0.output.dense.bias"), each used once; they are copied. Pointers are
 * borrowed: read by a save, written by a load. */
void tern_state_add_floats(tern_state *state, const char *name, float *data, int64_t rows, int64_t cols);
/* One float array a tensor of params, named GROUP/NAME, at flat + offset of the tensor; flat [params->size]. */
void tern_state_add_params(tern_state *state, const char *group, const tern_params *params, float *flat);
/* The same without frozen tensors: of moments and averages, which those don't have. */
void tern_state_add_learned(tern_state *state, const char *group, const tern_params *params, float *flat);
void tern_state_add_int64(tern_state *state, const char *name, int64_t *data, int64_t n);
void tern_state_add_double(tern_state *state, const char *name, double *data, int64_t n);
/* *text: UTF-8, 0-terminated. A load frees *text (NULL is fine) and puts a new string there, the caller's. */
void tern_state_add_string(tern_state *state, const char *name, char **text);

/* Writes all items under a temporary name (path + ".tmp"), fsyncs and renames: a reader, or a run that was killed,
 * finds the old state or the new one, never a half. */
int tern_state_save(const tern_state *state, const char *path, tern_error *error);
/* Fills all items. A missing, unexpected or differently shaped item is an error that names it. The checksum and all
 * names and shapes are checked before the first item is written: after those errors nothing has changed. */
int tern_state_load(tern_state *state, const char *path, tern_error *error);

/* The same in steps, for what must be known before the rest can be placed:
 *
 *     tern_state_file *f = tern_state_open(path, s, &error);       // checksum, names, types, shapes: all is checked
 *     tern_state_get_string(f, "recipe", &text, &error);
 *     if (tern_state_check(s, f, &error) == 0)                     // has the items of s, and no others
 *         tern_state_fill(s, f, &error);
 *     tern_state_close(f); */
typedef struct tern_state_file tern_state_file;
/* into: what it will be put into, which makes that faster; NULL: not known. */
tern_state_file *tern_state_open(const char *path, const tern_state *into, tern_error *error);
/* Accepts NULL. */
void tern_state_close(tern_state_file *file);
int tern_state_has(const tern_state_file *file, const char *name);
/* *text is the caller's; NULL on failure. */
int tern_state_get_string(const tern_state_file *file, const char *name, char **text, tern_error *error);
int tern_state_check(const tern_state *state, const tern_state_file *file, tern_error *error);
/* After tern_state_check. Fails when the file can't be read any longer; some items may be filled then. */
int tern_state_fill(tern_state *state, const tern_state_file *file, tern_error *error);

/* What a state file holds, for tern info and for tests. */
typedef enum tern_state_kind {
    TERN_STATE_FLOAT,
    TERN_STATE_INT64,
    TERN_STATE_DOUBLE,
    TERN_STATE_STRING
} tern_state_kind;
typedef struct tern_state_entry {
    char *name;
    tern_state_kind kind;
    int rank; /* 0 for strings */
    int64_t shape[2];
    int64_t offset, bytes; /* of its values in the file; the 0 after a text counts */
    char *preview;         /* one number, or a string; NULL for arrays */
} tern_state_entry;
typedef struct tern_state_listing {
    tern_state_entry *entries; /* sorted by name */
    size_t n, capacity;
} tern_state_listing;
int tern_state_list(const char *path, tern_state_listing *listing, tern_error *error);
void tern_state_listing_free(tern_state_listing *listing);

/* 1 when the file begins as tern's state files do (nothing else is checked). */
int tern_state_is_state(const char *path);

#endif
