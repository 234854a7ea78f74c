/* y = x w^T + b.      dx = dy w,  dw = dy^T x,  db = column sums of dy.
 *
 * x [T,C], w [D,C] (as torch.nn.Linear stores it), b [1,D] or NULL, y [T,D]. Nothing is saved but the inputs. */
#include "autograd/ops.h"
#include "autograd/tile.h"

/* y [t,n] = x [t,k] op(w) + b, tile by tile; added to y when accumulate is 1. */
static void multiply(tern_tape *tape, int transpose, int64_t t, int64_t k, int64_t n, const tern_real *x,
                     const tern_real *w, const tern_real *b, int accumulate, tern_real *y)
{
    tern_workspace work = tern_workspace_open(tape);
    tern_laid right = tern_lay(&work, transpose, k, n, w);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t tile = 0; tile < tern_tiles(t); tile++) {
        int64_t from = tile * TERN_TILE_ROWS;
        tern_laid_product(&right, tern_tile_rows(t, tile), x + from * k, b, accumulate, y + from * n);
    }
    tern_workspace_close(&work);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    tern_tensor *x = record->in[0], *w = record->in[1], *b = record->in[2];
    const tern_real *dy = record->out->grad;
    int64_t t = x->rows, c = x->cols, d = w->rows;
    int fresh;
    tern_real *dw = tern_tape_grad(tape, w), *db = tern_tape_grad(tape, b), *dx = tern_tape_grad_fresh(tape, x, &fresh);
    if (dw || db)
        tern_weight_grad(tape, t, d, c, dy, x->data, dw, db);
    if (dx)
        multiply(tape, 0, t, d, c, dy, w->data, NULL, !fresh, dx);
}

static const tern_op op = {"linear", backward};

tern_tensor *tern_linear(tern_tape *tape, tern_tensor *x, tern_tensor *w, tern_tensor *b)
{
    int64_t t = x->rows, c = x->cols, d = w->rows;
    TERN_CHECK_SHAPE("linear", w, d, c);
    if (b)
        TERN_CHECK_SHAPE("linear", b, 1, d);
    tern_tensor *y = tern_tape_tensor(tape, t, d);
    multiply(tape, 1, t, c, d, x->data, w->data, b ? b->data : NULL, 0, y->data);
    tern_tape_record(tape, &op, y, TERN_INPUTS(x, w, b), NULL);
    return y;
}
