/* How a training step fits into a given amount of memory, worked out before the first step.
 *
 *     tern_memory_job job = {.config = config, .params = params, .budget = recipe->train.memory, .line = line, ...};
 *     tern_memory_plan plan;
 *     if (tern_memory_plan_make(&plan, &job, &error) < 0)                  // it can't be done in so little
 *         return -1;
 *     char *text = tern_memory_plan_text(&plan, &job);                     // "memory: 2.00 GB; at most 4,096 rows of
 * ..." backprop.chunk_tokens = plan.chunk_tokens;
 *
 * chunk_tokens is a function of the job alone, whose threads it doesn't look at: never of free memory, so that the same
 * recipe gives the same bits anywhere. The formulas count what the operations save (autograd/op_*.c), see
 * docs/memory.md. MB and GB here are 2^20 and 2^30 bytes, as in train.memory. */
#ifndef TERN_TRAIN_MEMORY_PLAN_H
#define TERN_TRAIN_MEMORY_PLAN_H

#include "base/error.h"
#include "data/beir.h"
#include "data/rows.h"
#include "encoders/encoder.h"
#include "losses/loss.h"

/* The largest batch of one training set. */
typedef struct tern_memory_batch {
    int64_t rows;    /* in it */
    int64_t texts;   /* its places: anchors, positives, negatives */
    int64_t tokens;  /* the most that any batch of the run has, special ones included */
    int64_t longest; /* tokens of the longest text */
    int masked;      /* 1: it has a mask of rows x candidates */
    int shares;      /* 1: places share vectors even with dropout: rows may lack negatives */
    const tern_loss_options *losses;
    int n_losses;
    int64_t layers;      /* the most earlier layers that a step looks at; 0: none */
    int64_t other_width; /* numbers a place of guides' and teachers' vectors, of all losses together; 0: none */
} tern_memory_batch;

typedef struct tern_memory_job {
    const tern_encoder_config *config;
    const tern_params *params; /* the encoder's, with what is frozen marked; may be without memory yet */
    const tern_params *heads;  /* what losses learn; NULL: nothing */
    int64_t word_rows;         /* rows of the word table that the training texts use; 0: not known, all */
    double dropout;            /* as in tern_pass: negative means the config's own */
    int bfloat16;              /* 1: activations are kept as bfloat16 (tern_pass) */
    int average;               /* 1: a moving average of the weights is kept (train.ema) */
    int resumed;               /* 1: goes on from a checkpoint: moments of all words are in memory */
    const tern_memory_batch *batches;
    int n_batches;
    int64_t data;       /* bytes of rows, texts and ids: tern_memory_of_rows and _of_beir, added */
    int64_t evaluation; /* bytes of the largest evaluation: tern_memory_of_retrieval, _of_texts; 0: none */
    int64_t budget;     /* train.memory, bytes */
    int threads;        /* for the announced peak only; 0: as many as the reserve is for */
    const char *line;   /* where train.memory stands, for the sentence of a refusal; "" or "recipe.yaml:12" */
} tern_memory_job;

/* Bytes of the parts; those that are not there at once are not added: see tern_memory_plan_make. */
typedef struct tern_memory_parts {
    int64_t process;     /* the program, its libraries, and what each thread takes */
    int64_t model;       /* weights, gradients, AdamW's moments, moving average */
    int64_t data;        /* rows, texts, token ids, the packed batch and its mask */
    int64_t activations; /* of one chunk, with the gradients of activations */
    int64_t loss;        /* vectors of the whole batch and what the loss computes from them */
    int64_t evaluation;
} tern_memory_parts;

typedef struct tern_memory_plan {
    int64_t chunk_tokens; /* for tern_backprop; 0: all activations are kept */
    int64_t chunks;       /* of the largest batch, about; 1 when all are kept */
    int64_t peak;         /* bytes expected with job->threads threads */
    int largest;          /* which batch needs the most */
    tern_memory_parts parts;
} tern_memory_plan;

/* Chooses: everything kept when it fits into the budget, else the largest chunk, in steps of 256 tokens, that does.
 * Fails, with the parts and what would help, when even the smallest chunk, one text, doesn't fit. */
int tern_memory_plan_make(tern_memory_plan *plan, const tern_memory_job *job, tern_error *error);
/* One line for people; a new string. */
char *tern_memory_plan_text(const tern_memory_plan *plan, const tern_memory_job *job);
/* The budget where the recipe says nothing: three quarters of tern_memory_limit, in whole MB. */
int64_t tern_memory_default(void);

/* What a job is put together from ----------------------------------------------------------------------- */

/* Rows, their texts, and their token ids: tokens of all texts together, texts counted once for each role's prompt. */
int64_t tern_memory_of_rows(const tern_rows *rows, int64_t tokens);
/* A retrieval set held for evaluations. */
int64_t tern_memory_of_beir(const tern_beir *set);
/* Scoring a retrieval set by vectors of dim; documents 1: the vectors of all its documents are held (dev and test over
 * one corpus). longest: tokens of a text at most. */
int64_t tern_memory_of_retrieval(const tern_encoder_config *config, const tern_beir *set, int64_t longest,
                                 int documents);
/* Encoding n texts in one call of tern_model_embed and holding the vectors: triplets, pairs with scores. */
int64_t tern_memory_of_texts(const tern_encoder_config *config, int64_t n, int64_t longest);

/* Parts of the formulas ------------------------------------------------------------------------------------ */

/* One pass of the encoder over tokens in texts, the longest of longest tokens: what the arena and the pool of
 * gradients hold at most, but for threads' scratch. backward 1: recorded, with backward; 0: without recording.
 * trained_from: the lowest layer that learns, -1 when the embeddings do. */
typedef struct tern_memory_pass {
    int64_t tokens, texts, longest, layers;
    double dropout;
    int64_t trained_from;
    int backward, bfloat16;
} tern_memory_pass;
int64_t tern_memory_of_pass(const tern_encoder_config *config, const tern_memory_pass *pass);
/* What one thread takes beside it: scratch of tiles and of products, and BLAS's own. */
int64_t tern_memory_of_thread(const tern_encoder_config *config, int64_t longest);
/* The weights of a layer while all threads multiply by them, laid out. */
int64_t tern_memory_of_laid_weights(const tern_encoder_config *config);

#endif
