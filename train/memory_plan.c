/* The choice of a chunk, and how it is told. */
#include "train/memory_plan.h"

#include "base/integer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/words.h"
#include "train/memory_sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 256,           /* chunks are multiples of it: a tile of rows */
    RESERVED_THREADS = 8, /* the choice keeps room for these, however many run */
    PROCESS = 14 << 20,   /* measured: the program, its libraries and what they hold once training runs */
    SLACK = 32,           /* one part in so many of the budget is left for what no formula knows */
    PAGE = 4096,
};

static const int64_t MB = 1 << 20;

/* The lowest layer with a parameter that learns; -1: the embeddings have one; the number of layers: none has. */
static int64_t trained_from(const tern_memory_job *job)
{
    static const char layer[] = "encoder.layer.";
    int64_t lowest = job->config->bert.layers;
    for (size_t i = 0; i < job->params->n; i++) {
        const tern_param *p = &job->params->table[i];
        if (p->flags & TERN_PARAM_FROZEN)
            continue;
        if (strncmp(p->name, "embeddings.", 11) == 0)
            return -1;
        int64_t number = strncmp(p->name, layer, sizeof layer - 1) == 0 ? atoll(p->name + sizeof layer - 1) : lowest;
        lowest = number < lowest ? number : lowest;
    }
    return lowest;
}

/* Bytes of a table [rows, cols] that exist once `used` rows, anywhere in it, were written: pages, not rows. */
static int64_t touched_bytes(const tern_tensor *table, int64_t used)
{
    int64_t row = table->cols * (int64_t)sizeof(tern_real), all = table->rows * row;
    if (used <= 0 || used >= table->rows)
        return all;
    double rows_a_page = 1 + (double)PAGE / (double)row;
    double untouched = pow(1 - (double)used / (double)table->rows, rows_a_page);
    return (int64_t)((double)all * (1 - untouched));
}

/* Weights, and of those that learn gradients and two moments; sparse 1: words that no text uses take none. */
static int64_t model_bytes(const tern_memory_job *job, int sparse)
{
    int64_t bytes = job->params->size * (int64_t)sizeof(tern_real), average = 0;
    for (size_t i = 0; i < job->params->n; i++) {
        const tern_param *p = &job->params->table[i];
        int64_t full = (int64_t)tern_tensor_size(p->tensor) * (int64_t)sizeof(tern_real), moment = full;
        if (p->flags & TERN_PARAM_FROZEN)
            continue;
        if (p->flags & TERN_PARAM_ROW_SPARSE)
            full = touched_bytes(p->tensor, sparse ? job->word_rows : 0);
        if ((p->flags & TERN_PARAM_ROW_SPARSE) && !job->resumed)
            moment = full;
        bytes += full + 2 * moment;
        average += (int64_t)tern_tensor_size(p->tensor) * (int64_t)sizeof(tern_real);
    }
    if (job->heads)
        bytes += 4 * job->heads->size * (int64_t)sizeof(tern_real);
    return bytes + (job->average ? average : 0);
}

/* The packed batch: ids, offsets, places, the table that finds equal texts; the mask. */
static int64_t batch_bytes(const tern_memory_batch *b)
{
    enum { PER_TEXT = 8 + 8 + 4 + 48 };
    int64_t candidates = tern_max(b->texts - b->rows, b->rows);
    return b->tokens * (int64_t)sizeof(int32_t) + b->texts * PER_TEXT + (b->masked ? b->rows * candidates : 0);
}

static int64_t data_bytes(const tern_memory_job *job)
{
    int64_t most = 0;
    for (int i = 0; i < job->n_batches; i++)
        most = tern_max(most, batch_bytes(&job->batches[i]));
    return job->data + most;
}

/* One batch's step with chunks of chunk tokens (0: whole) into activations and loss. */
static int64_t step_bytes(const tern_memory_job *job, const tern_memory_batch *b, int64_t chunk, int64_t from,
                          tern_memory_parts *parts)
{
    int whole = chunk <= 0 || chunk >= b->tokens;
    int64_t tokens = whole ? b->tokens : tern_max(chunk, b->longest);
    double share = b->tokens > 0 ? (double)tokens / (double)b->tokens : 1;
    tern_memory_pass pass = {.tokens = tokens, .longest = b->longest, .layers = b->layers, .dropout = job->dropout};
    pass.texts = (int64_t)ceil((double)b->texts * (share < 1 ? share : 1));
    pass.trained_from = from;
    pass.backward = 1;
    pass.bfloat16 = job->bfloat16;
    int64_t dim = tern_memory_dim(job->config);
    tern_memory_tape encoder = tern_memory_tape_of_pass(job->config, &pass);
    pass.backward = 0;
    int64_t vectors_alone = tern_memory_tape_of_pass(job->config, &pass).arena; /* the first time through the chunks */
    tern_memory_tape loss = tern_memory_tape_of_loss(b, dim);
    /* The vectors' gradient; where places share vectors (without dropout texts that come twice do), also one row a
     * place. */
    int64_t vectors = b->texts * dim * (1 + b->layers) * (int64_t)sizeof(tern_real);
    if (job->dropout == 0 || b->shares)
        loss = (tern_memory_tape){.arena = loss.arena + vectors, .pool = loss.pool + vectors};
    parts->activations = encoder.arena + encoder.pool + encoder.room;
    parts->loss = loss.arena + loss.pool + vectors;
    if (whole)
        return parts->activations + parts->loss;
    /* Loss and chunks follow each other on one tape; the vectors and their gradients lie beside it. */
    int64_t arena = tern_max(tern_max(encoder.arena, vectors_alone), loss.arena);
    int64_t together = arena + tern_max(encoder.pool, loss.pool) + encoder.room;
    parts->loss = 2 * vectors + together - parts->activations;
    return parts->activations + parts->loss;
}

/* Fills plan for chunks of chunk tokens (0: everything kept) and returns the peak. sparse, threads: as announced, or
 * as the choice counts them. */
static int64_t peak_of(tern_memory_plan *plan, const tern_memory_job *job, int64_t chunk, int sparse, int threads)
{
    int64_t from = trained_from(job), most = -1, longest = 0;
    *plan = (tern_memory_plan){.chunk_tokens = chunk, .chunks = 1};
    for (int i = 0; i < job->n_batches; i++) {
        const tern_memory_batch *b = &job->batches[i];
        tern_memory_parts parts = {0};
        int64_t bytes = step_bytes(job, b, chunk, from, &parts);
        longest = tern_max(longest, b->longest);
        if (bytes <= most)
            continue;
        most = bytes;
        plan->largest = i;
        plan->parts = parts;
        plan->chunks = chunk > 0 && chunk < b->tokens ? tern_parts(b->tokens, chunk) : 1;
    }
    plan->parts.process = PROCESS + tern_memory_of_laid_weights(job->config);
    plan->parts.process += threads * tern_memory_of_thread(job->config, longest);
    plan->parts.model = model_bytes(job, sparse);
    plan->parts.data = data_bytes(job);
    plan->parts.evaluation = job->evaluation;
    plan->peak = plan->parts.process + plan->parts.model + plan->parts.data + tern_max(most, job->evaluation);
    return plan->peak;
}

static int fits(const tern_memory_job *job, int64_t chunk)
{
    tern_memory_plan plan;
    return peak_of(&plan, job, chunk, 0, RESERVED_THREADS) <= job->budget - job->budget / SLACK;
}

/* The largest multiple of STEP below the largest batch's tokens that fits; 0: none does. */
static int64_t largest_chunk(const tern_memory_job *job)
{
    int64_t tokens = 0;
    for (int i = 0; i < job->n_batches; i++)
        tokens = tern_max(tokens, job->batches[i].tokens);
    int64_t low = 0, high = tern_parts(tokens, STEP); /* low fits or is 0, high doesn't: it is the whole batch */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (fits(job, middle * STEP))
            low = middle;
        else
            high = middle;
    }
    return low * STEP;
}

/* The part that is worth making smaller, and how. */
static const char *advice(const tern_memory_parts *p)
{
    if (p->evaluation > p->activations + p->loss && p->evaluation > p->model)
        return "evaluate on less (data.dev, data.test)";
    if (p->loss > p->model && p->loss > p->data)
        return "make train.batch_size smaller";
    if (p->data > p->model)
        return "train on less data or in smaller batches (train.batch_size)";
    if (p->activations > p->model)
        return "shorten the texts (train.max_seq_length)";
    return "freeze a part of the model (train.freeze: [embeddings])";
}

static int refuse(const tern_memory_plan *plan, const tern_memory_job *job, tern_error *error)
{
    enum { SIZE = 32 };
    const tern_memory_parts *p = &plan->parts;
    int evaluates = p->evaluation > p->activations + p->loss;
    char budget[SIZE], need[SIZE], process[SIZE], model[SIZE], data[SIZE], step[SIZE];
    tern_memory_text(budget, SIZE, job->budget);
    tern_memory_text(need, SIZE, plan->peak + plan->peak / (SLACK - 1));
    tern_memory_text(process, SIZE, p->process);
    tern_memory_text(model, SIZE, p->model);
    tern_memory_text(data, SIZE, p->data);
    tern_memory_text(step, SIZE, evaluates ? p->evaluation : p->activations + p->loss);
    return tern_fail(
        error,
        "%s%strain.memory is %s, but the smallest plan needs %s (weights, gradients and moments %s, %s %s, "
        "data %s, the program %s); give it more memory, or %s",
        job->line, *job->line ? ": " : "", budget, need, model, evaluates ? "evaluation" : "one text a time", step,
        data, process, advice(p));
}

int tern_memory_plan_make(tern_memory_plan *plan, const tern_memory_job *job, tern_error *error)
{
    int64_t chunk = fits(job, 0) ? 0 : largest_chunk(job);
    if (chunk == 0 && !fits(job, 0)) {
        peak_of(plan, job, STEP, 0, RESERVED_THREADS);
        return refuse(plan, job, error);
    }
    peak_of(plan, job, chunk, 1, job->threads > 0 ? job->threads : RESERVED_THREADS);
    return 0;
}

/* 640000 -> "640,000". */
static char *with_commas(char *out, size_t size, int64_t value)
{
    char digits[32];
    size_t n = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)value), to = 0;
    for (size_t i = 0; i < n && to + 2 < size; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[to++] = ',';
        out[to++] = digits[i];
    }
    out[to] = 0;
    return out;
}

char *tern_memory_plan_text(const tern_memory_plan *plan, const tern_memory_job *job)
{
    enum { SIZE = 40 };
    const tern_memory_batch *b = &job->batches[plan->largest];
    char budget[SIZE], peak[SIZE], rows[SIZE], tokens[SIZE], chunks[SIZE], chunk[SIZE];
    tern_memory_text(budget, SIZE, job->budget);
    tern_memory_text(peak, SIZE, plan->peak);
    char *how = plan->chunks > 1
                    ? tern_format("in about %s chunk%s of %s tokens", with_commas(chunks, SIZE, plan->chunks),
                                  tern_s(plan->chunks), with_commas(chunk, SIZE, plan->chunk_tokens))
                    : tern_strdup("all activations kept");
    char *text =
        tern_format("memory: %s; at most %s row%s of %s tokens together, %s, expected peak %s%s", budget,
                    with_commas(rows, SIZE, b->rows), tern_s(b->rows), with_commas(tokens, SIZE, b->tokens), how, peak,
                    plan->peak > job->budget ? ": more than train.memory, because of the many threads" : "");
    free(how);
    return text;
}

int64_t tern_memory_default(void)
{
    int64_t bytes = tern_memory_limit() / 4 * 3 / MB * MB;
    return tern_max(bytes, MB);
}
