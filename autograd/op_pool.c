/* Token rows to one row a sequence: mean, first ([CLS]), maximum, last, or sum / sqrt(length).
 *
 * x [T,C] over a batch of B sequences, y [B,C]; a sequence without tokens gives zeros. Saved: the batch, which the
 * caller keeps until backward; of the maximum also the winning token [B,C], the first one on a tie (as torch.max). */
#include "autograd/kernels.h"
#include "autograd/ops.h"

#include <math.h>
#include <string.h>

typedef struct saved_pool {
    const tern_packed *batch;
    tern_pool_kind kind;
    int64_t *winner; /* [B,C] for the maximum, else NULL */
} saved_pool;

/* What each of n tokens is multiplied with in the sums. */
static tern_real weight_of(tern_pool_kind kind, int64_t n)
{
    if (n == 0)
        return 0;
    if (kind == TERN_POOL_KIND_MEAN)
        return 1 / (tern_real)n;
    return kind == TERN_POOL_KIND_MEAN_SQRT ? (tern_real)(1 / sqrt((double)n)) : 1;
}

/* The tokens [*from, *to) that a pooling other than the maximum adds up. */
static void span(const saved_pool *saved, int64_t s, int64_t *from, int64_t *to)
{
    *from = saved->batch->offsets[s];
    *to = saved->batch->offsets[s + 1];
    if (*to == *from)
        return;
    if (saved->kind == TERN_POOL_KIND_CLS)
        *to = *from + 1;
    else if (saved->kind == TERN_POOL_KIND_LAST)
        *from = *to - 1;
}

static void backward_row(const saved_pool *saved, int64_t s, int64_t c, const tern_real *dy, tern_real *dx)
{
    int64_t from, to;
    span(saved, s, &from, &to);
    if (from == to)
        return;
    if (saved->winner) {
        for (int64_t j = 0; j < c; j++)
            dx[saved->winner[s * c + j] * c + j] += dy[j];
        return;
    }
    for (int64_t i = from; i < to; i++)
        tern_kernels()->axpy((size_t)c, weight_of(saved->kind, to - from), dy, dx + i * c);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const saved_pool *saved = record->saved;
    int64_t c = record->out->cols;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
#pragma omp parallel for schedule(static)
    for (int64_t s = 0; s < saved->batch->n_seq; s++)
        backward_row(saved, s, c, record->out->grad + s * c, dx);
}

static const tern_op op = {"pool", backward};

static void take_maximum(const tern_packed *batch, int64_t s, int64_t c, const tern_real *x, tern_real *y,
                         int64_t *winner)
{
    for (int64_t j = 0; j < c; j++) {
        int64_t best = batch->offsets[s];
        for (int64_t i = best + 1; i < batch->offsets[s + 1]; i++)
            if (x[i * c + j] > x[best * c + j])
                best = i;
        winner[j] = best;
        y[j] = x[best * c + j];
    }
}

static void forward_row(const saved_pool *saved, int64_t s, int64_t c, const tern_real *x, tern_real *y)
{
    int64_t from, to;
    span(saved, s, &from, &to);
    if (saved->winner && from < to) {
        take_maximum(saved->batch, s, c, x, y, saved->winner + s * c);
        return;
    }
    memset(y, 0, (size_t)c * sizeof *y);
    for (int64_t i = from; i < to; i++)
        tern_kernels()->add((size_t)c, x + i * c, y);
    tern_real weight = weight_of(saved->kind, to - from);
    for (int64_t j = 0; j < c; j++)
        y[j] *= weight;
}

tern_tensor *tern_pool(tern_tape *tape, tern_tensor *x, const tern_packed *batch, tern_pool_kind kind)
{
    int64_t c = x->cols;
    TERN_CHECK_SHAPE("pool", x, batch->n_tok, c);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *y = tern_tape_tensor(tape, batch->n_seq, c);
    saved_pool *saved = tern_arena_alloc(arena, sizeof *saved);
    *saved = (saved_pool){batch, kind, NULL};
    if (kind == TERN_POOL_KIND_MAX)
        saved->winner = tern_arena_alloc(arena, (size_t)(batch->n_seq * c) * sizeof *saved->winner);
#pragma omp parallel for schedule(static)
    for (int64_t s = 0; s < batch->n_seq; s++)
        forward_row(saved, s, c, x->data, y->data + s * c);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x), saved);
    return y;
}
