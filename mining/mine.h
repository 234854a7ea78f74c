/* Hard negatives for the queries of a pool: miners rank candidates, filters leave some out, and each miner gives its
 * share of what is asked for.
 *
 *     tern_mine_job job = {.pool = pool, .embedder = &embedder, .filters = tern_mine_defaults(), .max_share = 1};
 *     job.shares[0] = (tern_mine_share){tern_miner_find("dense"), 1};
 *     tern_mined *mined = tern_mine(&job, &error);
 *     for (int64_t i = mined->start[q]; i < mined->start[q + 1]; i++)
 *         use(pool->docs[mined->negative[i].doc], mined->negative[i].score);
 *     tern_mined_free(mined);
 *
 * Scores are the model's similarities whichever miner found a document, so that margins and bounds mean one thing. The
 * same job gives the same negatives on any number of threads. */
#ifndef TERN_MINING_MINE_H
#define TERN_MINING_MINE_H

#include "data/embedder.h"
#include "mining/filters.h"
#include "mining/pool.h"
#include "mining/rate.h"
#include "search/bm25.h"

#include <signal.h>
#include <stdint.h>

struct tern_mining;

/* A way to rank candidates: a row of the table in mining/miners.c. */
typedef struct tern_miner {
    const char *name, *help;
    int vectors, words; /* 1: it ranks by the model's vectors, by BM25 */
    /* A query's candidates, depth at most, best first, into hits: their numbers, and for one that ranks by both the
     * model's scores. Returns how many. NULL: they are the ranking by vectors, or by words, itself. */
    int64_t (*list)(struct tern_mining *m, int64_t query, int64_t depth, tern_hit *hits);
} tern_miner;

/* All of them, ended by a row without a name; and the one of a name, or NULL. */
const tern_miner *tern_miners(void);
const tern_miner *tern_miner_find(const char *name);

typedef struct tern_mine_share {
    const tern_miner *miner; /* NULL ends the list */
    double share;            /* above 0; shares count by their sum */
} tern_mine_share;

enum { TERN_MINE_MOST_MINERS = 8 };

/* Another system's rankings, for the miner "run". */
typedef struct tern_mine_run {
    int64_t *start; /* [n_queries + 1] */
    int64_t *docs;  /* [start[n_queries]] best first */
} tern_mine_run;

/* Which of a query's positives margins are measured from, where there are several. */
typedef enum tern_mine_from { TERN_MARGIN_FROM_LEAST, TERN_MARGIN_FROM_MEAN, TERN_MARGIN_FROM_GREATEST } tern_mine_from;

/* What a second embedder's opinion does: a candidate whose score there is above the positive's less second_margin of
 * it is taken for a positive. */
typedef enum tern_mine_second { TERN_SECOND_DROP, TERN_SECOND_KEEP, TERN_SECOND_RELABEL } tern_mine_second;

/* What became of one miner's candidates for a query; borrowed during the call. */
typedef struct tern_mine_view {
    int64_t query;
    const tern_miner *miner;
    const tern_hit *hits; /* [n] with the model's scores, or NAN */
    const tern_fate *fates;
    int64_t n;
    float positive_score; /* what margins are measured from; NAN without scores */
} tern_mine_view;

typedef struct tern_mine_job {
    const tern_mine_pool *pool;
    const tern_embedder *embedder; /* the model */
    tern_mine_options filters;
    tern_mine_share shares[TERN_MINE_MOST_MINERS + 1];
    double near; /* likeness from which a document is a near duplicate of a positive; 0: none is looked for */
    tern_mine_from margin_from;
    double max_share; /* a document is a negative of at most this share of the queries, though of 10 always */
    int scores;       /* 1: scores are wanted even where neither miner nor filter needs them */
    tern_bm25_options bm25;
    int64_t memory;              /* bytes the process may take; 0: no limit */
    int strict;                  /* 1: too little memory is a failure; 0: blocks are as small as makes sense */
    int64_t block_docs;          /* documents whose vectors are held at once; 0: as many as memory allows */
    const tern_mine_run *run;    /* of the miner "run"; NULL: not used */
    const tern_embedder *second; /* NULL: no second opinion */
    tern_mine_second second_does;
    double second_margin;
    void (*see)(void *context, const tern_mine_view *view); /* each query and miner, in no order; NULL: none */
    void *context;
    const volatile sig_atomic_t *stop; /* once it is not 0 it fails with "interrupted"; NULL: never */
} tern_mine_job;

typedef struct tern_mined {
    int64_t n_queries;
    int64_t *start;        /* [n_queries + 1] */
    tern_hit *negative;    /* [start[n_queries]] documents of the pool with the model's score or NAN; by miner, then
                              best first */
    int *miner;            /* likewise: the place in job->shares */
    float *positive_score; /* placed as pool->positive; NULL without scores */
    float *margin_score;   /* [n_queries] what margins are measured from; NULL without scores */
    int64_t *relabel_start, *relabelled; /* [n_queries + 1]: documents that are positives by the second opinion */
    int64_t fates[TERN_FATES];           /* of all candidates of all miners */
    int64_t by_miner[TERN_MINE_MOST_MINERS];
    int64_t few, none;    /* queries with fewer negatives than asked for, and those of them without any */
    int64_t hubs;         /* documents that reached max_share */
    tern_mine_rate votes; /* negatives that the second opinion takes for positives: with KEEP */
    tern_mine_rate blind; /* of queries with several right documents: what would be taken were one of their positives
                             known alone, and is right */
} tern_mined;

/* 1 when the job ranks or filters by the model's vectors, or wants scores. */
int tern_mine_uses_vectors(const tern_mine_job *job);
/* NULL with a sentence when texts can't be embedded, memory doesn't suffice, or on a stop. Each text is embedded once.
 * Memory is that of the candidates, 16 bytes each, and of a block of documents' vectors; the negatives are the same
 * whatever a block's size. */
tern_mined *tern_mine(const tern_mine_job *job, tern_error *error);
void tern_mined_free(tern_mined *mined);

#endif
