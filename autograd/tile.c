#include "autograd/tile.h"

#include "autograd/gemm.h"

#include <omp.h>

enum { ALIGNMENT = 64 };

static size_t whole_lines(size_t bytes)
{
    return (size_t)tern_round_up((int64_t)bytes, ALIGNMENT);
}

tern_workspace tern_workspace_open(tern_tape *tape)
{
    tern_arena *arena = tern_tape_workspace(tape);
    tern_workspace work = {arena, tern_arena_here(arena), NULL, whole_lines(tern_kernels()->gemm_scratch_size())};
    work.scratch = tern_arena_alloc(arena, (size_t)omp_get_max_threads() * work.scratch_size);
    return work;
}

void tern_workspace_close(tern_workspace *work)
{
    tern_arena_rewind(work->arena, work->mark);
}

static void *scratch_of_thread(const tern_workspace *work)
{
    return work->scratch + (size_t)omp_get_thread_num() * work->scratch_size;
}

tern_laid tern_lay(const tern_workspace *work, int transpose, int64_t k, int64_t n, const tern_real *b)
{
    tern_laid laid = {work, k, n, tern_arena_alloc(work->arena, tern_kernels()->gemm_right_size(k, n))};
    tern_gemm_lay_right(transpose, k, n, b, transpose ? k : n, laid.right);
    return laid;
}

void tern_laid_product(const tern_laid *b, int64_t m, const tern_real *a, const tern_real *bias, int accumulate,
                       tern_real *c)
{
    tern_kernels()->gemm(0, m, b->n, b->k, a, b->k, b->right, bias, accumulate, c, b->n, scratch_of_thread(b->work));
}

/* Blocks of dw, counted row by row. What an element of dw is doesn't depend on them, so they may follow the threads. */
typedef struct weight_blocks {
    int64_t rows, cols, down, across;
} weight_blocks;

/* Whole shares for all threads; of these the grid that lays out least: each row of blocks lays out x, each column dy.
 */
static weight_blocks cut(int64_t d, int64_t c)
{
    enum { MOST_COLS = 768, UNIT = 32 }; /* a tile of x, MOST_COLS wide and laid out, stays in a second-level cache */
    int64_t threads = omp_get_max_threads(), best = INT64_MAX, at_least = tern_parts(c, MOST_COLS);
    weight_blocks b = {0};
    for (int64_t down = 1; down <= threads; down++)
        for (int64_t across = at_least; across <= at_least * threads; across++) {
            if (down * c + across * d >= best)
                break; /* it grows with across */
            if (down * across % threads)
                continue;
            best = down * c + across * d;
            b.rows = tern_round_up(tern_parts(d, down), UNIT);
            b.cols = tern_round_up(tern_parts(c, across), UNIT);
        }
    b.down = tern_parts(d, b.rows);
    b.across = tern_parts(c, b.cols);
    return b;
}

typedef struct weight_grad {
    int64_t t, d, c;
    const tern_real *dy, *x;
    tern_real *dw, *db;
} weight_grad;

/* The sums over all tiles for one block. Tile by tile, so that a sum's order doesn't depend on the blocks. */
static void add_block(const weight_grad *w, const weight_blocks *b, int64_t i, void *right, void *scratch)
{
    const tern_kernel_table *kern = tern_kernels();
    int64_t row = i / b->across * b->rows, col = i % b->across * b->cols;
    int64_t end = tern_min(row + b->rows, w->d), cols = tern_min(w->c - col, b->cols);
    for (int64_t tile = 0; tile < tern_tiles(w->t); tile++) {
        int64_t from = tile * TERN_TILE_ROWS, n = tern_tile_rows(w->t, tile);
        const tern_real *dy = w->dy + from * w->d;
        if (w->dw)
            kern->gemm_lay_right(0, n, cols, w->x + from * w->c + col, w->c, 0, cols, right);
        for (int64_t r = row; w->dw && r < end; r += TERN_GEMM_ROWS)
            kern->gemm(1, tern_min(end - r, TERN_GEMM_ROWS), cols, n, dy + r, w->d, right, NULL, 1,
                       w->dw + r * w->c + col, w->c, scratch);
        for (int64_t k = 0; w->db && col == 0 && k < n; k++)
            kern->add((size_t)(end - row), dy + k * w->d + row, w->db + row);
    }
}

void tern_weight_grad(tern_tape *tape, int64_t t, int64_t d, int64_t c, const tern_real *dy, const tern_real *x,
                      tern_real *dw, tern_real *db)
{
    TERN_CHECK(d > 0 && c > 0, "weight_grad: [%lld, %lld]", (long long)d, (long long)c);
    weight_blocks blocks = cut(d, c);
    weight_grad all = {t, d, c, dy, x, dw, db};
    tern_workspace work = tern_workspace_open(tape);
    size_t each = whole_lines(tern_kernels()->gemm_right_size(TERN_TILE_ROWS, blocks.cols));
    char *rights = tern_arena_alloc(work.arena, (size_t)omp_get_max_threads() * each);
#pragma omp parallel for schedule(static, 1)
    for (int64_t i = 0; i < blocks.down * blocks.across; i++)
        add_block(&all, &blocks, i, rights + (size_t)omp_get_thread_num() * each, scratch_of_thread(&work));
    tern_workspace_close(&work);
}
