/* What the steps of mining share; private to mining/. In order: who ranks without vectors ranks; documents are embedded
 * block by block, which gives the nearest ones and the scores of all others that were ranked (stream.c); each query
 * chooses (choose.c). */
#ifndef TERN_MINING_MINING_H
#define TERN_MINING_MINING_H

#include "mining/mine.h"
#include "search/fusion.h"

/* A list of documents for each query. */
typedef struct tern_ranking {
    int64_t
        *start; /* [n_queries + 1] where a query's list begins: there is room up to the next; NULL: no such ranking */
    int64_t *found; /* [n_queries] how many it has */
    tern_hit *hits; /* [start[n_queries]] best first; scores are the model's, or NAN */
    float *second;  /* likewise the second opinion's; NULL without one */
} tern_ranking;

/* What margins are measured from. */
typedef struct tern_mine_scores {
    float *positive; /* placed as pool->positive */
    float *margin;   /* [n_queries] of these, what margins are measured from */
} tern_mine_scores;

typedef struct tern_mining {
    const tern_mine_job *job;
    const tern_mine_pool *pool;
    int has_vectors, n_shares;
    int64_t *depth;     /* [n_queries] documents that a list needs for range_max ranks to be left */
    int64_t *by_depth;  /* [n_queries] the queries, the deepest first */
    tern_ranking dense; /* the nearest documents */
    tern_ranking words; /* the best by BM25 */
    tern_ranking own[TERN_MINE_MOST_MINERS]; /* by share, of miners with neither or both */
    tern_ranking *of[TERN_MINE_MOST_MINERS]; /* which of these is a share's */
    tern_mine_scores model, second;
    /* Scratch of miners. */
    tern_fusion *fusion;
    float *score_of;      /* [n_docs] */
    unsigned char *drawn; /* [n_docs] */
} tern_mining;

/* Room for each query's list: its depth, or least where that is more, and never more than there are documents. */
void tern_ranking_open(tern_ranking *ranking, const tern_mining *m, int64_t least);
void tern_ranking_close(tern_ranking *ranking);
/* One share's candidates of a query, and how many. */
const tern_hit *tern_mine_list(const tern_mining *m, int share, int64_t query, int64_t *n);

/* Fails with "interrupted" once the job is to stop. */
int tern_mine_go_on(const tern_mining *m, tern_error *error);

/* Queries whose lists are about as deep, so that they can be searched for together. */
typedef struct tern_mine_group {
    const int64_t *queries; /* [n] */
    int64_t n, depth;       /* the greatest room among them */
} tern_mine_group;
/* The next group of a ranking; *at begins at 0. Returns 0 after the last. */
int tern_mine_next_group(const tern_mining *m, const tern_ranking *ranking, int64_t *at, tern_mine_group *group);

/* What every miner ranks without vectors, and what it makes of the rankings by vectors. */
int tern_miners_rank(tern_mining *m, tern_error *error);
int tern_miners_join(tern_mining *m, tern_error *error);

/* Embeds queries, and documents in blocks as large as memory allows: fills m->dense where there is room in it, and
 * scores the positives and what was ranked otherwise. For the second opinion it scores every ranking's documents. */
int tern_mine_stream(tern_mining *m, const tern_embedder *embedder, tern_mine_scores *scores, tern_error *error);

/* Chooses for every query; fills out but for the positives' scores. */
int tern_mine_choose_all(const tern_mining *m, tern_mined *out, tern_error *error);
/* The same job were one positive of each query known alone: how many of its choices are right after all. */
int tern_mine_choose_blindly(const tern_mining *m, tern_mine_rate *rate, tern_error *error);

#endif
