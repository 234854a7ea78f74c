#include "train/optimizer.h"

#include "autograd/kernels.h"
#include "base/integer.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 1 << 14 }; /* weights: p, m, v and g of a block fit a core's second-level cache */

/* A run of weights of one parameter: whole rows when it is row-sparse. */
typedef struct tern_block {
    const tern_param *param;
    double rate;         /* the parameter's factor of the learning rate */
    uint8_t *seen;       /* row-sparse: of the parameter's rows, else NULL */
    int64_t offset, n;   /* in the flat arrays */
    int64_t row, n_rows; /* row-sparse only */
} tern_block;

static int64_t block_count(const tern_param *p, int64_t *per_block)
{
    int64_t n = p->tensor->rows * p->tensor->cols, cols = p->tensor->cols;
    int sparse = (p->flags & TERN_PARAM_ROW_SPARSE) != 0;
    *per_block = sparse ? (cols >= BLOCK ? cols : BLOCK / cols * cols) : BLOCK;
    return p->tensor->grad ? tern_parts(n, *per_block) : 0;
}

static void add_blocks(tern_optimizer *o, const tern_param *p, double rate, uint8_t *seen)
{
    int64_t per_block, count = block_count(p, &per_block), size = p->tensor->rows * p->tensor->cols;
    for (int64_t i = 0; i < count; i++) {
        int64_t from = i * per_block;
        tern_block b = {.param = p, .rate = rate, .offset = p->offset + from, .n = size - from};
        b.n = tern_min(b.n, per_block);
        if (seen) {
            b.seen = seen;
            b.row = from / p->tensor->cols;
            b.n_rows = b.n / p->tensor->cols;
        }
        o->blocks[o->n_blocks++] = b;
    }
}

/* Moments come from calloc: rows of the embedding table that no step touches never take memory. */
tern_optimizer *tern_optimizer_create(tern_params *params, const tern_optimizer_options *options)
{
    TERN_CHECK(params->grad, "an optimizer without gradients");
    tern_optimizer *o = tern_calloc(1, sizeof *o);
    o->params = params;
    o->options = *options;
    o->options.beta1 = options->beta1 > 0 ? options->beta1 : 0.9;
    o->options.beta2 = options->beta2 > 0 ? options->beta2 : 0.999;
    o->options.eps = options->eps > 0 ? options->eps : 1e-8;
    o->m = tern_calloc((size_t)params->size, sizeof *o->m);
    o->v = tern_calloc((size_t)params->size, sizeof *o->v);
    o->missed = tern_calloc(params->n, sizeof *o->missed);
    o->settings = tern_calloc(params->n, sizeof *o->settings);
    o->seen = tern_calloc(params->n, sizeof *o->seen);
    int64_t n_blocks = 0, per_block;
    for (size_t i = 0; i < params->n; i++)
        n_blocks += block_count(&params->table[i], &per_block);
    o->blocks = tern_calloc((size_t)n_blocks, sizeof *o->blocks);
    o->sums = tern_calloc((size_t)n_blocks, sizeof *o->sums);
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        if ((p->flags & TERN_PARAM_ROW_SPARSE) && p->tensor->grad)
            o->seen[i] = tern_calloc((size_t)p->tensor->rows, 1);
        add_blocks(o, p, options->rate ? options->rate[i] : 1, o->seen[i]);
    }
    o->options.rate = NULL;
    return o;
}

void tern_optimizer_free(tern_optimizer *optimizer)
{
    if (!optimizer)
        return;
    for (size_t i = 0; i < optimizer->params->n; i++)
        free(optimizer->seen[i]);
    free(optimizer->seen);
    free(optimizer->settings);
    free(optimizer->missed);
    free(optimizer->blocks);
    free(optimizer->sums);
    free(optimizer->m);
    free(optimizer->v);
    free(optimizer);
}

static int all_zero(const tern_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (x[i] != 0)
            return 0;
    return 1;
}

/* Gives back the whole pages of x[0..n), which is all zero and reads as zero afterwards too. */
static void let_go(tern_real *x, int64_t n)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)x + page - 1) / page * page, to = (uintptr_t)(x + n) / page * page;
    if (from < to)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Rows that were never used take no memory in a run that goes on either. */
static void let_unseen_go(tern_optimizer *o, const tern_param *p, const uint8_t *seen)
{
    int64_t cols = p->tensor->cols, rows = p->tensor->rows;
    for (int64_t from = 0, to; from < rows; from = to + 1) {
        for (to = from; to < rows && !seen[to];)
            to++;
        let_go(o->m + p->offset + from * cols, (to - from) * cols);
        let_go(o->v + p->offset + from * cols, (to - from) * cols);
    }
}

void tern_optimizer_restored(tern_optimizer *optimizer)
{
    for (int64_t i = 0; i < optimizer->n_blocks; i++) {
        const tern_block *b = &optimizer->blocks[i];
        int64_t cols = b->param->tensor->cols;
        for (int64_t r = 0; r < b->n_rows; r++) {
            int64_t at = b->offset + r * cols;
            b->seen[b->row + r] = !all_zero(optimizer->m + at, cols) || !all_zero(optimizer->v + at, cols);
        }
    }
    for (size_t i = 0; i < optimizer->params->n; i++)
        if (optimizer->seen[i])
            let_unseen_go(optimizer, &optimizer->params->table[i], optimizer->seen[i]);
}

/* Rows without a gradient are not read: their pages may not exist yet. */
static double block_sum(const tern_block *b, const tern_real *grad)
{
    const tern_kernel_table *k = tern_kernels();
    if (!b->seen)
        return k->squares(b->n, grad + b->offset);
    double sum = 0;
    int64_t cols = b->param->tensor->cols;
    for (int64_t r = 0; r < b->n_rows; r++)
        if (b->param->is_touched[b->row + r])
            sum += k->squares(cols, grad + b->offset + r * cols);
    return sum;
}

static double grad_squares(tern_optimizer *optimizer)
{
    const tern_real *grad = optimizer->params->grad;
#pragma omp parallel for schedule(dynamic, 8) /* blocks of the word table take less */
    for (int64_t i = 0; i < optimizer->n_blocks; i++)
        optimizer->sums[i] = block_sum(&optimizer->blocks[i], grad);
    double total = 0;
    for (int64_t i = 0; i < optimizer->n_blocks; i++)
        total += optimizer->sums[i];
    return total;
}

double tern_optimizers_grad_norm(tern_optimizer *const *optimizers, int n)
{
    double total = 0;
    for (int i = 0; i < n; i++)
        total += optimizers[i] ? grad_squares(optimizers[i]) : 0;
    return sqrt(total);
}

double tern_optimizer_grad_norm(tern_optimizer *optimizer)
{
    return tern_optimizers_grad_norm(&optimizer, 1);
}

double tern_clip_scale(double norm, double max_norm)
{
    double scale = max_norm / (norm + 1e-6);
    return max_norm > 0 && scale < 1 ? scale : 1;
}

static void decay(int64_t n, tern_real factor, tern_real *p)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        p[i] *= factor;
}

static void block_step(tern_optimizer *o, const tern_block *b, const tern_adamw_step *s)
{
    tern_real *p = o->params->value + b->offset, *m = o->m + b->offset, *v = o->v + b->offset;
    tern_real *g = o->params->grad + b->offset;
    const tern_kernel_table *k = tern_kernels();
    if (!b->seen) {
        k->adamw((size_t)b->n, s, p, g, m, v);
        memset(g, 0, (size_t)b->n * sizeof *g); /* while it is in cache */
        return;
    }
    int64_t cols = b->param->tensor->cols;
    tern_real keep = (tern_real)(1 - s->learning_rate * s->weight_decay);
    for (int64_t r = 0; r < b->n_rows; r++) {
        int64_t at = r * cols, row = b->row + r;
        b->seen[row] |= b->param->is_touched[row];
        if (b->seen[row])
            k->adamw((size_t)cols, s, p + at, b->param->is_touched[row] ? g + at : NULL, m + at, v + at);
        else if (keep != 1)
            decay(cols, keep, p + at);
    }
}

/* What the step is for one parameter. Its bias correction goes by the steps that it had itself. */
static tern_adamw_step settings_of(const tern_optimizer *o, size_t i, double learning_rate, double grad_scale)
{
    const tern_optimizer_options *options = &o->options;
    double t = (double)(o->steps - o->missed[i]);
    return (tern_adamw_step){
        .learning_rate = learning_rate,
        .weight_decay = o->params->table[i].flags & TERN_PARAM_NO_DECAY ? 0 : options->weight_decay,
        .beta1 = options->beta1,
        .beta2 = options->beta2,
        .eps = options->eps,
        .correction1 = 1 - pow(options->beta1, t),
        .correction2 = 1 - pow(options->beta2, t),
        .grad_scale = grad_scale,
    };
}

void tern_optimizer_step(tern_optimizer *optimizer, double learning_rate, double grad_scale)
{
    if (!optimizer)
        return;
    const tern_param *table = optimizer->params->table;
    optimizer->steps++;
    for (size_t i = 0; i < optimizer->params->n; i++) {
        optimizer->missed[i] += table[i].idle;
        optimizer->settings[i] = settings_of(optimizer, i, learning_rate, grad_scale);
    }
#pragma omp parallel for schedule(static) /* in small pieces it takes a sixth longer: bound by memory */
    for (int64_t i = 0; i < optimizer->n_blocks; i++) {
        const tern_block *b = &optimizer->blocks[i];
        if (b->param->idle)
            continue;
        tern_adamw_step step = optimizer->settings[b->param - table];
        step.learning_rate *= b->rate;
        block_step(optimizer, b, &step);
    }
    for (size_t i = 0; i < optimizer->params->n; i++)
        if (optimizer->seen[i])
            tern_param_zero_touched(&optimizer->params->table[i]);
}
