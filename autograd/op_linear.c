/* y = x w^T + b.      dx = dy w,  dw = dy^T x,  db = column sums of dy.
 *
 * x [T,C], w [D,C] (as torch.nn.Linear stores it), b [1,D] or NULL, y [T,D]. Nothing is saved but the inputs. */
#include "autograd/ops.h"
#include "autograd/tile.h"

static void backward(tern_tape *tape, const tern_record *record)
{
    tern_tensor *x = record->in[0], *w = record->in[1], *b = record->in[2];
    const tern_real *dy = record->out->grad;
    int64_t t = x->rows, c = x->cols, d = w->rows;
    int fresh;
    tern_real *dw = tern_tape_grad(tape, w), *db = tern_tape_grad(tape, b), *dx = tern_tape_grad_fresh(tape, x, &fresh);
    if (dw || db)
        tern_weight_grad(t, d, c, dy, x->data, dw, db);
#pragma omp parallel for schedule(dynamic, 1) if (dx != NULL)
    for (int64_t tile = 0; tile < (dx ? tern_tiles(t) : 0); tile++) {
        int64_t from = tile * TERN_TILE_ROWS, n = tern_tile_rows(t, tile);
        tern_gemm(0, 0, n, c, d, 1, dy + from * d, d, w->data, c, !fresh, dx + from * c, c);
    }
}

static const tern_op op = {"linear", backward};

tern_tensor *tern_linear(tern_tape *tape, tern_tensor *x, tern_tensor *w, tern_tensor *b)
{
    int64_t t = x->rows, c = x->cols, d = w->rows;
    TERN_CHECK_SHAPE("linear", w, d, c);
    if (b)
        TERN_CHECK_SHAPE("linear", b, 1, d);
    tern_tensor *y = tern_tape_tensor(tape, t, d);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t tile = 0; tile < tern_tiles(t); tile++) {
        int64_t from = tile * TERN_TILE_ROWS;
        tern_tile_affine(tern_tile_rows(t, tile), c, d, x->data + from * c, w->data, b ? b->data : NULL,
                         y->data + from * d);
    }
    tern_tape_record(tape, &op, y, TERN_INPUTS(x, w, b), NULL);
    return y;
}
