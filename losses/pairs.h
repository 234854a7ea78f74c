/* What the losses over labelled pairs and over a teacher share. */
#ifndef TERN_LOSSES_PAIRS_H
#define TERN_LOSSES_PAIRS_H

#include "autograd/ops.h"
#include "losses/functions.h"

/* Distances of anchors and positives [n,1]. */
tern_tensor *tern_loss_distances(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);
/* f of each anchor with its positive, then with its negatives [n, 1 + n_negatives]. */
tern_tensor *tern_loss_candidates(tern_tape *tape, const tern_loss_roles *roles, tern_pair_kind kind);
tern_loss_roles tern_loss_roles_of(const tern_loss_batch *batch);
/* A copy of x [rows, cols] as a tensor without gradient. */
tern_tensor *tern_loss_constant(tern_tape *tape, const double *x, int64_t rows, int64_t cols);
/* The batch's one score a row [n]; aborts when it has none, or several. */
const double *tern_loss_score(const char *loss, const tern_loss_batch *batch);
/* The teacher's scores of each row's positive, then of its negatives [n, 1 + n_negatives], without gradient: the data's
 * where they have so many a row, else dot products of the teacher's vectors; NULL when neither is there. */
tern_tensor *tern_loss_teacher(tern_tape *tape, const tern_loss_batch *batch);

/* Mean over all texts that the teacher has vectors of: value is the mean of a part of them, the student's vectors
 * x [m,C], through weights.projection where there is one, against the teacher's [m, C or more]. */
tern_tensor *tern_loss_against_vectors(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch,
                                       tern_tensor *(*value)(tern_tape *tape, tern_tensor *x, tern_tensor *teacher));

#endif
