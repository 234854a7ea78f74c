/* The embedding store: vectors that are kept between runs, so that a text is encoded once with a model and never
 * again. One file for all models, vectors/store.h5 in tern's cache folder (store_file.h is its layout).
 *
 *     tern_store *store = tern_store_open(path, limit);
 *     int64_t found = tern_store_find(store, keys, n, dim, rows, has);
 *     ... make the rows that it hasn't, m of them ...
 *     tern_store_add(store, new_keys, m, dim, new_rows);
 *     tern_store_close(store);
 *
 * It is a cache: a part of its disk stays free whatever is added (store_disk.h), and whatever happens to it (killed
 * while it writes, a full disk, damage, a file of another version) a vector that it gives is the one that was put in,
 * bit for bit, or it gives none; and nothing of it is an error. Several processes may use one file at once: who writes
 * holds a lock on the file beside it, and who reads needs none.
 */
#ifndef TERN_CHECKPOINTS_STORE_H
#define TERN_CHECKPOINTS_STORE_H

#include "checkpoints/store_disk.h"
#include "checkpoints/store_file.h"

typedef struct tern_store tern_store;

/* The store at path, whose file will have at most limit bytes. The file and its folder are made when the first vector
 * is added. What lies at path and is no store of this version is replaced then. */
tern_store *tern_store_open(const char *path, int64_t limit);
/* Accepts NULL. */
void tern_store_close(tern_store *store);

/* Vectors of n keys into out [n, dim]; has[i] 1: row i is filled, 0: it is untouched. Returns how many there are. */
int64_t tern_store_find(tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, float *out,
                        unsigned char *has);
/* Adds rows [n, dim], all finite. Where they don't fit under the limit, vectors that were not used for the longest
 * time go; those of this session stay, so that a set which is larger than the limit keeps its first part, and finds it
 * the next time. */
void tern_store_add(tern_store *store, const tern_store_key *keys, int64_t n, int64_t dim, const float *rows);

/* 1 when a file was made where there was none. */
int tern_store_began(const tern_store *store);
/* Why nothing more is kept in this session, words for behind "since": its disk has too little room, or it can't be
 * written. NULL: it is kept, or all that the limit allows. */
const char *tern_store_failure(const tern_store *store);
/* For tests: the store takes its disk for this one. */
void tern_store_pretend(tern_store *store, tern_store_disk disk);

/* Bytes that a setting asks for: "off" or "0", a size such as 4GB, or NULL, the default of 2 GB. -1: it is neither. */
int64_t tern_store_limit(const char *setting);
/* The file in tern's cache folder, a new string; NULL when there is no such folder. */
char *tern_store_path(void);

/* What a store holds, for tern info. */
typedef struct tern_store_info {
    int64_t bytes, vectors, damaged;
    int64_t values;     /* of all vectors */
    int64_t (*dims)[2]; /* [n_dims] dimensions, and vectors that have them; ascending */
    int64_t n_dims;
} tern_store_info;
/* Fails with a sentence when it is no store, or one of another version. */
int tern_store_describe(const char *path, tern_store_info *info, tern_error *error);
void tern_store_info_free(tern_store_info *info);
/* 1 when a file begins as stores do, of this version or another. */
int tern_store_is_store(const char *path);

#endif
