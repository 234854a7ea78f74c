#include "checkpoints/state.h"

#include "base/memory.h"
#include "base/staging.h"
#include "checkpoints/fault.h"
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

tern_state *tern_state_create(void)
{
    return tern_calloc(1, sizeof(tern_state));
}

void tern_state_free(tern_state *state)
{
    if (!state)
        return;
    for (size_t i = 0; i < state->n; i++)
        free(state->items[i].name);
    free(state->items);
    free(state);
}

static tern_state_item *add(tern_state *state, char *owned_name, tern_state_kind kind, void *data)
{
    for (size_t i = 0; i < state->n; i++)
        TERN_CHECK(strcmp(state->items[i].name, owned_name) != 0, "item %s is added twice", owned_name);
    TERN_GROW(state->items, state->n, state->capacity);
    tern_state_item *item = &state->items[state->n++];
    *item = (tern_state_item){.name = owned_name, .kind = kind, .data = data};
    return item;
}

void tern_state_add_floats(tern_state *state, const char *name, float *data, int64_t rows, int64_t cols)
{
    tern_state_item *item = add(state, tern_strdup(name), TERN_STATE_FLOAT, data);
    item->rank = 2;
    item->shape[0] = rows;
    item->shape[1] = cols;
}

static void add_tensors(tern_state *state, const char *group, const tern_params *params, float *flat, int without)
{
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        if (p->flags & without)
            continue;
        tern_state_item *item = add(state, tern_format("%s/%s", group, p->name), TERN_STATE_FLOAT, flat + p->offset);
        int vector = (p->flags & TERN_PARAM_VECTOR) != 0;
        item->rank = vector ? 1 : 2;
        item->shape[0] = vector ? p->tensor->cols : p->tensor->rows;
        item->shape[1] = vector ? 0 : p->tensor->cols;
    }
}

void tern_state_add_params(tern_state *state, const char *group, const tern_params *params, float *flat)
{
    add_tensors(state, group, params, flat, 0);
}

void tern_state_add_learned(tern_state *state, const char *group, const tern_params *params, float *flat)
{
    add_tensors(state, group, params, flat, TERN_PARAM_FROZEN);
}

static void add_array(tern_state *state, const char *name, tern_state_kind kind, void *data, int64_t n)
{
    tern_state_item *item = add(state, tern_strdup(name), kind, data);
    item->rank = 1;
    item->shape[0] = n;
}

void tern_state_add_int64(tern_state *state, const char *name, int64_t *data, int64_t n)
{
    add_array(state, name, TERN_STATE_INT64, data, n);
}

void tern_state_add_double(tern_state *state, const char *name, double *data, int64_t n)
{
    add_array(state, name, TERN_STATE_DOUBLE, data, n);
}

void tern_state_add_string(tern_state *state, const char *name, char **text)
{
    add(state, tern_strdup(name), TERN_STATE_STRING, text);
}

void tern_state_start_hdf5(void)
{
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static hid_t memory_type(tern_state_kind kind)
{
    return kind == TERN_STATE_FLOAT   ? H5T_NATIVE_FLOAT
           : kind == TERN_STATE_INT64 ? H5T_NATIVE_INT64
                                      : H5T_NATIVE_DOUBLE;
}

const char *tern_state_kind_name(tern_state_kind kind)
{
    static const char *const names[] = {"float32", "int64", "float64", "string"};
    return names[kind];
}

/* The type of an item in the file: little-endian on every machine; strings are of fixed length, in UTF-8. */
static hid_t file_type(const tern_state_item *item, size_t string_length)
{
    if (item->kind != TERN_STATE_STRING)
        return H5Tcopy(item->kind == TERN_STATE_FLOAT   ? H5T_IEEE_F32LE
                       : item->kind == TERN_STATE_INT64 ? H5T_STD_I64LE
                                                        : H5T_IEEE_F64LE);
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, string_length + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static hid_t file_space(const tern_state_item *item)
{
    hsize_t dims[2] = {(hsize_t)item->shape[0], (hsize_t)item->shape[1]};
    return item->rank ? H5Screate_simple(item->rank, dims, NULL) : H5Screate(H5S_SCALAR);
}

/* Layout is contiguous and without fill values or times: each array is written once, and equal states give equal files.
 */
static int write_item(hid_t file, const tern_state_item *item)
{
    const char *text = item->kind == TERN_STATE_STRING ? *(char **)item->data : NULL;
    const void *data = item->kind == TERN_STATE_STRING ? (text ? text : (text = "")) : item->data;
    hid_t link = H5Pcreate(H5P_LINK_CREATE), create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t type = file_type(item, text ? strlen(text) : 0), space = file_space(item);
    H5Pset_create_intermediate_group(link, 1);
    H5Pset_obj_track_times(create, 0);
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
    hid_t set = H5Dcreate2(file, item->name, type, space, link, create, H5P_DEFAULT);
    hid_t memory = item->kind == TERN_STATE_STRING ? type : memory_type(item->kind);
    int status = set < 0 || H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0 ? -1 : 0;
    if (set >= 0 && H5Dclose(set) < 0)
        status = -1;
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(create);
    H5Pclose(link);
    return status;
}

static hid_t create_file(const char *path)
{
    hid_t create = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_userblock(create, TERN_STATE_USER_BLOCK);
    H5Pset_file_locking(access, 0, 1);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    H5Pclose(access);
    H5Pclose(create);
    return file;
}

static int64_t size_of(const tern_state *state)
{
    int64_t bytes = 1 << 16;
    for (size_t i = 0; i < state->n; i++) {
        const tern_state_item *item = &state->items[i];
        int64_t count = item->rank == 2 ? item->shape[0] * item->shape[1] : item->rank ? item->shape[0] : 0;
        bytes += count * (item->kind == TERN_STATE_FLOAT ? 4 : 8) + 1024;
    }
    return bytes;
}

/* Tries whether the disk has the room before libhdf5 starts: it copes badly with a disk that fills up while it closes a
 * file. What others write meanwhile can still fill it. */
static int reserve_room(const tern_state *state, int fd, const char *path, tern_error *error)
{
    if (fallocate(fd, 0, 0, size_of(state)) == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
        return 0;
    return tern_fail(error, "%s: can't write its %lld kB: %s", path, (long long)size_of(state) / 1000, strerror(errno));
}

static int write_items(const tern_state *state, const char *temporary, const char *path, tern_error *error)
{
    tern_state_start_hdf5();
    errno = 0;
    hid_t file = create_file(temporary);
    int status = file < 0 ? -1 : 0;
    for (size_t i = 0; status == 0 && i < state->n; i++) {
        status = write_item(file, &state->items[i]);
        tern_fault("checkpoint");
    }
    int why = errno;
    if (file >= 0 && H5Fclose(file) < 0)
        status = -1;
    if (status < 0)
        return tern_fail(error, "%s: can't write it: %s", path, why ? strerror(why) : "libhdf5 failed");
    return 0;
}

int tern_state_save(const tern_state *state, const char *path, tern_error *error)
{
    tern_fault("checkpoint");
    tern_staged *staged = tern_staged_file(path, 1, error);
    if (!staged)
        return -1;
    const char *temporary = tern_staged_path(staged);
    int status = reserve_room(state, tern_staged_fd(staged), path, error);
    if (status == 0)
        status = write_items(state, temporary, path, error);
    if (status == 0)
        status = tern_state_seal(temporary, path, error);
    tern_fault("checkpoint");
    if (status == 0)
        status = tern_staged_place(staged, error);
    else
        tern_staged_discard(staged);
    tern_fault("checkpoint");
    return status;
}
