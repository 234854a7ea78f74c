/* y = sum over i of pull_i d_i^2 + push_i max(0, margin - d_i)^2: distances that are made small, and such that are made
 * as large as the margin (Hadsell, Chopra, LeCun 2006, eq. 4). Saved: pull and push, copied, and the margin.
 *     dd_i += (2 pull_i d_i - 2 push_i max(0, margin - d_i)) dy */
#include "autograd/ops.h"

#include <string.h>

typedef struct saved_pull_push {
    double margin;
    double *pull, *push; /* [n] */
} saved_pull_push;

static void backward(tern_tape *tape, const tern_record *record)
{
    const saved_pull_push *saved = record->saved;
    const tern_tensor *d = record->in[0];
    tern_real *dd = tern_tape_grad(tape, record->in[0]);
    double dy = (double)*record->out->grad;
    for (size_t i = 0; i < tern_tensor_size(d); i++) {
        double short_of = saved->margin - (double)d->data[i];
        double push = short_of > 0 ? saved->push[i] * short_of : 0;
        dd[i] += (tern_real)(2 * dy * (saved->pull[i] * (double)d->data[i] - push));
    }
}

static const tern_op op = {"pull_push", backward};

static double *copy(tern_arena *arena, const double *x, size_t n)
{
    double *y = tern_arena_alloc(arena, n * sizeof *y);
    memcpy(y, x, n * sizeof *y);
    return y;
}

tern_tensor *tern_pull_push(tern_tape *tape, tern_tensor *d, const double *pull, const double *push, double margin)
{
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    tern_arena *arena = tern_tape_arena(tape);
    size_t n = tern_tensor_size(d);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double apart = (double)d->data[i], short_of = margin - apart;
        /* Not a number isn't below the margin: the first term carries it on, whatever its factor. */
        sum += pull[i] * apart * apart + (short_of > 0 ? push[i] * short_of * short_of : 0);
    }
    *y->data = (tern_real)sum;
    saved_pull_push *saved = tern_arena_alloc(arena, sizeof *saved);
    *saved = (saved_pull_push){margin, copy(arena, pull, n), copy(arena, push, n)};
    tern_tape_record(tape, &op, y, TERN_INPUTS(d), saved);
    return y;
}
