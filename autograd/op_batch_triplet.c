/* Triplets formed inside a batch of rows x [n,D] with labels, as the losses of that name in sentence-transformers 6.2.
 * d_ij is the distance of rows i and j, P_i the other rows of i's label, N_i the rows of other labels and other texts,
 * [.] = max(0, .):
 *
 *     all          sum over i, p in P_i, q in N_i of [d_ip - d_iq + margin], over the number of those above 1e-16
 *     hard         mean over i of [max of d_ip - min of d_iq + margin]        (Hermans, Beyer, Leibe 2017, eq. 5)
 *     hard, soft   mean over i of log(1 + exp(max of d_ip - min of d_iq))
 *     semi-hard    mean over i, p in P_i of [d_ip - d_iq + margin], q the nearest of N_i with d_iq > d_ip, else the
 *                  farthest of N_i                                            (Schroff, Kalenichenko, Philbin 2015)
 *
 * What happens at the edges is that library's too. No p: hard takes 0 for max of d_ip. No q: hard takes the least plus
 * the greatest of all distances of row i, semi-hard takes 0. Of equals the first row counts. At the kink of [.] the
 * gradient passes in all and hard, half of it in semi-hard. All triplets inactive: 0.
 *
 * In forward each row's distances exist one row at a time a thread. Saved: 1 / the number that is divided by. Backward
 * computes the rows again, ANCHORS at a time, as weights w_ij = dL/dd_ij, and has one owner for each dx_j: first as the
 * other end of those anchors, then as an anchor. */
#include "autograd/kernels.h"
#include "autograd/pair.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { ANCHORS = 64 };

typedef struct batch_triplet {
    const tern_tensor *x;
    const int64_t *label; /* [n] */
    const int64_t *text;  /* [n] equal for rows of one text; NULL: all differ */
    tern_triplet_kind kind;
    tern_pair_kind distance;
    double margin;
    double inverse; /* of what the sum is divided by */
} batch_triplet;

typedef struct place {
    double d;
    int64_t j;
} place;

/* One anchor and what comes of its triplets. */
typedef struct anchor {
    place *near, *far;
    int64_t n_near, n_far; /* of P_i, of N_i, each nearest first where sorted */
    double loss;
    double count; /* what the loss is one of */
    double *w;    /* [n], added to; NULL: not wanted */
} anchor;

/* One thread's memory. */
typedef struct scratch {
    place *near, *far; /* [n] */
} scratch;

static void add(anchor *a, int64_t j, double w)
{
    if (a->w && j >= 0)
        a->w[j] += w;
}

static int by_distance(const void *x, const void *y)
{
    const place *a = x, *b = y;
    if (a->d != b->d)
        return a->d < b->d ? -1 : 1;
    return (a->j > b->j) - (a->j < b->j);
}

static void sort(place *places, int64_t n)
{
    qsort(places, (size_t)n, sizeof *places, by_distance);
}

/* Negatives from the nearest on are active for a positive until one isn't, and for farther positives at least as many,
 * so one walk over both finds the sums. */
static void all(anchor *a, double margin)
{
    int64_t active = 0, counted = 0;
    double sum = 0;
    sort(a->near, a->n_near);
    sort(a->far, a->n_far);
    for (int64_t p = 0; p < a->n_near; p++) {
        double d = a->near[p].d;
        for (; active < a->n_far && d - a->far[active].d + margin >= 0; active++) {
            sum += a->far[active].d;
            add(a, a->far[active].j, -(double)(a->n_near - p));
        }
        while (counted < active && d - a->far[counted].d + margin > 1e-16)
            counted++;
        a->loss += (double)active * (d + margin) - sum;
        a->count += (double)counted;
        add(a, a->near[p].j, (double)active);
    }
}

/* The first of the greatest; *d as it was and -1 when none is above it. */
static int64_t farthest(const place *places, int64_t n, double *d)
{
    int64_t which = -1;
    for (int64_t i = 0; i < n; i++)
        if (places[i].d > *d) {
            *d = places[i].d;
            which = places[i].j;
        }
    return which;
}

static int64_t nearest(const place *places, int64_t n, double *d)
{
    int64_t which = -1;
    for (int64_t i = 0; i < n; i++)
        if (places[i].d < *d) {
            *d = places[i].d;
            which = places[i].j;
        }
    return which;
}

static void hard(anchor *a, double margin, int soft)
{
    double near = 0, far = INFINITY, greatest = 0, slope = 1;
    int64_t p = farthest(a->near, a->n_near, &near), q = nearest(a->far, a->n_far, &far), beside = -1;
    if (a->n_far == 0) { /* the least distance is the anchor's own, 0 */
        beside = farthest(a->near, a->n_near, &greatest);
        far = greatest;
    }
    double apart = near - far + (soft ? 0 : margin);
    if (soft) {
        a->loss = apart > 20 ? apart : log1p(exp(apart));
        slope = 1 / (1 + exp(-apart));
    } else {
        slope = apart < 0 ? 0 : 1;
        a->loss = slope * apart;
    }
    a->count = 1;
    add(a, p, slope);
    add(a, q, -slope);
    add(a, beside, -slope);
}

/* The first of the sorted places that is farther than d; n: none. */
static int64_t beyond(const place *places, int64_t n, double d)
{
    int64_t low = 0;
    while (low < n) {
        int64_t middle = low + (n - low) / 2;
        if (places[middle].d > d)
            n = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void semi_hard(anchor *a, double margin)
{
    double most = -INFINITY;
    int64_t last = farthest(a->far, a->n_far, &most);
    sort(a->far, a->n_far);
    for (int64_t p = 0; p < a->n_near; p++) {
        int64_t outside = beyond(a->far, a->n_far, a->near[p].d);
        int inside = outside == a->n_far;
        double d = a->n_far == 0 ? 0 : inside ? most : a->far[outside].d, apart = a->near[p].d - d + margin;
        double slope = apart > 0 ? 1 : apart < 0 ? 0 : 0.5;
        a->loss += apart > 0 ? apart : 0;
        a->count++;
        add(a, a->near[p].j, slope);
        add(a, inside ? last : a->far[outside].j, -slope);
    }
}

/* Anchor i's loss and count; its weights are added to w [n] (NULL: not wanted), without what all is divided by. */
static anchor look_at(const batch_triplet *b, int64_t i, const scratch *own, double *w)
{
    int64_t n = b->x->rows, dim = b->x->cols;
    const tern_real *x = b->x->data;
    anchor a = {.near = own->near, .far = own->far, .w = w};
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
        double d = j == i ? 0 : tern_pair_value(b->distance, dim, x + i * dim, x + j * dim);
        sum += d;
        if (j != i && b->label[j] == b->label[i])
            a.near[a.n_near++] = (place){d, j};
        else if (j != i && !(b->text && b->text[j] == b->text[i]))
            a.far[a.n_far++] = (place){d, j};
    }
    if (isnan(sum)) /* no comparison would show it */
        a.loss = a.count = NAN;
    else if (b->kind == TERN_TRIPLETS_ALL)
        all(&a, b->margin);
    else if (b->kind == TERN_TRIPLETS_SEMI_HARD)
        semi_hard(&a, b->margin);
    else
        hard(&a, b->margin, b->kind == TERN_TRIPLETS_HARD_SOFT);
    return a;
}

/* One for each thread. */
static scratch *scratch_of(tern_arena *arena, int64_t n)
{
    int threads = omp_get_max_threads();
    size_t bytes = (size_t)n * sizeof(place);
    scratch *own = tern_arena_alloc(arena, (size_t)threads * sizeof *own);
    for (int i = 0; i < threads; i++)
        own[i] = (scratch){tern_arena_alloc(arena, bytes), tern_arena_alloc(arena, bytes)};
    return own;
}

/* dx += g times the gradients of d_ij over the anchors i in [from, end) in x_j. */
static void add_other_end(const batch_triplet *b, int64_t from, int64_t end, int64_t j, double g, const double *w,
                          tern_real *dx)
{
    int64_t n = b->x->rows, dim = b->x->cols;
    const tern_real *x = b->x->data;
    for (int64_t i = from; i < end; i++)
        if (w[(i - from) * n + j] != 0)
            tern_pair_add_second(b->distance, dim, g * w[(i - from) * n + j], x + i * dim, x + j * dim, dx + j * dim);
}

/* The same in x_i, for all j. */
static void add_anchor(const batch_triplet *b, int64_t i, double g, const double *w, tern_real *dx)
{
    int64_t n = b->x->rows, dim = b->x->cols;
    const tern_real *x = b->x->data;
    for (int64_t j = 0; j < n; j++)
        if (w[j] != 0)
            tern_pair_add_first(b->distance, dim, g * w[j], x + i * dim, x + j * dim, dx + i * dim);
}

static void backward_anchors(const batch_triplet *b, int64_t from, double g, const scratch *own, double *w,
                             tern_real *dx)
{
    int64_t n = b->x->rows, end = n - from < ANCHORS ? n : from + ANCHORS;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = from; i < end; i++) {
        memset(w + (i - from) * n, 0, (size_t)n * sizeof *w);
        look_at(b, i, &own[omp_get_thread_num()], w + (i - from) * n);
    }
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t j = 0; j < n; j++)
        add_other_end(b, from, end, j, g, w, dx);
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = from; i < end; i++)
        add_anchor(b, i, g, w + (i - from) * n, dx);
}

static void backward(tern_tape *tape, const tern_record *record)
{
    const batch_triplet *b = record->saved;
    tern_real *dx = tern_tape_grad(tape, record->in[0]);
    int64_t n = b->x->rows;
    tern_arena *arena = tern_tape_arena(tape);
    tern_arena_mark mark = tern_arena_here(arena);
    const scratch *own = scratch_of(arena, n);
    double *w = tern_arena_alloc(arena, (size_t)((n < ANCHORS ? n : ANCHORS) * n) * sizeof *w);
    for (int64_t from = 0; from < n; from += ANCHORS)
        backward_anchors(b, from, (double)*record->out->grad * b->inverse, own, w, dx);
    tern_arena_rewind(arena, mark);
}

static const tern_op op = {"batch_triplet", backward};

tern_tensor *tern_batch_triplet(tern_tape *tape, tern_tensor *x, const int64_t *label, const int64_t *text,
                                tern_triplet_kind kind, tern_pair_kind distance, double margin)
{
    int64_t n = x->rows;
    TERN_CHECK(n > 0, "batch_triplet: %lld rows", (long long)n);
    tern_arena *arena = tern_tape_arena(tape);
    tern_tensor *out = tern_tape_tensor(tape, 1, 1);
    batch_triplet *b = tern_arena_alloc(arena, sizeof *b);
    *b = (batch_triplet){.x = x, .label = label, .text = text, .kind = kind, .distance = distance, .margin = margin};
    tern_arena_mark mark = tern_arena_here(arena);
    anchor *anchors = tern_arena_alloc(arena, (size_t)n * sizeof *anchors);
    const scratch *own = scratch_of(arena, n);
    double sum = 0, count = 0;

#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < n; i++)
        anchors[i] = look_at(b, i, &own[omp_get_thread_num()], NULL);
    for (int64_t i = 0; i < n; i++) {
        sum += anchors[i].loss;
        count += anchors[i].count;
    }
    b->inverse = count == 0 ? 0 : 1 / count;
    *out->data = (tern_real)(sum * b->inverse);
    tern_arena_rewind(arena, mark);
    tern_tape_record(tape, &op, out, TERN_INPUTS(x), b);
    return out;
}
