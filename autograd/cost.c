#include "autograd/cost.h"

#include "base/memory.h"

#include <string.h>

/* Floating-point operations of an operation's matrix products. */
typedef struct products {
    double forward, backward; /* backward: of those gradients that are wanted */
} products;

/* What a record's shapes say of an operation; by its name. */
typedef struct cost {
    const char *op;
    products (*flops)(const tern_record *record);
    double (*table_bytes)(const tern_record *record); /* NULL: its inputs are read whole */
} cost;

static int wanted(const tern_record *record, int input)
{
    return record->in[input] && record->in[input]->needs_grad;
}

/* y = x w^T: dx = dy w and dw = dy^T x are as much work each. */
static products linear_flops(const tern_record *record)
{
    double each = 2.0 * (double)record->in[0]->rows * (double)tern_tensor_size(record->in[1]);
    return (products){each, each * (wanted(record, 0) + wanted(record, 1))};
}

/* Inputs x, w1, b1, w2, b2. The gradient of the inner activations is needed for x and for w1. */
static products feed_forward_flops(const tern_record *record)
{
    double each = 2.0 * (double)record->in[0]->rows * (double)tern_tensor_size(record->in[1]);
    int inner = wanted(record, 0) || wanted(record, 1);
    return (products){2 * each, each * (wanted(record, 3) + inner + wanted(record, 1) + wanted(record, 0))};
}

/* Q K^T and P V over all pairs of tokens of a sequence, all heads together as wide as the output. */
static products attention_flops(const tern_record *record)
{
    double each = 2.0 * (double)record->pairs * (double)record->out->cols;
    return (products){2 * each, 4 * each * wanted(record, 0)};
}

/* Pairs of texts: their similarities; backward the rows' and the candidates' gradients. */
static products in_batch_flops(const tern_record *record)
{
    double each = 2.0 * (double)record->pairs * (double)record->in[0]->cols;
    return (products){each, each * (wanted(record, 0) + wanted(record, 1))};
}

/* As many values of the table, or of the matrix, as the output has. */
static double rows_read(const tern_record *record)
{
    return (double)tern_tensor_size(record->out);
}

static const cost costs[] = {
    {"linear", linear_flops, NULL},       {"feed_forward", feed_forward_flops, NULL},
    {"attention", attention_flops, NULL}, {"in_batch_softmax", in_batch_flops, NULL},
    {"embedding", NULL, rows_read},       {"rows_of", NULL, rows_read},
    {"columns_of", NULL, rows_read},
};

static const cost *find(const tern_record *record)
{
    static const cost plain = {0};
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        if (strcmp(costs[i].op, record->op->name) == 0)
            return &costs[i];
    return &plain;
}

/* Values of all inputs, or of those whose gradient is wanted. */
static double input_values(const tern_record *record, const cost *c, int gradients)
{
    double values = 0;
    if (c->table_bytes)
        return !gradients || wanted(record, 0) ? c->table_bytes(record) : 0;
    for (int i = 0; i < TERN_MAX_INPUTS && record->in[i]; i++)
        values += !gradients || wanted(record, i) ? (double)tern_tensor_size(record->in[i]) : 0;
    return values;
}

tern_work tern_cost_forward(const tern_record *record)
{
    const cost *c = find(record);
    double values = input_values(record, c, 0) + (double)tern_tensor_size(record->out);
    return (tern_work){.flops = c->flops ? c->flops(record).forward : 0, .bytes = values * sizeof(tern_real)};
}

tern_work tern_cost_backward(const tern_record *record)
{
    const cost *c = find(record);
    double values = input_values(record, c, 1) + (double)tern_tensor_size(record->out);
    if (!c->table_bytes)
        values += input_values(record, c, 0);
    return (tern_work){.flops = c->flops ? c->flops(record).backward : 0, .bytes = values * sizeof(tern_real)};
}

char *tern_cost_shapes(const tern_record *record)
{
    tern_buffer out = {0};
    for (int i = 0; i < TERN_MAX_INPUTS && record->in[i]; i++)
        tern_buffer_printf(&out, "[%lld, %lld] ", (long long)record->in[i]->rows, (long long)record->in[i]->cols);
    tern_buffer_printf(&out, "-> [%lld, %lld]", (long long)record->out->rows, (long long)record->out->cols);
    return out.data;
}
