/* y_i = word[id_i] + position[place of i in its sequence] + type[type_i].
 *
 * word [V,C], position [P,C], type [N,C], y [T,C]. Backward adds each token's gradient to its three rows; threads share
 * the columns, so that a row that many tokens use is summed in the tokens' order. Saved: the batch, which the caller
 * keeps until backward. */
#include "autograd/kernels.h"
#include "autograd/ops.h"

#include <string.h>

typedef struct saved_batch {
    const tern_packed *batch;
    tern_param *word_param;
} saved_batch;

enum { COLUMNS = 64 }; /* of one task in backward */

static int32_t type_of(const tern_packed *batch, int64_t i)
{
    return batch->types ? batch->types[i] : 0;
}

static void add_rows(const tern_packed *batch, int64_t c, int64_t from, size_t n, const tern_real *dy, tern_real *dword,
                     tern_real *dposition, tern_real *dtype)
{
    const tern_kernel_table *kern = tern_kernels();
    for (int64_t s = 0; s < batch->n_seq; s++)
        for (int64_t i = batch->offsets[s]; i < batch->offsets[s + 1]; i++) {
            const tern_real *row = dy + i * c + from;
            if (dword)
                kern->add(n, row, dword + batch->ids[i] * c + from);
            if (dposition)
                kern->add(n, row, dposition + (i - batch->offsets[s]) * c + from);
            if (dtype)
                kern->add(n, row, dtype + type_of(batch, i) * c + from);
        }
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const saved_batch *saved = record->saved;
    const tern_packed *batch = saved->batch;
    int64_t c = record->out->cols;
    tern_real *dword = tern_tape_grad(tape, record->in[0]), *dposition = tern_tape_grad(tape, record->in[1]);
    tern_real *dtype = tern_tape_grad(tape, record->in[2]);
    for (int64_t i = 0; saved->word_param && dword && i < batch->n_tok; i++)
        tern_param_touch(saved->word_param, batch->ids[i]);
#pragma omp parallel for schedule(static)
    for (int64_t from = 0; from < c; from += COLUMNS)
        add_rows(batch, c, from, (size_t)(c - from < COLUMNS ? c - from : COLUMNS), record->out->grad, dword, dposition,
                 dtype);
}

static const tern_op op = {"embedding", backward};

static void sum_rows(int64_t c, const tern_real *word, const tern_real *position, const tern_real *type, tern_real *y)
{
    for (int64_t j = 0; j < c; j++)
        y[j] = word[j] + type[j] + position[j];
}

tern_tensor *tern_embedding(tern_tape *tape, const tern_packed *batch, tern_tensor *word, tern_tensor *position,
                            tern_tensor *type, tern_param *word_param)
{
    int64_t c = word->cols;
    TERN_CHECK_SHAPE("embedding", position, position->rows, c);
    TERN_CHECK_SHAPE("embedding", type, type->rows, c);
    TERN_CHECK(batch->max_len <= position->rows, "embedding: a sequence of %lld tokens, %lld positions",
               (long long)batch->max_len, (long long)position->rows);
    tern_tensor *y = tern_tape_tensor(tape, batch->n_tok, c);
#pragma omp parallel for schedule(static)
    for (int64_t s = 0; s < batch->n_seq; s++)
        for (int64_t i = batch->offsets[s]; i < batch->offsets[s + 1]; i++) {
            TERN_CHECK(batch->ids[i] >= 0 && batch->ids[i] < word->rows, "embedding: id %d of %lld words",
                       batch->ids[i], (long long)word->rows);
            sum_rows(c, word->data + batch->ids[i] * c, position->data + (i - batch->offsets[s]) * c,
                     type->data + type_of(batch, i) * c, y->data + i * c);
        }
    saved_batch *saved = tern_arena_alloc(tern_tape_arena(tape), sizeof *saved);
    *saved = (saved_batch){batch, word_param};
    tern_tape_record(tape, &op, y, TERN_INPUTS(word, position, type), saved);
    return y;
}
