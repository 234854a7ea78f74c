/* y = log(1 + sum over i, j with t_i > t_j of exp(scale (s_j - s_i))): the similarities s shall have the order of the
 * scores t (CoSENT, Su 2022; CoSENTLoss of sentence-transformers 6.2). With z = scale s and the values sorted by t,
 *     y = log(1 + sum over j of exp(z_j + A_j))      A_j = log of the sum of exp(-z_i) over t_i > t_j
 *     B_i = log of the sum of exp(z_j) over t_j < t_i
 *     ds_i += scale (exp(z_i + A_i - y) - exp(B_i - z_i - y)) dy
 * so that n log n steps do, not n^2, and nothing overflows. Saved: what dy is multiplied with [n]. */
#include "autograd/ops.h"

#include <math.h>
#include <stdlib.h>

typedef struct scored {
    double score, z, above, below; /* above, below: A and B */
    int64_t index;
} scored;

static void backward(tern_tape *tape, const tern_record *record)
{
    const double *factor = record->saved;
    tern_real *ds = tern_tape_grad(tape, record->in[0]);
    for (size_t i = 0; i < tern_tensor_size(record->in[0]); i++)
        ds[i] += (tern_real)(factor[i] * (double)*record->out->grad);
}

static const tern_op op = {"cosent", backward};

static int by_score(const void *x, const void *y)
{
    const scored *a = x, *b = y;
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* log(exp a + exp b); not a number goes through. */
static double log_add(double a, double b)
{
    double greatest = a > b ? a : b;
    return greatest == -INFINITY ? a + b : greatest + log(exp(a - greatest) + exp(b - greatest));
}

/* A and B: values of one score see the sums as they were before the first of them. */
static void sum_sides(scored *v, int64_t n)
{
    double below = -INFINITY, above = -INFINITY;
    for (int64_t from = 0, to; from < n; from = to) {
        double before = below;
        for (to = from; to < n && v[to].score == v[from].score; to++) {
            v[to].below = before;
            below = log_add(below, v[to].z);
        }
    }
    for (int64_t to = n, from; to > 0; to = from) {
        double after = above;
        for (from = to; from > 0 && v[from - 1].score == v[to - 1].score; from--) {
            v[from - 1].above = after;
            above = log_add(above, -v[from - 1].z);
        }
    }
}

tern_tensor *tern_cosent(tern_tape *tape, tern_tensor *s, const double *score, double scale)
{
    int64_t n = (int64_t)tern_tensor_size(s);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *y = tern_tape_tensor(tape, 1, 1);
    double *factor = tern_arena_alloc(arena, (size_t)n * sizeof *factor), value = 0;
    tern_arena_mark mark = tern_arena_here(arena);
    scored *v = tern_arena_alloc(arena, (size_t)n * sizeof *v);
    for (int64_t i = 0; i < n; i++)
        v[i] = (scored){.score = score[i], .z = scale * (double)s->data[i], .index = i};
    qsort(v, (size_t)n, sizeof *v, by_score);
    sum_sides(v, n);
    for (int64_t i = 0; i < n; i++)
        value = log_add(value, v[i].z + v[i].above);
    for (int64_t i = 0; i < n; i++)
        factor[v[i].index] = scale * (exp(v[i].z + v[i].above - value) - exp(v[i].below - v[i].z - value));
    *y->data = (tern_real)value;
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, y, TERN_INPUTS(s), factor);
    return y;
}
