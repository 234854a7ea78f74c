/* What things take, in bytes: formulas over shapes. Each line counts what one place in the code allocates; when that
 * changes, tests/test_memory_plan.c says so. */
#include "train/memory_plan.h"

#include "autograd/ops.h"
#include "autograd/tile.h"
#include "base/integer.h"
#include "eval/metrics.h"
#include "train/memory_sizes.h"

#include <string.h>

enum { REAL = sizeof(tern_real), BFLOAT16 = 2 }; /* bytes */
enum { LAYER_TENSORS = 8 };                      /* of [tokens, hidden_size] in a layer */

/* Outputs of the modules after the transformer, a text; normalising also keeps a double, the maximum its winners. */
static int64_t module_bytes(const tern_encoder_config *config)
{
    int64_t width = config->bert.hidden_size, bytes = 0;
    for (int i = 0; i < config->n_modules; i++) {
        const tern_module *m = &config->modules[i];
        if (m->kind == TERN_MODULE_DENSE)
            width = m->out_features;
        bytes += width * REAL * (m->kind == TERN_MODULE_DENSE && m->activation == TERN_TANH ? 2 : 1);
        if (m->kind == TERN_MODULE_NORMALIZE)
            bytes += (int64_t)sizeof(double);
        if (m->kind == TERN_MODULE_POOLING && m->pooling == TERN_POOL_MAX)
            bytes += width * (int64_t)sizeof(int64_t);
    }
    return bytes;
}

int64_t tern_memory_dim(const tern_encoder_config *config)
{
    int64_t dim = config->bert.hidden_size;
    for (int i = 0; i < config->n_modules; i++)
        if (config->modules[i].kind == TERN_MODULE_DENSE)
            dim = config->modules[i].out_features;
    return dim;
}

/* Reals a token of the embeddings: their sum, LayerNorm with mean and 1/deviation, dropout with its key. */
static int64_t embedding_reals(const tern_bert_config *bert, int drops)
{
    return 2 * bert->hidden_size + 2 + (drops ? bert->hidden_size + 1 : 0);
}

/* Reals a token of one layer: query, key and value; attention and its log sums; its projection; LayerNorm; the
 * feed-forward block; LayerNorm; a key for each dropout. What the block keeps for backward comes on top. */
static int64_t layer_reals(const tern_bert_config *bert, int drops)
{
    return LAYER_TENSORS * bert->hidden_size + bert->heads + 4 + (drops ? 2 : 0);
}

/* Bytes a token of all layers: with gelu's input of every layer that learns, and the block's inner values once, in
 * backward. */
static int64_t layers_bytes(const tern_bert_config *bert, int64_t trained, int drops)
{
    int64_t inner = trained > 0 ? (trained + 1) * bert->intermediate_size : 0;
    return (bert->layers * layer_reals(bert, drops) + inner) * REAL;
}

/* The same when they are kept as bfloat16: of all layers the output and what is no tensor, whole; the other tensors
 * only where a layer learns. */
static int64_t bfloat16_layers_bytes(const tern_bert_config *bert, int64_t trained, int drops)
{
    int64_t c = bert->hidden_size, f = bert->intermediate_size, others = LAYER_TENSORS - 1;
    int64_t whole = bert->layers * (layer_reals(bert, drops) - others * c) + (trained > 0 ? f : 0);
    return whole * REAL + trained * (others * c + f) * BFLOAT16;
}

/* One layer's tensors, whole. */
static int64_t room_reals(const tern_bert_config *bert, int64_t trained)
{
    return LAYER_TENSORS * bert->hidden_size + (trained > 0 ? bert->intermediate_size : 0);
}

/* Buffers of gradients in units of [tokens, hidden_size]: three are in use at once, and one of them, which the pool
 * (autograd/tape.c) then hands to the next layer again, becomes wide enough for query, key and value. */
static int64_t gradient_units(int64_t trained_layers)
{
    return trained_layers == 0 ? 1 : 5;
}

tern_memory_tape tern_memory_tape_of_pass(const tern_encoder_config *config, const tern_memory_pass *pass)
{
    const tern_bert_config *bert = &config->bert;
    double hidden = pass->dropout >= 0 ? pass->dropout : bert->hidden_dropout;
    int64_t views = 1 + pass->layers, trained = bert->layers - tern_max(pass->trained_from, 0);
    tern_memory_tape tape = {0};
    if (!pass->backward) {
        int64_t reals = embedding_reals(bert, hidden > 0) + layer_reals(bert, hidden > 0);
        tape.arena = pass->tokens * reals * REAL + pass->texts * views * module_bytes(config);
        return tape;
    }
    int64_t layers =
        pass->bfloat16 ? bfloat16_layers_bytes(bert, trained, hidden > 0) : layers_bytes(bert, trained, hidden > 0);
    tape.arena = pass->tokens * (embedding_reals(bert, hidden > 0) * REAL + layers);
    tape.arena += pass->texts * views * module_bytes(config);
    tape.room = pass->bfloat16 ? pass->tokens * room_reals(bert, trained) * REAL : 0;
    tape.pool = pass->tokens * gradient_units(trained) * bert->hidden_size * REAL;
    if (pass->layers > 0) {
        tape.arena += pass->texts * views * tern_memory_dim(config) * REAL;
        tape.pool += pass->texts * pass->layers * tern_memory_dim(config) * REAL;
    }
    return tape;
}

int64_t tern_memory_of_pass(const tern_encoder_config *config, const tern_memory_pass *pass)
{
    tern_memory_tape tape = tern_memory_tape_of_pass(config, pass);
    return tape.arena + tape.pool + tape.room;
}

/* A number that was laid out for a product takes 4 bytes, or 6 with AMX: the larger counts, so that machines plan
 * alike. */
enum { LAID = 6, LAID_DEPTH = 384, LAID_COLS = 768 };

int64_t tern_memory_of_thread(const tern_encoder_config *config, int64_t longest)
{
    enum { BLAS_AND_STACK = 3 << 19 }; /* measured: 1.2 MB of OpenBLAS's buffer, the rest is stack */
    int64_t tile = TERN_TILE_ROWS * config->bert.intermediate_size;
    int64_t attention = tern_attention_scratch(longest, config->bert.hidden_size / config->bert.heads);
    int64_t laid = TERN_TILE_ROWS * (LAID_DEPTH + tern_min(config->bert.intermediate_size, LAID_COLS));
    return tern_max(tile, attention) * REAL + laid * LAID + BLAS_AND_STACK;
}

int64_t tern_memory_of_laid_weights(const tern_encoder_config *config)
{
    return 2 * config->bert.hidden_size * config->bert.intermediate_size * LAID;
}

/* Sum over the sizes that a loss is computed at of (its columns / all columns). */
static double dims_share(const tern_loss_options *options, int64_t dim)
{
    double share[TERN_MAX_DIMS] = {0}, sum = 0;
    int n = options->n_dims;
    for (int i = 0; i < n; i++) {
        int at = i;
        double s = (double)options->dims[i] / (double)dim;
        for (; at > 0 && share[at - 1] < s; at--)
            share[at] = share[at - 1];
        share[at] = s;
    }
    int drawn = options->dims_per_step > 0 && options->dims_per_step < n ? options->dims_per_step : n;
    for (int i = 0; i < drawn; i++)
        sum += share[i];
    return sum;
}

/* In units of one copy of the batch's vectors: a loss stacks its candidates and normalises both sides; of every size
 * Matryoshka copies and normalises the columns before that, and each earlier layer has all of it again. Gradients:
 * those of one normalised copy and of what it was made from, and of each layer's vectors. This is what in-batch losses
 * take; others take less. */
tern_memory_tape tern_memory_tape_of_loss(const tern_memory_batch *batch, int64_t dim)
{
    enum { OWN = 2, PER_SIZE = 2, GRADIENTS = 2 };
    double copies = 0, others = 1;
    int64_t vectors = batch->texts * dim * REAL, layers = batch->layers > 0 ? 1 + batch->layers : 0;
    for (int i = 0; i < batch->n_losses; i++) {
        const tern_loss_options *options = &batch->losses[i];
        double own = options->n_dims > 0 ? (OWN + PER_SIZE) * dims_share(options, dim) : OWN;
        int64_t times = options->adaptive_layer && layers ? layers : 1;
        copies += own * (double)times;
        others += (double)(OWN * times * tern_max(1, options->n_dims));
    }
    double second = others * (double)(batch->texts * batch->other_width * REAL);
    return (tern_memory_tape){.arena = (int64_t)((copies + (double)layers) * (double)vectors + second),
                              .pool = (GRADIENTS + layers) * vectors};
}

/* A text in a store: its bytes, its columns, and its share of the table, which is a third to two thirds full. */
static int64_t store_bytes(int64_t n, int64_t text_bytes)
{
    enum { COLUMNS = 24, SLOTS = 18 };
    return text_bytes + n * (1 + COLUMNS + SLOTS);
}

int64_t tern_memory_of_rows(const tern_rows *rows, int64_t tokens)
{
    int64_t texts = tern_texts_count(rows->texts), bytes = 0;
    for (int64_t t = 0; t < texts; t++) {
        size_t n;
        tern_texts_get(rows->texts, t, &n);
        bytes += (int64_t)n;
    }
    int64_t columns = 1 + (rows->positive != NULL) + rows->n_negatives + (rows->label != NULL) + rows->n_scores;
    const tern_negatives *pool = rows->pool;
    if (pool) /* each row's list, the lists, and what an epoch draws, which columns has already */
        bytes +=
            (rows->n + pool->n_lists + pool->start[pool->n_lists]) * (pool->score ? 2 : 1) * (int64_t)sizeof(int64_t);
    enum { PER_ROW = 3 }; /* tokens of the row, its place in the epoch's plan, its known positive */
    int64_t ids = tokens * (int64_t)sizeof(int32_t) + texts * 2 * (int64_t)sizeof(int64_t);
    return store_bytes(texts, bytes) + rows->n * (columns + PER_ROW) * (int64_t)sizeof(int64_t) + ids;
}

static int64_t string_bytes(char *const *strings, int64_t n)
{
    enum { POINTER_AND_BLOCK = 24 };
    int64_t bytes = 0;
    for (int64_t i = 0; i < n; i++)
        bytes += (int64_t)strlen(strings[i]) + POINTER_AND_BLOCK;
    return bytes;
}

int64_t tern_memory_of_beir(const tern_beir *set)
{
    int64_t judged = set->qrels.start ? set->qrels.start[set->qrels.n_queries] : 0;
    int64_t texts = string_bytes(set->doc_texts, set->n_docs) + string_bytes(set->query_texts, set->n_queries);
    int64_t ids = string_bytes(set->doc_ids, set->n_docs) + string_bytes(set->query_ids, set->n_queries);
    return texts + ids + store_bytes(set->n_docs + set->n_queries + judged, 0) + judged * 12;
}

/* tern_model_embed of n texts: ids of at most longest tokens each, the order, and one packed batch. */
static int64_t embed_bytes(const tern_encoder_config *config, int64_t n, int64_t text_bytes, int64_t longest)
{
    enum { PACKED = 8192, PER_TEXT = 100 };
    int64_t ids = tern_min(text_bytes, n * longest * (int64_t)sizeof(int32_t));
    tern_memory_pass pass = {.tokens = tern_max(PACKED, longest), .texts = PACKED / 8, .longest = longest};
    return ids + n * PER_TEXT + tern_memory_of_pass(config, &pass);
}

int64_t tern_memory_of_retrieval(const tern_encoder_config *config, const tern_beir *set, int64_t longest,
                                 int documents)
{
    enum { CHUNK = 65536, DEPTH = 1000, LISTS = 9 << 20, THREADS = 4, BLOCK = 512, PER_DOC = 72 }; /* eval/ */
    int64_t dim = tern_memory_dim(config), docs = tern_min(set->n_docs, CHUNK), queries = set->n_queries;
    int64_t text_bytes = string_bytes(set->doc_texts, set->n_docs) / tern_max(set->n_docs, 1) * docs;
    int64_t vectors = (docs + queries + (documents ? set->n_docs : 0)) * dim * (int64_t)sizeof(float);
    int64_t heaps = queries * tern_min(DEPTH, set->n_docs) * (int64_t)sizeof(uint64_t);
    int64_t scores = queries * TERN_METRICS * (int64_t)sizeof(double);
    int64_t search = THREADS * LISTS + BLOCK * LAID * dim;
    return vectors + heaps + scores + search + set->n_docs * PER_DOC + embed_bytes(config, docs, text_bytes, longest);
}

int64_t tern_memory_of_texts(const tern_encoder_config *config, int64_t n, int64_t longest)
{
    return n * tern_memory_dim(config) * (int64_t)sizeof(float) + embed_bytes(config, n, INT64_MAX, longest);
}
