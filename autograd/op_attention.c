/* Multi-head self-attention inside each sequence (Vaswani et al. 2017, eq. 1), without the projections around it:
 * for each sequence and head, P = softmax(Q K^T / sqrt(d)), O = dropout(P) V.
 *
 * qkv [T,3C]: queries, keys and values side by side, heads of d = C / H columns inside each; out [T,C].
 * Saved: the log of each row's softmax sum [T,H]. Probabilities are made again in backward, in blocks of query rows, so
 * that no L x L matrix is ever kept and a block's scores stay in cache:
 *
 *     F: dropout factors, D = row sums of P F (dO V^T)
 *     dV = (P F)^T dO,  dS = P (F (dO V^T) - D) / sqrt(d),  dQ = dS K,  dK = dS^T Q
 *
 * A task is one sequence and head; its part of the gradient is its own. */
#include "autograd/gemm.h"
#include "autograd/kern_dropout.h"
#include "autograd/kernels.h"
#include "autograd/ops.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { QUERIES = 64 }; /* rows of scores at once */

typedef struct attention {
    const tern_packed *batch;
    int64_t heads, c, d;
    tern_real scale;
    tern_dropout_site dropout; /* p 0: none */
    tern_real *log_sum;        /* [T,H] */
} attention;

/* One sequence and head, and where its rows start. */
typedef struct task {
    int64_t first, n, place, head;
    const tern_real *q, *k, *v;
} task;

static task task_at(const attention *a, const tern_real *qkv, int64_t index)
{
    int64_t s = index / a->heads, h = index % a->heads, first = a->batch->offsets[s];
    const tern_real *q = qkv + first * 3 * a->c + h * a->d;
    return (task){
        first,       a->batch->offsets[s + 1] - first, a->batch->places ? a->batch->places[s] : s, h, q, q + a->c,
        q + 2 * a->c};
}

static uint32_t row_key(const attention *a, const task *t, int64_t row)
{
    tern_dropout_site site = a->dropout; /* heads from 256 on count as sites: a key has 8 bits for them */
    site.site += (uint32_t)(t->head >> 8) << 20;
    return tern_dropout_key(&site, t->place, (t->head & 255) << 24 | row);
}

static int64_t block_rows(const task *t, int64_t from)
{
    return t->n - from < QUERIES ? t->n - from : QUERIES;
}

static void scores(const attention *a, const task *t, int64_t from, int64_t rows, tern_real *p)
{
    tern_gemm(0, 1, rows, t->n, a->d, 1, t->q + from * 3 * a->c, 3 * a->c, t->k, 3 * a->c, 0, p, t->n);
}

static void forward_task(const attention *a, const task *t, tern_real *p, tern_real *out)
{
    const tern_kernel_table *kern = tern_kernels();
    for (int64_t from = 0; from < t->n; from += QUERIES) {
        int64_t rows = block_rows(t, from);
        scores(a, t, from, rows, p);
        for (int64_t i = 0; i < rows; i++) {
            tern_real *row = p + i * t->n;
            a->log_sum[(t->first + from + i) * a->heads + t->head] = kern->softmax(t->n, a->scale, row);
            if (a->dropout.p > 0)
                kern->dropout(t->n, row, a->dropout.p, row_key(a, t, from + i), 0, row);
        }
        tern_gemm(0, 0, rows, a->d, t->n, 1, p, t->n, t->v, 3 * a->c, 0,
                  out + (t->first + from) * a->c + t->head * a->d, a->c);
    }
}

/* p, ds: [QUERIES, n] scratch; dout: row `first` and this head's first column; dq: likewise in dqkv, which is written
 * when it is fresh. */
static void backward_task(const attention *a, const task *t, tern_real *p, tern_real *ds, const tern_real *dout,
                          tern_real *dq, int fresh)
{
    const tern_kernel_table *kern = tern_kernels();
    int64_t c = a->c, d = a->d, n = t->n;
    for (int64_t from = 0; from < n; from += QUERIES) {
        int64_t rows = block_rows(t, from);
        const tern_real *dy = dout + from * c;
        scores(a, t, from, rows, p);
        tern_gemm(0, 1, rows, n, d, 1, dy, c, t->v, 3 * c, 0, ds, n);
        for (int64_t i = 0; i < rows; i++) {
            tern_real log_sum = a->log_sum[(t->first + from + i) * a->heads + t->head];
            uint32_t key = a->dropout.p > 0 ? row_key(a, t, from + i) : 0;
            kern->softmax_again(n, a->scale, log_sum, p + i * n);
            kern->attention_backward(n, a->scale, a->dropout.p, key, p + i * n, ds + i * n);
        }
        tern_real keep = !fresh, keep_sums = !(fresh && from == 0);
        tern_gemm(1, 0, n, d, rows, 1, p, n, dy, c, keep_sums, dq + 2 * c, 3 * c);
        tern_gemm(0, 0, rows, d, n, 1, ds, n, t->k, 3 * c, keep, dq + from * 3 * c, 3 * c);
        tern_gemm(1, 0, n, d, rows, 1, ds, n, t->q + from * 3 * c, 3 * c, keep_sums, dq + c, 3 * c);
    }
}

static tern_real *scratch_for(tern_arena *arena, const attention *a, int64_t matrices)
{
    size_t each = (size_t)(matrices * QUERIES * a->batch->max_len);
    return tern_arena_alloc(arena, (size_t)omp_get_max_threads() * each * sizeof(tern_real));
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const attention *a = record->saved;
    const tern_real *qkv = record->in[0]->data, *dout = record->out->grad;
    int fresh;
    tern_real *dqkv = tern_tape_grad_fresh(tape, record->in[0], &fresh);
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    int64_t each = QUERIES * a->batch->max_len;
    tern_real *scratch = scratch_for(arena, a, 2);
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t i = 0; i < a->batch->n_seq * a->heads; i++) {
        task t = task_at(a, qkv, i);
        tern_real *p = scratch + omp_get_thread_num() * 2 * each;
        backward_task(a, &t, p, p + each, dout + t.first * a->c + t.head * a->d, dqkv + (t.q - qkv), fresh);
    }
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"attention", backward};

/* Pairs of tokens of one sequence. */
static int64_t pairs_of(const tern_packed *batch)
{
    int64_t pairs = 0;
    for (int64_t s = 0; s < batch->n_seq; s++) {
        int64_t n = batch->offsets[s + 1] - batch->offsets[s];
        pairs += n * n;
    }
    return pairs;
}

tern_tensor *tern_attention(tern_tape *tape, tern_tensor *qkv, const tern_packed *batch, int64_t heads,
                            const tern_dropout_site *dropout)
{
    int64_t t = batch->n_tok, c = qkv->cols / 3;
    TERN_CHECK_SHAPE("attention", qkv, t, 3 * c);
    TERN_CHECK(heads > 0 && c % heads == 0, "attention: %lld heads of %lld columns", (long long)heads, (long long)c);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, t, c);
    attention *a = tern_arena_alloc(arena, sizeof *a);
    *a = (attention){.batch = batch, .heads = heads, .c = c, .d = c / heads};
    a->scale = (tern_real)(1 / sqrt((double)a->d));
    if (dropout)
        a->dropout = *dropout;
    a->log_sum = tern_arena_alloc(arena, (size_t)(t * heads) * sizeof *a->log_sum);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *scratch = scratch_for(arena, a, 1);
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t i = 0; i < batch->n_seq * heads; i++) {
        task one = task_at(a, qkv->data, i);
        forward_task(a, &one, scratch + omp_get_thread_num() * QUERIES * batch->max_len, out->data);
    }
    tern_arena_rewind(arena, mark);
    tern_tape_count_pairs(tape, pairs_of(batch));
    tern_tape_record(tape, &op, out, TERN_INPUTS(qkv), a);
    return out;
}
