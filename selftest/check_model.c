/* A whole model: layers of BERT of odd sizes under dropout, each pooling, Dense, Normalize, a loss; and the vectors
 * that earlier layers give. The first case compares every parameter, the others some of each tensor. */
#include "selftest/check.h"

enum { ROWS = 3, NEGATIVES = 1, TEXTS = ROWS * (2 + NEGATIVES), VOCAB = 11 };

typedef struct model_case {
    const char *text;
    tern_module modules[3];
    int n_modules;
    double dropout;
    int64_t sampled;
    tern_loss_options loss; /* name NULL: the vectors themselves are the result */
    int earlier;            /* so many earlier layers are asked for */
} model_case;

#define POOLING(way)                                                                                                   \
    {                                                                                                                  \
        .kind = TERN_MODULE_POOLING, .pooling = way                                                                    \
    }
#define DENSE(out, with_bias, how)                                                                                     \
    {                                                                                                                  \
        .kind = TERN_MODULE_DENSE, .in_features = 12, .out_features = out, .bias = with_bias, .activation = how        \
    }
#define NORMALIZE                                                                                                      \
    {                                                                                                                  \
        .kind = TERN_MODULE_NORMALIZE                                                                                  \
    }

static const model_case cases[] = {
    {"mean, Dense with tanh, Normalize, dropout, multiple_negatives_ranking",
     {POOLING(TERN_POOL_MEAN), DENSE(7, 1, TERN_TANH), NORMALIZE},
     3,
     0.1,
     0,
     {.name = "multiple_negatives_ranking", .scale = 20},
     0},
    {"cls, Dense, infonce symmetric",
     {POOLING(TERN_POOL_CLS), DENSE(13, 0, TERN_IDENTITY)},
     2,
     0,
     9,
     {.name = "infonce", .scale = 10, .symmetric = 1},
     0},
    {"max, dropout, triplet",
     {POOLING(TERN_POOL_MAX)},
     1,
     0.2,
     9,
     {.name = "triplet", .distance = TERN_EUCLIDEAN, .margin = 5},
     0},
    {"last, Normalize, dropout, matryoshka",
     {POOLING(TERN_POOL_LAST), NORMALIZE},
     2,
     0.1,
     9,
     {.name = "multiple_negatives_ranking", .scale = 20, .dims = {12, 5}, .n_dims = 2},
     0},
    {"mean_sqrt, triplet cosine",
     {POOLING(TERN_POOL_MEAN_SQRT)},
     1,
     0,
     9,
     {.name = "triplet", .distance = TERN_COSINE, .margin = 1},
     0},
    {"mean, Dense with tanh, Normalize, dropout, two earlier layers",
     {POOLING(TERN_POOL_MEAN), DENSE(7, 1, TERN_TANH), NORMALIZE},
     3,
     0.1,
     9,
     {.name = NULL},
     2},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Texts of 1 to 5 tokens, some of them twice. */
static void make_texts(tern_check *c)
{
    int64_t *offsets = tern_check_alloc(c, TEXTS + 1, sizeof *offsets);
    for (int64_t s = 0; s < TEXTS; s++)
        offsets[s + 1] = offsets[s] + 1 + s * 3 % 5;
    int64_t n_tok = offsets[TEXTS];
    int32_t *ids = tern_check_alloc(c, (size_t)n_tok, sizeof *ids);
    for (int64_t i = 0; i < n_tok; i++)
        ids[i] = (int32_t)((i * i + i / 3) % VOCAB);
    c->batch = (tern_packed){.n_seq = TEXTS, .n_tok = n_tok, .max_len = 5, .ids = ids, .offsets = offsets};
}

static int make_bert(tern_check *c, int shape)
{
    if (shape < 0 || shape >= CASES)
        return 0;
    const model_case *m = &cases[shape];
    tern_encoder_config config = {.bert = {.vocab_size = VOCAB,
                                           .hidden_size = 12,
                                           .layers = m->earlier > 1 ? m->earlier + 1 : 2,
                                           .heads = 3,
                                           .intermediate_size = 17,
                                           .max_positions = 6,
                                           .type_vocab_size = 2,
                                           .layer_norm_eps = 1e-12,
                                           .initializer_range = 0.02},
                                  .n_modules = m->n_modules};
    for (int i = 0; i < m->n_modules; i++)
        config.modules[i] = m->modules[i];
    snprintf(c->shape, sizeof c->shape, "%s", m->text);
    c->encoder = tern_encoder_create(&config);
    c->spread = 0.4;
    c->sampled = m->sampled;
    c->loss = m->loss;
    c->dropout.p = m->dropout;
    c->number[0] = m->earlier;
    make_texts(c);
    return 1;
}

static tern_tensor *build_bert(tern_check *c, tern_tape *tape)
{
    tern_pass pass = {.tape = tape, .batch = &c->batch, .dropout = c->dropout.p, .seed = 3, .step = 8};
    pass.layers = (const int[]){0, 1};
    pass.n_layers = (int)c->number[0];
    tern_tensor *vectors = tern_encoder_embed(c->encoder, &pass);
    if (!c->loss.name)
        return vectors;
    tern_loss_batch batch = {.n = ROWS,
                             .anchor = tern_rows_of(tape, vectors, 0, ROWS),
                             .positive = tern_rows_of(tape, vectors, ROWS, ROWS),
                             .negative = tern_rows_of(tape, vectors, 2 * ROWS, NEGATIVES * ROWS),
                             .n_negatives = NEGATIVES};
    return tern_loss_value(&c->loss, tape, &batch);
}

const tern_check_kind tern_check_models[] = {
    {"model", "bert", make_bert, build_bert},
    {NULL, NULL, NULL, NULL},
};
