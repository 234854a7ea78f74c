/* Reading training states. Nothing here meets a damaged file: tern_state_verify comes first. */
#include "base/file.h"
#include "base/memory.h"
#include "checkpoints/state.h"
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"

#include <stdlib.h>
#include <string.h>

static hid_t open_file(const char *path, tern_error *error)
{
    if (tern_state_verify(path, error) < 0)
        return -1;
    tern_state_start_hdf5();
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (file < 0)
        tern_fail(error, "%s: libhdf5 can't open it", path);
    return file;
}

static int kind_of(hid_t type, tern_state_kind *kind)
{
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    if (class == H5T_STRING && !H5Tis_variable_str(type))
        *kind = TERN_STATE_STRING;
    else if (class == H5T_FLOAT && (size == 4 || size == 8))
        *kind = size == 4 ? TERN_STATE_FLOAT : TERN_STATE_DOUBLE;
    else if (class == H5T_INTEGER && size == 8)
        *kind = TERN_STATE_INT64;
    else
        return -1;
    return 0;
}

static int describe(hid_t set, tern_state_entry *entry)
{
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    hsize_t dims[2] = {0, 0};
    int rank = H5Sget_simple_extent_ndims(space), status = -1;
    if (rank >= 0 && rank <= 2 && kind_of(type, &entry->kind) == 0) {
        H5Sget_simple_extent_dims(space, dims, NULL);
        entry->rank = rank;
        entry->shape[0] = (int64_t)dims[0];
        entry->shape[1] = (int64_t)dims[1];
        status = 0;
    }
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *context)
{
    tern_state_listing *listing = context;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    TERN_GROW(listing->entries, listing->n, listing->capacity);
    tern_state_entry *entry = &listing->entries[listing->n++];
    *entry = (tern_state_entry){.name = tern_strdup(name)};
    hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
    int status = set < 0 ? -1 : describe(set, entry);
    if (set >= 0)
        H5Dclose(set);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tern_state_entry *)a)->name, ((const tern_state_entry *)b)->name);
}

static int list_file(hid_t file, const char *path, tern_state_listing *listing, tern_error *error)
{
    if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit, listing, H5O_INFO_BASIC) < 0)
        return tern_fail(error, "%s: it holds an item of a kind that tern does not write", path);
    if (listing->n)
        qsort(listing->entries, listing->n, sizeof *listing->entries, by_name);
    return 0;
}

static char *read_text(hid_t set)
{
    hid_t type = H5Dget_type(set);
    size_t size = H5Tget_size(type);
    char *text = tern_calloc(size + 1, 1);
    if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0) {
        free(text);
        text = NULL;
    }
    H5Tclose(type);
    return text;
}

/* Puts a dataset's values where the item points. */
static int fill(hid_t file, const char *name, tern_state_kind kind, void *data)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    int status = 0;
    if (kind == TERN_STATE_STRING) {
        char *text = read_text(set);
        status = text ? 0 : -1;
        if (text) {
            free(*(char **)data);
            *(char **)data = text;
        }
    } else if (H5Dread(set, tern_state_memory_type(kind), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
        status = -1;
    }
    H5Dclose(set);
    return status;
}

static void describe_words(char *words, size_t size, tern_state_kind kind, int rank, const int64_t *shape)
{
    if (rank == 2)
        snprintf(words, size, "%s [%lld, %lld]", tern_state_kind_name(kind), (long long)shape[0], (long long)shape[1]);
    else if (rank == 1)
        snprintf(words, size, "%s [%lld]", tern_state_kind_name(kind), (long long)shape[0]);
    else
        snprintf(words, size, "a %s", tern_state_kind_name(kind));
}

static int check_item(const tern_state_item *item, const tern_state_entry *entry, const char *path, tern_error *error)
{
    if (item->kind == entry->kind && item->rank == entry->rank &&
        (item->rank < 1 || item->shape[0] == entry->shape[0]) && (item->rank < 2 || item->shape[1] == entry->shape[1]))
        return 0;
    char found[80], expected[80];
    describe_words(found, sizeof found, entry->kind, entry->rank, entry->shape);
    describe_words(expected, sizeof expected, item->kind, item->rank, item->shape);
    return tern_fail(error, "%s: its item %s is %s, but this run has %s", path, item->name, found, expected);
}

static int check_items(const tern_state *state, const tern_state_listing *listing, const char *path, tern_error *error)
{
    char *known = tern_calloc(listing->n, 1);
    int status = 0;
    for (size_t i = 0; status == 0 && i < state->n; i++) {
        const tern_state_entry key = {.name = state->items[i].name};
        const tern_state_entry *found =
            listing->n ? bsearch(&key, listing->entries, listing->n, sizeof key, by_name) : NULL;
        if (!found) {
            status = tern_fail(error, "%s: it holds no item %s, which this run has", path, key.name);
            continue;
        }
        known[found - listing->entries] = 1;
        status = check_item(&state->items[i], found, path, error);
    }
    for (size_t i = 0; status == 0 && i < listing->n; i++)
        if (!known[i])
            status = tern_fail(error, "%s: it holds the item %s, which this run does not have", path,
                               listing->entries[i].name);
    free(known);
    return status;
}

int tern_state_load(tern_state *state, const char *path, tern_error *error)
{
    tern_state_listing listing = {0};
    hid_t file = open_file(path, error);
    if (file < 0)
        return -1;
    int status = list_file(file, path, &listing, error);
    if (status == 0)
        status = check_items(state, &listing, path, error);
    for (size_t i = 0; status == 0 && i < state->n; i++)
        if (fill(file, state->items[i].name, state->items[i].kind, state->items[i].data) < 0)
            status = tern_fail(error, "%s: libhdf5 can't read its item %s", path, state->items[i].name);
    tern_state_listing_free(&listing);
    H5Fclose(file);
    return status;
}

int tern_state_read_string(const char *path, const char *name, char **text, tern_error *error)
{
    tern_state_listing listing = {0};
    hid_t file = open_file(path, error);
    if (file < 0)
        return -1;
    int status = list_file(file, path, &listing, error);
    const tern_state_entry key = {.name = (char *)name};
    const tern_state_entry *found =
        status == 0 && listing.n ? bsearch(&key, listing.entries, listing.n, sizeof key, by_name) : NULL;
    *text = NULL;
    if (status == 0 && (!found || found->kind != TERN_STATE_STRING))
        status = tern_fail(error, "%s: it holds no text %s", path, name);
    if (status == 0 && fill(file, name, TERN_STATE_STRING, text) < 0)
        status = tern_fail(error, "%s: libhdf5 can't read its item %s", path, name);
    tern_state_listing_free(&listing);
    H5Fclose(file);
    return status;
}

static void preview(hid_t file, tern_state_entry *entry)
{
    int64_t whole = 0;
    double real = 0;
    if (entry->kind == TERN_STATE_STRING)
        fill(file, entry->name, TERN_STATE_STRING, &entry->preview);
    else if (entry->rank != 1 || entry->shape[0] != 1)
        return;
    else if (entry->kind == TERN_STATE_INT64 && fill(file, entry->name, entry->kind, &whole) == 0)
        entry->preview = tern_format("%lld", (long long)whole);
    else if (entry->kind == TERN_STATE_DOUBLE && fill(file, entry->name, entry->kind, &real) == 0)
        entry->preview = tern_format("%.17g", real);
}

int tern_state_list(const char *path, tern_state_listing *listing, tern_error *error)
{
    *listing = (tern_state_listing){0};
    hid_t file = open_file(path, error);
    if (file < 0)
        return -1;
    int status = list_file(file, path, listing, error);
    for (size_t i = 0; status == 0 && i < listing->n; i++)
        preview(file, &listing->entries[i]);
    if (status < 0)
        tern_state_listing_free(listing);
    H5Fclose(file);
    return status;
}

void tern_state_listing_free(tern_state_listing *listing)
{
    for (size_t i = 0; i < listing->n; i++) {
        free(listing->entries[i].name);
        free(listing->entries[i].preview);
    }
    free(listing->entries);
    *listing = (tern_state_listing){0};
}
