#include "autograd/tape.h"

#include "autograd/cost.h"
#include "autograd/segments.h"
#include "base/integer.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

/* In a profile. */
static const char SEGMENT[] = "bfloat16 and back";

/* Gradients of activations live from the first record that adds to them to the record that made the
 * tensor, so a handful of buffers serves the whole backward pass: they are kept here and handed out again.
 * Without this the gradients would take as much memory as the activations. */
typedef struct grad_buffer {
    tern_real *data;
    size_t capacity; /* in reals */
    int used;
} grad_buffer;

struct tern_tape {
    tern_arena *arena, *workspace;
    tern_segments *segments;
    tern_record *records;
    size_t n_records, record_capacity;
    grad_buffer *buffers;
    size_t n_buffers, buffer_capacity;
    int recording;
    const char *place; /* of the next records */
    int64_t pairs;     /* of the next record */
    tern_profile *profile;
    const char *shown; /* the place whose span is open in profile */
};

tern_tape *tern_tape_create(void)
{
    tern_tape *tape = tern_calloc(1, sizeof *tape);
    tape->arena = tern_arena_create();
    tape->workspace = tern_arena_create();
    tape->segments = tern_segments_create();
    tape->recording = 1;
    return tape;
}

void tern_tape_free(tern_tape *tape)
{
    if (!tape)
        return;
    for (size_t i = 0; i < tape->n_buffers; i++)
        free(tape->buffers[i].data);
    free(tape->buffers);
    free(tape->records);
    tern_arena_free(tape->arena);
    tern_arena_free(tape->workspace);
    tern_segments_free(tape->segments);
    free(tape);
}

/* The profile's trace has a span around what belongs to one place. */
static void show_place(tern_tape *tape, const char *place)
{
    if (!tape->profile || tape->shown == place)
        return;
    if (tape->shown)
        tern_profile_leave(tape->profile);
    if (place)
        tern_profile_enter(tape->profile, place);
    tape->shown = place;
}

/* What ended now and began when the operation before it ended. */
static void show_record(const tern_tape *tape, const tern_record *record, const char *pass, tern_work work)
{
    char *shapes = tern_profile_traces(tape->profile) ? tern_cost_shapes(record) : NULL;
    tern_profile_add(tape->profile, record->op->name, pass, &work, shapes);
    free(shapes);
}

void tern_tape_set_profile(tern_tape *tape, tern_profile *profile)
{
    show_place(tape, NULL);
    tape->profile = profile;
}

void tern_tape_reset(tern_tape *tape)
{
    show_place(tape, NULL);
    for (size_t i = 0; i < tape->n_buffers; i++)
        tape->buffers[i].used = 0;
    tape->n_records = 0;
    tape->place = NULL;
    tern_segments_reset(tape->segments);
    tern_arena_rewind(tape->arena, (tern_arena_mark){0});
    /* No operation is under way: its chunks become one, and the next step takes none from the system. */
    tern_arena_rewind(tape->workspace, (tern_arena_mark){0});
}

void tern_tape_set_recording(tern_tape *tape, int recording)
{
    tape->recording = recording;
}

int tern_tape_recording(const tern_tape *tape)
{
    return tape->recording;
}

void tern_tape_within(tern_tape *tape, const char *place)
{
    tape->place = place;
    show_place(tape, place);
}

void tern_tape_count_pairs(tern_tape *tape, int64_t pairs)
{
    tape->pairs = pairs;
}

size_t tern_tape_capacity(const tern_tape *tape)
{
    size_t bytes = tern_arena_capacity(tape->arena) + tern_segments_capacity(tape->segments);
    for (size_t i = 0; i < tape->n_buffers; i++)
        bytes += tape->buffers[i].capacity * sizeof(tern_real);
    return bytes;
}

tern_arena *tern_tape_arena(tern_tape *tape)
{
    return tape->arena;
}

tern_arena *tern_tape_workspace(tern_tape *tape)
{
    return tape->workspace;
}

tern_tensor *tern_tape_input(tern_tape *tape, tern_real *data, int64_t rows, int64_t cols, int needs_grad)
{
    tern_tensor *t = tern_arena_alloc(tape->arena, sizeof *t);
    *t = (tern_tensor){.data = data, .rows = rows, .cols = cols, .needs_grad = needs_grad};
    return t;
}

tern_tensor *tern_tape_tensor(tern_tape *tape, int64_t rows, int64_t cols)
{
    TERN_CHECK(rows >= 0 && cols >= 0, "a tensor of [%lld, %lld]", (long long)rows, (long long)cols);
    tern_tensor *t = tern_tape_input(tape, NULL, rows, cols, 0);
    t->data = tern_tape_rounds(tape) ? tern_segments_take(tape->segments, t)
                                     : tern_arena_alloc(tape->arena, tern_tensor_size(t) * sizeof *t->data);
    return t;
}

void tern_tape_segment_open(tern_tape *tape)
{
    if (tape->recording)
        tern_segments_open(tape->segments, tape->n_records);
}

int tern_tape_rounds(const tern_tape *tape)
{
    return tern_segments_is_open(tape->segments);
}

void tern_tape_segment_close(tern_tape *tape, tern_tensor *out)
{
    if (!tape->recording)
        return;
    tern_segments_close(tape->segments, tape->n_records, tape->arena, out);
    tern_profile_add(tape->profile, SEGMENT, "forward", NULL, NULL);
}

/* Before what was made is looked at again. */
static void reach(const tern_tape *tape, size_t record)
{
    if (tern_segments_reach(tape->segments, record))
        tern_profile_add(tape->profile, SEGMENT, "backward", NULL, NULL);
}

int tern_tape_wants(const tern_tape *tape, tern_tensor *const *in)
{
    for (; tape->recording && *in; in++)
        if ((*in)->needs_grad)
            return 1;
    return 0;
}

static tern_record make_record(const tern_tape *tape, const tern_op *op, tern_tensor *out, tern_tensor *const *in,
                               void *saved)
{
    tern_record record = {.op = op, .out = out, .saved = saved, .place = tape->place, .pairs = tape->pairs};
    for (int i = 0; in[i]; i++) {
        TERN_CHECK(i < TERN_MAX_INPUTS, "%s has more than %d inputs", op->name, TERN_MAX_INPUTS);
        record.in[i] = in[i];
    }
    return record;
}

void tern_tape_record(tern_tape *tape, const tern_op *op, tern_tensor *out, tern_tensor *const *in, void *saved)
{
    out->needs_grad = tern_tape_wants(tape, in);
    tern_record record = make_record(tape, op, out, in, saved);
    tape->pairs = 0;
    if (tape->profile)
        show_record(tape, &record, tape->recording ? "forward" : "no grad", tern_cost_forward(&record));
    if (!out->needs_grad)
        return;
    TERN_GROW(tape->records, tape->n_records, tape->record_capacity);
    tape->records[tape->n_records++] = record;
}

/* A buffer that is this many times what is asked for is left to those that need it: small gradients that live long
 * (those of earlier layers' vectors) would hold the largest buffers otherwise, and more of that size would be made. */
enum { FAR_LARGER = 8 };

/* The smallest free buffer that is large enough; else the largest free one that isn't is replaced by a larger. */
static tern_real *acquire(tern_tape *tape, size_t n)
{
    grad_buffer *best = NULL, *largest = NULL;
    for (size_t i = 0; i < tape->n_buffers; i++) {
        grad_buffer *b = &tape->buffers[i];
        if (b->used || b->capacity / FAR_LARGER > n)
            continue;
        if (b->capacity >= n && (!best || b->capacity < best->capacity))
            best = b;
        if (b->capacity < n && (!largest || b->capacity > largest->capacity))
            largest = b;
    }
    if (!best) {
        if (!largest) {
            TERN_GROW(tape->buffers, tape->n_buffers, tape->buffer_capacity);
            largest = &tape->buffers[tape->n_buffers++];
            *largest = (grad_buffer){0};
        }
        free(largest->data);
        largest->capacity = n + n / 8;
        largest->data = tern_alloc_large(largest->capacity, sizeof(tern_real));
        best = largest;
    }
    best->used = 1;
    return best->data;
}

static void release(tern_tape *tape, const tern_real *data)
{
    for (size_t i = 0; i < tape->n_buffers; i++)
        if (tape->buffers[i].data == data)
            tape->buffers[i].used = 0;
}

/* Large buffers are zeroed by all threads: they are as large as the activations. */
static void zero(tern_real *data, size_t n)
{
    enum { BLOCK = 1 << 16 };
    int64_t blocks = tern_parts((int64_t)n, BLOCK);
#pragma omp parallel for schedule(static) if (blocks > 4)
    for (int64_t i = 0; i < blocks; i++) {
        size_t from = (size_t)i * BLOCK, count = n - from < BLOCK ? n - from : BLOCK;
        memset(data + from, 0, count * sizeof *data);
    }
}

tern_real *tern_tape_grad_fresh(tern_tape *tape, tern_tensor *t, int *fresh)
{
    *fresh = t && t->needs_grad && !t->grad;
    if (!t || !t->needs_grad)
        return NULL;
    if (*fresh)
        t->grad = acquire(tape, tern_tensor_size(t));
    return t->grad;
}

tern_real *tern_tape_grad(tern_tape *tape, tern_tensor *t)
{
    int fresh;
    tern_real *grad = tern_tape_grad_fresh(tape, t, &fresh);
    if (fresh)
        zero(grad, tern_tensor_size(t));
    return grad;
}

void tern_tape_seed(tern_tape *tape, tern_tensor *t, const tern_real *grad)
{
    tern_real *own = tern_tape_grad(tape, t);
    for (size_t i = 0; own && i < tern_tensor_size(t); i++)
        own[i] += grad[i];
}

int tern_tensor_find_bad(const tern_tensor *t, int is_gradient, tern_bad_value *bad)
{
    const tern_real *values = is_gradient ? t->grad : t->data;
    for (int64_t i = 0; values && i < (int64_t)tern_tensor_size(t); i++)
        if (!isfinite(values[i])) {
            bad->tensor = t;
            bad->row = i / t->cols;
            bad->col = i % t->cols;
            bad->value = (double)values[i];
            bad->is_gradient = is_gradient;
            return 1;
        }
    return 0;
}

int tern_tape_find_bad(const tern_tape *tape, tern_bad_value *bad)
{
    for (size_t i = 0; i < tape->n_records; i++) {
        const tern_record *record = &tape->records[i];
        *bad = (tern_bad_value){.op = record->op->name, .place = record->place};
        reach(tape, i);
        if (tern_tensor_find_bad(record->out, 0, bad))
            return 1;
    }
    return 0;
}

static int find_in_seeds(const tern_tape *tape, tern_bad_value *bad)
{
    *bad = (tern_bad_value){.op = "seed"};
    for (size_t i = 0; i < tape->n_records; i++)
        if (tern_tensor_find_bad(tape->records[i].out, 1, bad))
            return 1;
    return 0;
}

static int find_in_inputs(const tern_record *record, tern_bad_value *bad)
{
    *bad = (tern_bad_value){.op = record->op->name, .place = record->place};
    for (int i = 0; i < TERN_MAX_INPUTS && record->in[i]; i++)
        if (tern_tensor_find_bad(record->in[i], 1, bad))
            return 1;
    return 0;
}

/* bad NULL: nobody watches. */
static int walk_back(tern_tape *tape, tern_bad_value *bad)
{
    if (bad && find_in_seeds(tape, bad))
        return 1;
    for (size_t i = tape->n_records; i-- > 0;) {
        tern_record *record = &tape->records[i];
        if (!record->out->grad)
            continue; /* nothing below used it */
        show_place(tape, record->place);
        reach(tape, i);
        record->op->backward(tape, record);
        if (tape->profile)
            show_record(tape, record, "backward", tern_cost_backward(record));
        if (bad && find_in_inputs(record, bad))
            return 1;
        release(tape, record->out->grad);
        record->out->grad = NULL;
    }
    tape->n_records = 0;
    return 0;
}

void tern_tape_backward_seeded(tern_tape *tape)
{
    show_place(tape, NULL);
    tern_profile_enter(tape->profile, "backward");
    walk_back(tape, NULL);
    show_place(tape, NULL);
    tern_profile_leave(tape->profile);
}

int tern_tape_backward_watched(tern_tape *tape, tern_bad_value *bad)
{
    return walk_back(tape, bad);
}

void tern_tape_backward(tern_tape *tape, tern_tensor *out)
{
    TERN_CHECK_SHAPE("backward", out, 1, 1);
    tern_tape_seed(tape, out, &(tern_real){1});
    tern_tape_backward_seeded(tape);
}
