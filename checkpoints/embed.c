/* Texts to vectors. The plan (which texts share a batch, in which order) is a function of the texts, the model and
 * max_tokens alone: never of threads, so that the same call gives the same bits. */
#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/model.h"
#include "checkpoints/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_TOKENS = 8192 };

/* A text in the order of encoding. */
typedef struct place {
    int64_t text, length;
    uint64_t hash;
    const int32_t *ids;
    int64_t first; /* place of the first one with the same ids; its own where it is that */
} place;

/* Longest first, so that memory is taken once; equal ids stand together, in the texts' order. */
static int compare(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->length != y->length)
        return x->length > y->length ? -1 : 1;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int ids = memcmp(x->ids, y->ids, (size_t)x->length * sizeof *x->ids);
    return ids ? ids : x->text < y->text ? -1 : x->text > y->text;
}

static int same(const place *x, const place *y)
{
    return x->length == y->length && x->hash == y->hash &&
           memcmp(x->ids, y->ids, (size_t)x->length * sizeof *x->ids) == 0;
}

static place *order_texts(const tern_ids *ids)
{
    place *places = tern_alloc((size_t)ids->n, sizeof *places);
    for (int64_t i = 0; i < ids->n; i++) {
        place *p = &places[i];
        *p = (place){.text = i, .ids = ids->ids + ids->offsets[i], .length = ids->offsets[i + 1] - ids->offsets[i]};
        p->hash = tern_hash(p->ids, (size_t)p->length * sizeof *p->ids, 0);
    }
    qsort(places, (size_t)ids->n, sizeof *places, compare);
    for (int64_t i = 0; i < ids->n; i++)
        places[i].first = i > 0 && same(&places[i - 1], &places[i]) ? places[i - 1].first : i;
    return places;
}

typedef struct job {
    tern_model *model;
    tern_tape *tape;
    const place *places;
    int64_t n, max_tokens;
    int64_t tokens, done; /* of all texts, and of those behind */
    int32_t *ids;         /* of one batch */
    int64_t *offsets;     /* [n + 1], of one batch */
    int64_t *rows;        /* [n] place of each of its sequences */
    float *out;
} job;

/* Puts distinct texts from place *at on into the batch until it is full; moves *at behind them. A text longer than
 * max_tokens goes alone. */
static tern_packed next_batch(job *j, int64_t *at)
{
    tern_packed batch = {.ids = j->ids, .offsets = j->offsets};
    for (; *at < j->n; (*at)++) {
        const place *p = &j->places[*at];
        if (p->first != *at) {
            j->done += p->length;
            continue;
        }
        if (batch.n_seq > 0 && batch.n_tok + p->length > j->max_tokens)
            break;
        memcpy(j->ids + batch.n_tok, p->ids, (size_t)p->length * sizeof *p->ids);
        j->offsets[batch.n_seq] = batch.n_tok;
        j->rows[batch.n_seq++] = *at;
        batch.n_tok += p->length;
        j->done += p->length;
        batch.max_len = p->length > batch.max_len ? p->length : batch.max_len;
    }
    j->offsets[batch.n_seq] = batch.n_tok;
    return batch;
}

/* The first dim components, normalised again where the model's vectors are normalised. */
static void put_row(const tern_model *model, const float *row, float *out)
{
    const tern_encoder_config *config = tern_encoder_get_config(model->encoder);
    int64_t dim = tern_model_dim(model);
    memcpy(out, row, (size_t)dim * sizeof *out);
    if (dim == tern_encoder_dim(model->encoder) || config->modules[config->n_modules - 1].kind != TERN_MODULE_NORMALIZE)
        return;
    double sum = 0;
    for (int64_t i = 0; i < dim; i++)
        sum += (double)out[i] * out[i];
    double scale = 1 / fmax(sqrt(sum), 1e-12);
    for (int64_t i = 0; i < dim; i++)
        out[i] = (float)(out[i] * scale);
}

static void encode_batch(const job *j, const tern_packed *batch)
{
    const tern_pass pass = {.tape = j->tape, .batch = batch};
    const tern_tensor *rows = tern_encoder_embed(j->model->encoder, &pass);
    int64_t dim = tern_model_dim(j->model);
    for (int64_t i = 0; i < batch->n_seq; i++) {
        float *first = j->out + j->places[j->rows[i]].text * dim;
        put_row(j->model, rows->data + i * rows->cols, first);
        for (int64_t k = j->rows[i] + 1; k < j->n && j->places[k].first == j->rows[i]; k++)
            memcpy(j->out + j->places[k].text * dim, first, (size_t)dim * sizeof *first);
    }
    tern_tape_reset(j->tape);
}

static int run(job *j, const tern_embed_options *options, tern_error *error)
{
    j->tape = tern_tape_create();
    tern_tape_set_recording(j->tape, 0);
    int64_t longest = j->places[0].length, room = longest > j->max_tokens ? longest : j->max_tokens;
    j->ids = tern_alloc((size_t)room, sizeof *j->ids);
    j->offsets = tern_alloc((size_t)j->n + 1, sizeof *j->offsets);
    j->rows = tern_alloc((size_t)j->n, sizeof *j->rows);
    int status = 0;
    for (int64_t at = 0; at < j->n && status == 0;) {
        tern_packed batch = next_batch(j, &at);
        if (batch.n_seq)
            encode_batch(j, &batch);
        /* The longest come first: counted by tokens, or the time left would be guessed far too long. */
        if (options->progress)
            options->progress(options->context, at < j->n ? (int64_t)(j->n * ((double)j->done / j->tokens)) : j->n,
                              j->n);
        if (options->stop && *options->stop)
            status = tern_fail(error, "interrupted");
    }
    free(j->rows);
    free(j->offsets);
    free(j->ids);
    tern_tape_free(j->tape);
    return status;
}

/* Weights that are finite, each of them, can still be far too large together. */
static int check_finite(const tern_model *model, const char *const *texts, int64_t n, const float *out,
                        tern_error *error)
{
    int64_t dim = tern_model_dim(model);
    for (int64_t i = 0; i < n * dim; i++)
        if (!isfinite(out[i]))
            return tern_fail(error, "%s: the model gives a vector that is not finite for \"%.80s\"; check its weights",
                             model->name, texts[i / dim]);
    return 0;
}

const char *tern_model_prompt(const tern_model *model, tern_role role)
{
    return role == TERN_ROLE_QUERY      ? model->query_prompt
           : role == TERN_ROLE_DOCUMENT ? model->document_prompt
                                        : model->default_prompt;
}

int tern_model_embed(tern_model *model, const tern_embed_options *options, const char *const *texts, int64_t n,
                     float *out, tern_error *error)
{
    const char *prompt = tern_model_prompt(model, options->role);
    if (n == 0)
        return 0;
    int64_t positions = tern_encoder_get_config(model->encoder)->bert.max_positions, limit = model->max_seq_length;
    limit = limit > 0 && limit < positions ? limit : positions;
    tern_ids ids = {0};
    tern_tokenizer_encode_all(model->tokenizer, prompt, texts, NULL, n, limit, &ids);
    place *places = order_texts(&ids);
    job j = {.model = model, .places = places, .n = n, .out = out, .tokens = ids.offsets[n]};
    j.max_tokens = options->max_tokens > 0 ? options->max_tokens : DEFAULT_MAX_TOKENS;
    int status = run(&j, options, error);
    free(places);
    tern_ids_free(&ids);
    if (status == 0 && model->mapped)
        status = tern_mapped_weights_check(model->mapped, error);
    return status < 0 ? -1 : check_finite(model, texts, n, out, error);
}
