/* A check's case: parameters as inputs, and a function that builds a result from them on a tape. Built alike in float
 * and in double.
 *
 *     tern_check *c = tern_check_open(kind, 0);        // inputs filled, the same in every build and on every machine
 *     tern_tensor *y = kind->build(c, tape);
 *     tern_check_close(c); */
#ifndef TERN_SELFTEST_CHECK_H
#define TERN_SELFTEST_CHECK_H

#include "autograd/ops.h"
#include "encoders/encoder.h"
#include "losses/loss.h"
#include "selftest/selftest.h"

enum { TERN_CHECK_INPUTS = 16, TERN_CHECK_OWNED = 16 };

typedef struct tern_check {
    char shape[96]; /* in words, for reports */
    tern_params *params;
    tern_encoder *encoder; /* owns params; NULL: params are the check's own */
    tern_tensor *in[TERN_CHECK_INPUTS];
    int n_in;
    double spread;   /* of the inputs' random values; 1 unless make says otherwise */
    double step;     /* of the differences */
    int64_t sampled; /* differences of about this many values of each tensor; 0: of all */
    tern_packed batch;
    tern_dropout_site dropout;
    tern_loss_options loss;
    uint8_t *masked;
    int64_t number[6]; /* the shape's own row of numbers */
    void *extra;       /* the kind's own */
    void *owned[TERN_CHECK_OWNED];
    int n_owned;
} tern_check;

typedef struct tern_check_kind {
    const char *group, *name;
    /* Declares the inputs of shape 0, 1, ... or TERN_SELFTEST_LARGE; 0 when there is no such shape. */
    int (*make)(tern_check *c, int shape);
    /* The result, of any shape. */
    tern_tensor *(*build)(tern_check *c, tern_tape *tape);
} tern_check_kind;

/* Operations, losses, models; NULL after the last. */
const tern_check_kind *tern_check_kind_at(int i);
extern const tern_check_kind tern_check_ops[], tern_check_losses[], tern_check_models[];

/* NULL when there is no such shape. */
tern_check *tern_check_open(const tern_check_kind *kind, int shape);
void tern_check_close(tern_check *c);
/* Recorded, the result seeded with tern_check_weight: gradients are added to c->params. Returns the result's values,
 * [*n], which live until the tape's reset. */
const tern_real *tern_check_backward(const tern_check_kind *kind, tern_check *c, tern_tape *tape, size_t *n);
/* The result's values, then all gradients, as doubles: n of them into values (NULL: only counted). */
size_t tern_check_values(const tern_check_kind *kind, tern_check *c, double *values);
/* What the i-th value of a result is multiplied with to make one number of it. */
double tern_check_weight(size_t i);

/* For make ------------------------------------------------------------------------------------------------------ */

/* The row of numbers of a shape; the table's last is the large one. NULL: no such shape. Copied to c->number. */
const int64_t *tern_check_pick(tern_check *c, int shape, const int64_t (*table)[6], int rows);
/* One more input. */
tern_tensor *tern_check_tensor(tern_check *c, const char *name, int64_t rows, int64_t cols);
/* c->batch: 0 one token; 1 sequences of length 1; 2 one sequence; 3 odd lengths with places of their own and repeated
 * ids; 4 many. Ids are below vocab, which is small, so that they repeat. */
void tern_check_batch(tern_check *c, int64_t which, int64_t vocab);
/* Zeroed memory that lives as long as c. */
void *tern_check_alloc(tern_check *c, size_t n, size_t size);
/* c->masked for n anchors and m candidates: about a quarter, a bit of each kind, the last row wholly. */
void tern_check_mask(tern_check *c, int64_t n, int64_t m);

#endif
