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
#include "autograd/kern_dropout.h"
#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "base/integer.h"

#include <math.h>
#include <omp.h>

enum { QUERIES = 48 }; /* rows of scores at once */

typedef struct attention {
    const tern_packed *batch;
    int64_t heads, c, d;
    tern_real scale;
    tern_dropout_site dropout; /* p 0: none */
    tern_real *log_sum;        /* [T,H] */
    int rounded;               /* backward sees other scores: log_sum isn't theirs */
} attention;

/* Matrices that all tasks read and write. */
typedef struct matrices {
    const tern_real *qkv;
    tern_real *out, *dqkv; /* out: in backward its gradient; dqkv: NULL in forward */
    int fresh;             /* dqkv is written, not added to */
} matrices;

/* One sequence and head, and where its rows start. */
typedef struct task {
    int64_t first, n, place, head;
    const tern_real *q, *k, *v;
    tern_real *out, *dq;
    int fresh;
} task;

static task task_at(const attention *a, const matrices *m, int64_t index)
{
    int64_t s = index / a->heads, h = index % a->heads;
    int64_t first = a->batch->offsets[s], at = first * 3 * a->c + h * a->d;
    return (task){.first = first,
                  .n = a->batch->offsets[s + 1] - first,
                  .place = a->batch->places ? a->batch->places[s] : s,
                  .head = h,
                  .q = m->qkv + at,
                  .k = m->qkv + at + a->c,
                  .v = m->qkv + at + 2 * a->c,
                  .out = m->out + first * a->c + h * a->d,
                  .dq = m->dqkv ? m->dqkv + at : NULL,
                  .fresh = m->fresh};
}

static uint32_t row_key(const attention *a, const task *t, int64_t row)
{
    tern_dropout_site site = a->dropout; /* heads from 256 on count as sites: a key has 8 bits for them */
    site.site += (uint32_t)(t->head >> 8) << 20;
    return tern_dropout_key(&site, t->place, (t->head & 255) << 24 | row);
}

static int64_t block_rows(const task *t, int64_t from)
{
    return tern_min(t->n - from, QUERIES);
}

/* Of one thread. What is laid out for a product (gemm_small) stays for all blocks of queries. */
typedef struct scratch {
    int64_t ld;                     /* the distance between rows of scores: whole vectors */
    tern_real *p, *ds;              /* [QUERIES, ld] */
    tern_real *k_turned, *v_turned; /* laid out, K^T and V^T [d,n] */
    tern_real *rows;                /* laid out, V or K [n,d] */
    tern_real *block;               /* laid out, dO or Q [QUERIES,d] */
} scratch;

/* Numbers in its parts, all multiples of a line of cache. */
typedef struct sizes {
    int64_t scores, turned, rows, block;
} sizes;

static sizes sizes_of(int64_t n, int64_t d)
{
    int64_t cols = tern_round_up(d, TERN_GEMM_SMALL_COLS);
    return (sizes){QUERIES * tern_round_up(n, TERN_GEMM_LANES), d * tern_round_up(n, TERN_GEMM_SMALL_COLS), n * cols,
                   QUERIES * cols};
}

int64_t tern_attention_scratch(int64_t longest, int64_t d)
{
    sizes of = sizes_of(longest, d);
    return 2 * of.scores + 2 * of.turned + of.rows + of.block;
}

/* A short task's parts lie close together. */
static scratch cut(int64_t n, int64_t d, tern_real *memory)
{
    sizes of = sizes_of(n, d);
    scratch s = {.ld = tern_round_up(n, TERN_GEMM_LANES), .p = memory};
    s.ds = s.p + of.scores;
    s.k_turned = s.ds + of.scores;
    s.v_turned = s.k_turned + of.turned;
    s.rows = s.v_turned + of.turned;
    s.block = s.rows + of.rows;
    return s;
}

/* Rows of queries, or of dO, with all keys or values. The columns beyond n are scratch. */
static void scores(const attention *a, const scratch *s, int64_t rows, const tern_real *left, int64_t ld,
                   const tern_real *turned, tern_real *to)
{
    tern_kernels()->gemm_small(0, rows, s->ld, a->d, left, ld, turned, 0, to, s->ld);
}

static void forward_task(const attention *a, const task *t, const scratch *s)
{
    const tern_kernel_table *kern = tern_kernels();
    int64_t ld = 3 * a->c;
    kern->gemm_small_lay_right(1, a->d, t->n, t->k, ld, s->k_turned);
    kern->gemm_small_lay_right(0, t->n, a->d, t->v, ld, s->rows);
    for (int64_t from = 0; from < t->n; from += QUERIES) {
        int64_t rows = block_rows(t, from);
        scores(a, s, rows, t->q + from * ld, ld, s->k_turned, s->p);
        for (int64_t i = 0; i < rows; i++) {
            tern_real *row = s->p + i * s->ld;
            a->log_sum[(t->first + from + i) * a->heads + t->head] = kern->softmax(t->n, a->scale, row);
            if (a->dropout.p > 0)
                kern->dropout(t->n, row, a->dropout.p, row_key(a, t, from + i), 0, row);
        }
        kern->gemm_small(0, rows, a->d, t->n, s->p, s->ld, s->rows, 0, t->out + from * a->c, a->c);
    }
}

/* Scores of rows from on, and the gradient that reached their probabilities, become P F and dS. */
static void backward_rows(const attention *a, const task *t, const scratch *s, int64_t from, int64_t rows)
{
    const tern_kernel_table *kern = tern_kernels();
    for (int64_t i = 0; i < rows; i++) {
        tern_real log_sum = a->log_sum[(t->first + from + i) * a->heads + t->head];
        uint32_t key = a->dropout.p > 0 ? row_key(a, t, from + i) : 0;
        if (a->rounded)
            kern->softmax(t->n, a->scale, s->p + i * s->ld);
        else
            kern->softmax_again(t->n, a->scale, log_sum, s->p + i * s->ld);
        kern->attention_backward(t->n, a->scale, a->dropout.p, key, s->p + i * s->ld, s->ds + i * s->ld);
    }
}

static void backward_task(const attention *a, const task *t, const scratch *s)
{
    const tern_kernel_table *kern = tern_kernels();
    int64_t c = a->c, d = a->d, n = t->n, ld = 3 * c;
    kern->gemm_small_lay_right(1, d, n, t->k, ld, s->k_turned);
    kern->gemm_small_lay_right(1, d, n, t->v, ld, s->v_turned);
    kern->gemm_small_lay_right(0, n, d, t->k, ld, s->rows);
    for (int64_t from = 0; from < n; from += QUERIES) {
        int64_t rows = block_rows(t, from);
        const tern_real *q = t->q + from * ld, *dy = t->out + from * c;
        int keep = !t->fresh, keep_sums = !(t->fresh && from == 0);
        scores(a, s, rows, q, ld, s->k_turned, s->p);
        scores(a, s, rows, dy, c, s->v_turned, s->ds);
        backward_rows(a, t, s, from, rows);
        kern->gemm_small_lay_right(0, rows, d, dy, c, s->block);
        kern->gemm_small(1, n, d, rows, s->p, s->ld, s->block, keep_sums, t->dq + 2 * c, ld);
        kern->gemm_small(0, rows, d, n, s->ds, s->ld, s->rows, keep, t->dq + from * ld, ld);
        kern->gemm_small_lay_right(0, rows, d, q, ld, s->block);
        kern->gemm_small(1, n, d, rows, s->ds, s->ld, s->block, keep_sums, t->dq + c, ld);
    }
}

static void run(tern_tape *tape, const attention *a, const matrices *m,
                void (*work)(const attention *, const task *, const scratch *))
{
    int64_t each = tern_attention_scratch(a->batch->max_len, a->d), tasks = a->batch->n_seq * a->heads;
    tern_arena *arena = tern_tape_workspace(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    tern_real *memory = tern_arena_alloc(arena, (size_t)(omp_get_max_threads() * each) * sizeof *memory);
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t i = 0; i < tasks; i++) {
        task t = task_at(a, m, i);
        scratch s = cut(t.n, a->d, memory + omp_get_thread_num() * each);
        work(a, &t, &s);
    }
    tern_arena_rewind(arena, mark);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const attention *a = record->saved;
    matrices m = {.qkv = record->in[0]->data, .out = record->out->grad};
    m.dqkv = tern_tape_grad_fresh(tape, record->in[0], &m.fresh);
    run(tape, a, &m, backward_task);
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
    *a = (attention){.batch = batch, .heads = heads, .c = c, .d = c / heads, .rounded = tern_tape_rounds(tape)};
    a->scale = (tern_real)(1 / sqrt((double)a->d));
    if (dropout)
        a->dropout = *dropout;
    a->log_sum = tern_arena_alloc(arena, (size_t)(t * heads) * sizeof *a->log_sum);
    run(tape, a, &(matrices){.qkv = qkv->data, .out = out->data}, forward_task);
    tern_tape_count_pairs(tape, pairs_of(batch));
    tern_tape_record(tape, &op, out, TERN_INPUTS(qkv), a);
    return out;
}
