/* Training states, of which the input is what stands behind the user block: sealed, so that libhdf5 gets to see it. A
 * state that is listed has its items in order, inside the file and together no longer than it; loaded, saved and loaded
 * again they hold the same bytes, and the saved file lists the same names, types, shapes and previews. A state that
 * lacks an item, or has one of another shape, is refused. */
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"
#include "files.h"

static const int64_t sizes[] = {4, 8, 8};

/* A file of the input's bytes with a right seal, a new path. */
static char *sealed_file(const char *folder, const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    static const char user_block[TERN_STATE_USER_BLOCK];
    char *path = tern_path_join(folder, "state.h5");
    tern_buffer file = {0};
    tern_buffer_add(&file, user_block, sizeof user_block);
    tern_buffer_add(&file, bytes, n);
    fuzz_put(folder, "state.h5", file.data, file.n);
    tern_buffer_free(&file);
    TERN_CHECK(tern_state_seal(path, path, &error) == 0, "%s", error.message);
    return path;
}

static void check(const tern_state_listing *l, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < l->n; i++) {
        const tern_state_entry *e = &l->entries[i];
        int64_t count = e->shape[0] * (e->rank == 2 ? e->shape[1] : 1);
        TERN_CHECK(e->kind == TERN_STATE_STRING ? e->rank == 0 : e->bytes == count * sizes[e->kind], "%s: %lld bytes",
                   e->name, (long long)e->bytes);
        TERN_CHECK(e->kind != TERN_STATE_STRING || (e->preview && strlen(e->preview) + 1 == (size_t)e->bytes),
                   "%s: a text of %lld bytes", e->name, (long long)e->bytes);
        TERN_CHECK(i == 0 || strcmp(e[-1].name, e->name) < 0, "%s behind %s", e->name, e[-1].name);
        sum += e->bytes;
    }
    TERN_CHECK(sum <= (int64_t)n, "%lld bytes in %zu", (long long)sum, n);
}

/* What a listing describes, with room for it. */
static tern_state *state_for(const tern_state_listing *l)
{
    tern_state *state = tern_state_create();
    for (size_t i = 0; i < l->n; i++) {
        const tern_state_entry *e = &l->entries[i];
        TERN_GROW(state->items, state->n, state->capacity);
        state->items[state->n++] =
            (tern_state_item){.name = tern_strdup(e->name),
                              .kind = e->kind,
                              .rank = e->rank,
                              .shape = {e->shape[0], e->shape[1]},
                              .data = e->rank ? tern_calloc((size_t)e->bytes, 1) : tern_calloc(1, sizeof(char *))};
    }
    return state;
}

static void free_state(tern_state *state)
{
    for (size_t i = 0; i < state->n; i++) {
        if (state->items[i].kind == TERN_STATE_STRING)
            free(*(char **)state->items[i].data);
        free(state->items[i].data);
    }
    tern_state_free(state);
}

static void check_same(const tern_state *a, const tern_state *b, const tern_state_listing *l)
{
    for (size_t i = 0; i < a->n; i++) {
        const tern_state_item *x = &a->items[i], *y = &b->items[i];
        int same = x->kind == TERN_STATE_STRING ? !strcmp(*(char **)x->data, *(char **)y->data)
                                                : !memcmp(x->data, y->data, (size_t)l->entries[i].bytes);
        TERN_CHECK(same, "%s is another", x->name);
    }
}

static void check_same_listing(const tern_state_listing *a, const tern_state_listing *b)
{
    TERN_CHECK(a->n == b->n, "%zu items, and again %zu", a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const tern_state_entry *x = &a->entries[i], *y = &b->entries[i];
        TERN_CHECK(!strcmp(x->name, y->name) && x->kind == y->kind && x->rank == y->rank && x->bytes == y->bytes &&
                       x->shape[0] == y->shape[0] && x->shape[1] == y->shape[1],
                   "%s, and again %s", x->name, y->name);
        TERN_CHECK(!x->preview == !y->preview && (!x->preview || !strcmp(x->preview, y->preview)), "%s is shown as %s",
                   x->name, y->preview);
    }
}

static void check_refused(tern_state *state, const char *path)
{
    tern_error error = {{0}};
    TERN_CHECK(tern_state_load(state, path, &error) < 0, "a state with other items is loaded");
    FUZZ_FAILED(error);
}

/* States that differ from the file in one item. */
static void load_others(const tern_state_listing *l, const char *path)
{
    tern_state *state = state_for(l);
    tern_state_item *item = &state->items[state->n - 1];
    if (item->rank) {
        item->shape[0]++;
        check_refused(state, path);
        item->shape[0]--;
    }
    item->name[0] ^= 1;
    check_refused(state, path);
    free_state(state);
}

static void save_and_load(const tern_state_listing *l, const char *folder, const char *path)
{
    tern_error error = {{0}};
    char *saved = tern_path_join(folder, "saved.h5");
    tern_state *first = state_for(l), *second = state_for(l);
    tern_state_listing again;
    TERN_CHECK(tern_state_load(first, path, &error) == 0, "%s", error.message);
    TERN_CHECK(tern_state_save(first, saved, &error) == 0, "%s", error.message);
    TERN_CHECK(tern_state_list(saved, &again, &error) == 0, "%s", error.message);
    check_same_listing(l, &again);
    TERN_CHECK(tern_state_load(second, saved, &error) == 0, "%s", error.message);
    check_same(first, second, l);
    tern_state_listing_free(&again);
    free_state(first);
    free_state(second);
    free(saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_state_listing listing;
    if (n == 0) /* a user block alone isn't sealed */
        return 0;
    char *folder = fuzz_folder("states", 1), *path = sealed_file(folder, bytes, n);
    if (tern_state_list(path, &listing, &error) < 0) {
        FUZZ_FAILED(error);
    } else {
        check(&listing, n);
        save_and_load(&listing, folder, path);
        if (listing.n)
            load_others(&listing, path);
        tern_state_listing_free(&listing);
    }
    free(path);
    free(folder);
    return 0;
}
