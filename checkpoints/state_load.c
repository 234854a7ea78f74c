/* Reading training states: the checksum first, then where the items are (state_index.h), then their values, which are
 * read as the bytes they are. */
#include "base/memory.h"
#include "checkpoints/state.h"
#include "checkpoints/state_index.h"
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"
#include "data/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are read as they are in the file");
_Static_assert(sizeof(tern_real) == 4 && sizeof(double) == 8, "values are read as they are in the file");

struct tern_state_file {
    char *path;
    int fd;
    tern_state_listing listing;
};

tern_state_file *tern_state_open(const char *path, const tern_state *into, tern_error *error)
{
    tern_state_file *file = tern_calloc(1, sizeof *file);
    int64_t size;
    file->path = tern_strdup(path);
    file->fd = tern_state_open_verified(path, &size, error);
    if (file->fd >= 0 && tern_state_index(file->fd, path, size, into, &file->listing, error) == 0)
        return file;
    tern_state_close(file);
    return NULL;
}

void tern_state_close(tern_state_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    tern_state_listing_free(&file->listing);
    free(file->path);
    free(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tern_state_entry *)a)->name, ((const tern_state_entry *)b)->name);
}

static const tern_state_entry *find(const tern_state_file *file, const char *name)
{
    const tern_state_entry key = {.name = (char *)name};
    const tern_state_listing *l = &file->listing;
    return l->n ? bsearch(&key, l->entries, l->n, sizeof key, by_name) : NULL;
}

/* The values of an array. */
static int read_values(const tern_state_file *file, const tern_state_entry *entry, void *data, tern_error *error)
{
    return tern_state_read_at(file->fd, file->path, entry->offset, data, (size_t)entry->bytes, error);
}

/* A text as tern writes it: valid UTF-8 with one 0, at its end. */
static int read_text(const tern_state_file *file, const tern_state_entry *entry, char **text, tern_error *error)
{
    size_t n = (size_t)entry->bytes;
    char *bytes = tern_alloc(n, 1);
    int status = read_values(file, entry, bytes, error);
    if (status == 0 && (memchr(bytes, 0, n) != bytes + n - 1 || tern_utf8_check(bytes, n) != n))
        status = tern_fail(error, "%s: its item %s is no text in UTF-8; it is no training state of tern", file->path,
                           entry->name);
    if (status < 0) {
        free(bytes);
        return -1;
    }
    free(*text);
    *text = bytes;
    return 0;
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

int tern_state_check(const tern_state *state, const tern_state_file *file, tern_error *error)
{
    const tern_state_listing *listing = &file->listing;
    char *known = tern_calloc(listing->n, 1);
    int status = 0;
    for (size_t i = 0; status == 0 && i < state->n; i++) {
        const tern_state_entry *found = find(file, state->items[i].name);
        if (!found) {
            status = tern_fail(error, "%s: it holds no item %s, which this run has", file->path, state->items[i].name);
            continue;
        }
        known[found - listing->entries] = 1;
        status = check_item(&state->items[i], found, file->path, error);
    }
    for (size_t i = 0; status == 0 && i < listing->n; i++)
        if (!known[i])
            status = tern_fail(error, "%s: it holds the item %s, which this run does not have", file->path,
                               listing->entries[i].name);
    free(known);
    return status;
}

int tern_state_fill(tern_state *state, const tern_state_file *file, tern_error *error)
{
    for (size_t i = 0; i < state->n; i++) {
        const tern_state_item *item = &state->items[i];
        const tern_state_entry *entry = find(file, item->name);
        TERN_CHECK(entry, "%s is filled unchecked", item->name);
        int status = item->kind == TERN_STATE_STRING ? read_text(file, entry, item->data, error)
                                                     : read_values(file, entry, item->data, error);
        if (status < 0)
            return -1;
    }
    return 0;
}

int tern_state_load(tern_state *state, const char *path, tern_error *error)
{
    tern_state_file *file = tern_state_open(path, state, error);
    int status = file && tern_state_check(state, file, error) == 0 ? tern_state_fill(state, file, error) : -1;
    tern_state_close(file);
    return status;
}

int tern_state_get_string(const tern_state_file *file, const char *name, char **text, tern_error *error)
{
    const tern_state_entry *entry = find(file, name);
    *text = NULL;
    if (!entry || entry->kind != TERN_STATE_STRING)
        return tern_fail(error, "%s: it holds no text %s", file->path, name);
    return read_text(file, entry, text, error);
}

int tern_state_has(const tern_state_file *file, const char *name)
{
    return find(file, name) != NULL;
}

static int preview(const tern_state_file *file, tern_state_entry *entry, tern_error *error)
{
    int64_t whole = 0;
    double real = 0;
    if (entry->kind == TERN_STATE_STRING)
        return read_text(file, entry, &entry->preview, error);
    if (entry->rank != 1 || entry->shape[0] != 1 || entry->kind == TERN_STATE_FLOAT)
        return 0;
    int is_whole = entry->kind == TERN_STATE_INT64;
    if (read_values(file, entry, is_whole ? (void *)&whole : (void *)&real, error) < 0)
        return -1;
    entry->preview = is_whole ? tern_format("%lld", (long long)whole) : tern_format("%.17g", real);
    return 0;
}

int tern_state_list(const char *path, tern_state_listing *listing, tern_error *error)
{
    *listing = (tern_state_listing){0};
    tern_state_file *file = tern_state_open(path, NULL, error);
    int status = file ? 0 : -1;
    for (size_t i = 0; status == 0 && i < file->listing.n; i++)
        status = preview(file, &file->listing.entries[i], error);
    if (status == 0) {
        *listing = file->listing;
        file->listing = (tern_state_listing){0};
    }
    tern_state_close(file);
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
