/* What was mined, in numbers and samples, for a person to believe or to doubt.
 *
 *     tern_mine_audit *audit = tern_mine_audit_open(&job);       // sets job.see
 *     tern_mined *mined = tern_mine(&job, &error);
 *     json_t *object = tern_mine_audit_json(audit, mined);
 *     tern_mine_audit_close(audit); */
#ifndef TERN_MINING_AUDIT_H
#define TERN_MINING_AUDIT_H

#include "mining/mine.h"

#include <stdio.h>

#include <jansson.h>

typedef struct tern_mine_audit tern_mine_audit;

/* explain: a query (its place in the pool) all of whose candidates are kept; -1: none. */
tern_mine_audit *tern_mine_audit_open(tern_mine_job *job, int64_t explain);
void tern_mine_audit_close(tern_mine_audit *audit);

/* A new object: counts, what filters left out, distributions of scores, the estimated share of false negatives, 20
 * samples, and, when it was asked for, all candidates of one query ("explain"). */
json_t *tern_mine_audit_json(const tern_mine_audit *audit, const tern_mined *mined);

#endif
