/* Files of mined negatives: one JSON object a line, in tern's own columns or another tool's. */
#ifndef TERN_MINING_OUTPUT_H
#define TERN_MINING_OUTPUT_H

#include "mining/mine.h"

#include <stdio.h>

typedef struct tern_mine_written {
    int64_t lines;
    int64_t rows;    /* (query, positive) pairs that are in them */
    int64_t dropped; /* pairs left out: fewer negatives than wanted, where such are dropped, or none where a line needs
                        one */
} tern_mine_written;

typedef struct tern_mine_writer {
    const tern_mine_pool *pool;
    const tern_mined *mined;
    int64_t wanted; /* negatives a row */
    int drop_short; /* 1: queries with fewer are left out */
    FILE *f;
    tern_mine_written written;
} tern_mine_writer;

/* A form of file: a row of the table in output.c. */
typedef struct tern_mine_output {
    const char *name, *help;
    int needs_negative; /* a query without one makes no line */
    int scores;         /* the model's scores are part of it */
    /* Writes all lines of a query, whose positives are docs [n], with their scores (NAN: unknown). */
    void (*query)(tern_mine_writer *w, int64_t query, const int64_t *docs, const float *scores, int64_t n);
} tern_mine_output;

/* All of them, ended by a row without a name. */
const tern_mine_output *tern_mine_outputs(void);

/* Writes what was mined for all queries, in their order, with documents that were relabelled among the positives. The
 * stream's errors are the caller's to see. */
void tern_mine_write(const tern_mine_output *output, tern_mine_writer *writer);

#endif
