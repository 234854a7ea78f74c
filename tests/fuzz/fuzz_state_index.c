/* What the process that looks at a training state answers, of which nothing is believed: items are sorted, each name
 * occurs once, shapes give the bytes, and all lie in the file, together no longer than it is; written as an answer
 * again they read back equal. The first four bytes of the input are the file's size. */
#include "base/memory.h"
#include "checkpoints/state_child.h"
#include "checkpoints/state_seal.h"
#include "fuzz.h"

#include <stdlib.h>

static void check(const tern_state_listing *l, int64_t size)
{
    static const int64_t item[] = {4, 8, 8, 1};
    int64_t sum = 0;
    for (size_t i = 0; i < l->n; i++) {
        const tern_state_entry *e = &l->entries[i];
        int64_t bytes = e->rank == 0 ? e->bytes : e->shape[0] * (e->rank == 2 ? e->shape[1] : 1) * item[e->kind];
        TERN_CHECK(bytes == e->bytes && e->shape[0] >= 0 && e->shape[1] >= 0, "%s: %lld bytes", e->name,
                   (long long)e->bytes);
        TERN_CHECK((e->rank == 0) == (e->kind == TERN_STATE_STRING) && e->rank <= 2, "%s: rank %d", e->name, e->rank);
        TERN_CHECK(bytes == 0 || (e->offset >= TERN_STATE_USER_BLOCK && e->offset + bytes <= size),
                   "%s: at %lld, %lld bytes", e->name, (long long)e->offset, (long long)bytes);
        TERN_CHECK(i == 0 || strcmp(e[-1].name, e->name) < 0, "%s behind %s", e->name, e[-1].name);
        TERN_CHECK(e->name[0], "an item without a name");
        sum += bytes;
    }
    TERN_CHECK(sum <= size, "%lld bytes in %lld", (long long)sum, (long long)size);
}

static void write_and_read(const tern_state_listing *l, int64_t size)
{
    tern_error error = {{0}};
    tern_buffer rows = {0}, answer = {0};
    tern_state_listing again = {0};
    int status = -1;
    for (size_t i = 0; i < l->n; i++) {
        const tern_state_entry *e = &l->entries[i];
        tern_state_row row = {
            e->kind, e->rank, {e->shape[0], e->shape[1]}, e->offset, e->bytes, (uint32_t)strlen(e->name), 0};
        tern_buffer_add(&rows, &row, sizeof row);
        tern_buffer_add(&rows, e->name, row.name_length);
    }
    tern_state_answer head = {0, (uint32_t)rows.n};
    tern_buffer_add(&answer, &head, sizeof head);
    tern_buffer_add(&answer, rows.n ? rows.data : "", rows.n);
    TERN_CHECK(tern_state_index_parse(answer.data, answer.n, "again", size, &again, &status, &error) && status == 0 &&
                   again.n == l->n,
               "%zu of %zu items are read again", again.n, l->n);
    for (size_t i = 0; i < l->n; i++)
        TERN_CHECK(!strcmp(l->entries[i].name, again.entries[i].name) &&
                       l->entries[i].offset == again.entries[i].offset,
                   "item %zu is another", i);
    tern_state_listing_free(&again);
    tern_buffer_free(&rows);
    tern_buffer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    tern_state_listing listing = {0};
    uint32_t size;
    int status = -1;
    if (n < sizeof size)
        return 0;
    memcpy(&size, bytes, sizeof size);
    int is_answer = tern_state_index_parse((const char *)bytes + sizeof size, n - sizeof size, "fuzz.h5", size,
                                           &listing, &status, &error);
    if (is_answer && status < 0) {
        FUZZ_FAILED(error);
    } else if (is_answer) {
        check(&listing, size);
        write_and_read(&listing, size);
    }
    tern_state_listing_free(&listing);
    return 0;
}
