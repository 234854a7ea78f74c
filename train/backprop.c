#include "train/backprop.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

int64_t tern_backprop_chunk(const tern_packed *batch, int64_t from, int64_t chunk_tokens)
{
    TERN_CHECK(from < batch->n_seq, "a chunk from sequence %lld of %lld", (long long)from, (long long)batch->n_seq);
    if (chunk_tokens <= 0)
        return batch->n_seq;
    int64_t to = from + 1;
    while (to < batch->n_seq && batch->offsets[to + 1] - batch->offsets[from] <= chunk_tokens)
        to++;
    return to;
}

tern_packed tern_backprop_part(tern_arena *arena, const tern_packed *batch, int64_t from, int64_t to)
{
    int64_t n = to - from, start = batch->offsets[from];
    int64_t *offsets = tern_arena_alloc(arena, ((size_t)n + 1) * sizeof *offsets);
    int64_t *places = tern_arena_alloc(arena, (size_t)n * sizeof *places);
    tern_packed part = {.n_seq = n, .n_tok = batch->offsets[to] - start, .offsets = offsets, .places = places};
    part.ids = batch->ids + start;
    part.types = batch->types ? batch->types + start : NULL;
    offsets[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t length = batch->offsets[from + i + 1] - batch->offsets[from + i];
        offsets[i + 1] = offsets[i] + length;
        places[i] = batch->places ? batch->places[from + i] : from + i;
        part.max_len = length > part.max_len ? length : part.max_len;
    }
    return part;
}

static double direct(tern_tape *tape, const tern_backprop *job)
{
    tern_pass pass = *job->pass;
    pass.tape = tape;
    tern_tensor *loss = job->loss(job->context, tape, tern_encoder_embed(job->encoder, &pass));
    double value = (double)*loss->data;
    if (isfinite(value))
        tern_tape_backward(tape, loss);
    return value;
}

/* The vectors of sequences [from, to). The tape was reset before, so the part lives as long as they do. */
static tern_tensor *embed_chunk(tern_tape *tape, const tern_backprop *job, int64_t from, int64_t to)
{
    tern_pass pass = *job->pass;
    tern_packed *part = tern_arena_alloc(tern_tape_arena(tape), sizeof *part);
    *part = tern_backprop_part(tern_tape_arena(tape), job->pass->batch, from, to);
    pass.tape = tape;
    pass.batch = part;
    return tern_encoder_embed(job->encoder, &pass);
}

/* Vectors of all sequences [n_seq, *width], without recording; the caller's. */
static tern_real *embed_all(tern_tape *tape, const tern_backprop *job, int64_t *width)
{
    const tern_packed *batch = job->pass->batch;
    tern_real *x = NULL;
    tern_tape_set_recording(tape, 0);
    for (int64_t from = 0, to; from < batch->n_seq; from = to) {
        to = tern_backprop_chunk(batch, from, job->chunk_tokens);
        tern_tensor *part = embed_chunk(tape, job, from, to);
        *width = part->cols;
        if (!x)
            x = tern_alloc_aligned((size_t)(batch->n_seq * *width), sizeof *x);
        memcpy(x + from * *width, part->data, tern_tensor_size(part) * sizeof *x);
        tern_tape_reset(tape);
    }
    tern_tape_set_recording(tape, 1);
    return x;
}

/* The loss of vectors x [n_seq, width]; dx, all zero, receives its gradient. */
static double loss_of(tern_tape *tape, const tern_backprop *job, tern_real *x, tern_real *dx, int64_t width)
{
    tern_tensor *vectors = tern_tape_input(tape, x, job->pass->batch->n_seq, width, 1);
    vectors->grad = dx;
    tern_tensor *loss = job->loss(job->context, tape, vectors);
    double value = (double)*loss->data;
    if (isfinite(value))
        tern_tape_backward(tape, loss);
    tern_tape_reset(tape);
    return value;
}

static void backward_all(tern_tape *tape, const tern_backprop *job, const tern_real *dx, int64_t width)
{
    const tern_packed *batch = job->pass->batch;
    for (int64_t from = 0, to; from < batch->n_seq; from = to) {
        to = tern_backprop_chunk(batch, from, job->chunk_tokens);
        tern_tape_seed(tape, embed_chunk(tape, job, from, to), dx + from * width);
        tern_tape_backward_seeded(tape);
        tern_tape_reset(tape);
    }
}

static double cached(tern_tape *tape, const tern_backprop *job)
{
    int64_t width = 0;
    tern_real *x = embed_all(tape, job, &width);
    tern_real *dx = tern_calloc((size_t)(job->pass->batch->n_seq * width), sizeof *dx);
    double loss = loss_of(tape, job, x, dx, width);
    free(x);
    if (isfinite(loss))
        backward_all(tape, job, dx, width);
    free(dx);
    return loss;
}

double tern_backprop_run(tern_tape *tape, const tern_backprop *job)
{
    const tern_packed *batch = job->pass->batch;
    tern_tape_reset(tape);
    tern_tape_set_recording(tape, 1);
    int whole = tern_backprop_chunk(batch, 0, job->chunk_tokens) == batch->n_seq;
    double loss = whole ? direct(tape, job) : cached(tape, job);
    tern_tape_reset(tape);
    return loss;
}
