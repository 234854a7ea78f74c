/* Making batches.
 *
 * 1. Rows are drawn (of groups) and shuffled; with bucketing, sorted by length inside windows.
 * 2. They are dealt in that order. A row with a text that the open batch holds waits in that text's queue. When a
 *    batch is closed its texts are free again, and the next batch first takes rows that wait for them. A row is looked
 *    at again only when the text it waits for is free, so no batch scans all that wait.
 * 3. Rows of the small batches at the end move into room or change places in earlier batches (mend).
 *
 * Steps 1 and 2 take time in proportion to the rows; step 3 to the rows of small batches, each with bounded tries. */
#include "data/sampler.h"

#include "base/hash.h"
#include "base/memory.h"
#include "data/label_runs.h"

#include <string.h>

/* What a random number is for; part of its counter. */
enum { DRAW = 0x64726177, ORDER = 0x6f726472, BATCHES = 0x62746368 };
/* How many batches at the end may be emptied, and how many before them change rows with those. */
enum { MEND_BATCHES = 64 };

struct tern_sampler {
    const tern_rows *rows;
    tern_sampler_options options;
    int64_t n_texts; /* candidates' text ids are below it */
};

/* One epoch in the making. Links are row numbers or text ids; -1 ends a list. */
typedef struct deal {
    const tern_sampler *sampler;
    int64_t *row; /* [n] in the order in which they are dealt */
    int64_t n;
    tern_plan *plan;
    int64_t *stamp;       /* [n_texts] the last batch that took the text */
    int64_t *head, *tail; /* [n_texts] rows that wait for the text */
    int64_t *next;        /* [rows->n] the row behind in its queue */
    int64_t *ready;       /* ring of texts that are free and waited for: [ready_capacity] */
    int64_t ready_from, ready_n, ready_capacity;
    int64_t batch, n_waiting;
} deal;

static int candidates_of(const tern_rows *rows)
{
    return 1 + rows->n_negatives;
}

/* Candidate c of a row: its positive first, which is the anchor once more where the rows have none. */
static int64_t candidate(const tern_rows *rows, int64_t row, int c)
{
    if (c == 0)
        return rows->positive ? rows->positive[row] : rows->anchor[row];
    return rows->negative[row * rows->n_negatives + c - 1];
}

tern_sampler *tern_sampler_create(const tern_rows *rows, const tern_sampler_options *options)
{
    TERN_CHECK(options->batch_size > 0, "a batch of %lld rows", (long long)options->batch_size);
    TERN_CHECK(options->bucket_batches < 2 || options->lengths, "bucketing needs the rows' lengths");
    TERN_CHECK(options->per_label <= 0 || rows->label, "rows by label, and the rows have none");
    tern_sampler *sampler = tern_calloc(1, sizeof *sampler);
    sampler->rows = rows;
    sampler->options = *options;
    int n_candidates = candidates_of(rows);
    for (int64_t i = 0; i < rows->n; i++)
        for (int c = 0; c < n_candidates; c++)
            if (candidate(rows, i, c) >= sampler->n_texts)
                sampler->n_texts = candidate(rows, i, c) + 1;
    return sampler;
}

void tern_sampler_free(tern_sampler *sampler)
{
    free(sampler);
}

/* The first k of a group's rows shuffled by (seed, epoch, group): a Fisher-Yates that stops early. */
static int64_t draw_group(const tern_sampler *s, int64_t epoch, int64_t group, int64_t *row)
{
    const tern_rows *rows = s->rows;
    int64_t from = rows->group_start[group], n = rows->group_start[group + 1] - from, k = rows->positives_per_query;
    for (int64_t i = 0; i < n; i++)
        row[i] = from + i;
    if (k <= 0 || k >= n)
        return n;
    uint64_t seed = tern_random(s->options.seed, DRAW, (uint64_t)epoch, (uint64_t)group);
    for (int64_t i = 0; i < k; i++) {
        int64_t j = i + (int64_t)tern_random_below((uint64_t)(n - i), seed, (uint64_t)i, 0, 0);
        int64_t swap = row[i];
        row[i] = row[j];
        row[j] = swap;
    }
    return k;
}

int64_t tern_sampler_rows(const tern_sampler *sampler)
{
    const tern_rows *rows = sampler->rows;
    int64_t n = 0, most = rows->positives_per_query;
    if (!rows->group_start || most <= 0)
        return rows->n;
    for (int64_t g = 0; g < rows->n_groups; g++) {
        int64_t size = rows->group_start[g + 1] - rows->group_start[g];
        n += size < most ? size : most;
    }
    return n;
}

static int64_t *draw_rows(const tern_sampler *s, int64_t epoch, int64_t *n)
{
    const tern_rows *rows = s->rows;
    int64_t *drawn = tern_alloc((size_t)rows->n, sizeof *drawn);
    *n = 0;
    /* A group is drawn behind what is kept, where there is room for all of it. */
    for (int64_t g = 0; rows->group_start && g < rows->n_groups; g++)
        *n += draw_group(s, epoch, g, drawn + *n);
    if (!rows->group_start)
        for (; *n < rows->n; ++*n)
            drawn[*n] = *n;
    return drawn;
}

static int64_t *shuffled(const int64_t *item, int64_t n, uint64_t seed, uint64_t round)
{
    int64_t *order = tern_alloc((size_t)n, sizeof *order);
    tern_shuffle(order, n, seed, round);
    for (int64_t i = 0; i < n; i++)
        order[i] = item[order[i]];
    return order;
}

typedef struct sized {
    int64_t length, place, row;
} sized;

static int by_length(const void *left, const void *right)
{
    const sized *a = left, *b = right;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static void sort_windows(const tern_sampler *s, int64_t *row, int64_t n)
{
    sized *item = tern_alloc((size_t)n, sizeof *item);
    for (int64_t i = 0; i < n; i++)
        item[i] = (sized){s->options.lengths[row[i]], i, row[i]};
    int64_t window = s->options.batch_size < n / s->options.bucket_batches + 1
                         ? s->options.batch_size * s->options.bucket_batches
                         : n;
    for (int64_t from = 0; from < n; from += window)
        qsort(item + from, (size_t)(n - from < window ? n - from : window), sizeof *item, by_length);
    for (int64_t i = 0; i < n; i++)
        row[i] = item[i].row;
    free(item);
}

/* The text that keeps the row out of the open batch, or -1. */
static int64_t blocking_text(const deal *d, int64_t row)
{
    const tern_rows *rows = d->sampler->rows;
    for (int c = 0; c < candidates_of(rows); c++) {
        int64_t text = candidate(rows, row, c);
        if (d->stamp[text] == d->batch)
            return text;
    }
    return -1;
}

static void enqueue(deal *d, int64_t text, int64_t row)
{
    d->next[row] = -1;
    if (d->head[text] < 0)
        d->head[text] = row;
    else
        d->next[d->tail[text]] = row;
    d->tail[text] = row;
    d->n_waiting++;
}

static int64_t dequeue(deal *d, int64_t text)
{
    int64_t row = d->head[text];
    d->head[text] = d->next[row];
    d->n_waiting--;
    return row;
}

static void place(deal *d, int64_t row)
{
    const tern_rows *rows = d->sampler->rows;
    for (int c = 0; c < candidates_of(rows); c++)
        d->stamp[candidate(rows, row, c)] = d->batch;
    d->plan->rows[d->plan->start[d->plan->n_batches + 1]++] = row;
}

static int64_t open_size(const deal *d)
{
    return d->plan->start[d->plan->n_batches + 1] - d->plan->start[d->plan->n_batches];
}

static void push_ready(deal *d, int64_t text)
{
    if (d->ready_n == d->ready_capacity) {
        int64_t old = d->ready_capacity, capacity = old ? 2 * old : 256;
        int64_t *ring = tern_alloc((size_t)capacity, sizeof *ring);
        for (int64_t i = 0; i < d->ready_n; i++)
            ring[i] = d->ready[(d->ready_from + i) % old];
        free(d->ready);
        d->ready = ring;
        d->ready_from = 0;
        d->ready_capacity = capacity;
    }
    d->ready[(d->ready_from + d->ready_n++) % d->ready_capacity] = text;
}

/* Places the first row of the text's queue that nothing else keeps out; those that something does wait for that. */
static void take_waiting(deal *d, int64_t text)
{
    while (d->head[text] >= 0 && d->stamp[text] != d->batch) {
        int64_t row = dequeue(d, text), blocked_by = blocking_text(d, row);
        if (blocked_by < 0)
            place(d, row);
        else
            enqueue(d, blocked_by, row);
    }
}

/* A text that is waited for is in the open batch or among the ready ones, so none is forgotten: one that the batch
 * takes comes back when the batch is closed. */
static void take_ready(deal *d)
{
    while (d->ready_n > 0 && open_size(d) < d->sampler->options.batch_size) {
        int64_t text = d->ready[d->ready_from];
        d->ready_from = (d->ready_from + 1) % d->ready_capacity;
        d->ready_n--;
        take_waiting(d, text);
    }
}

static void close_batch(deal *d)
{
    const tern_rows *rows = d->sampler->rows;
    tern_plan *plan = d->plan;
    int64_t from = plan->start[plan->n_batches], to = plan->start[plan->n_batches + 1];
    d->batch++;
    for (int64_t i = from; i < to; i++)
        for (int c = 0; c < candidates_of(rows); c++) {
            int64_t text = candidate(rows, plan->rows[i], c);
            /* A repeated text of one row would be pushed twice: the stamp marks it as seen. */
            if (d->stamp[text] == d->batch - 1 && d->head[text] >= 0)
                push_ready(d, text);
            d->stamp[text] = -1;
        }
    plan->n_batches++;
    plan->start[plan->n_batches + 1] = to;
}

static void deal_rows(deal *d)
{
    int64_t size = d->sampler->options.batch_size, at = 0;
    while (at < d->n || d->n_waiting > 0) {
        take_ready(d);
        while (at < d->n && open_size(d) < size) {
            int64_t row = d->row[at++];
            int64_t text = d->sampler->options.distinct ? blocking_text(d, row) : -1;
            if (text < 0)
                place(d, row);
            else
                enqueue(d, text, row);
        }
        close_batch(d);
    }
}

/* The end of a plan while it is mended: each batch has room for a full one. */
typedef struct ending {
    const tern_rows *rows;
    int64_t *row; /* [n_batches, size] */
    int64_t *n;   /* [n_batches] */
    int64_t size, n_batches;
} ending;

static int share_text(const tern_rows *rows, int64_t left, int64_t right)
{
    int n = candidates_of(rows);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            if (candidate(rows, left, a) == candidate(rows, right, b))
                return 1;
    return 0;
}

/* How many rows of batch b keep the row out (2: two or more); *which: the place of the last one seen. */
static int count_blocking(const ending *e, int64_t row, int64_t b, int64_t *which)
{
    int count = 0;
    for (int64_t i = 0; i < e->n[b] && count < 2; i++)
        if (share_text(e->rows, row, e->row[b * e->size + i])) {
            *which = i;
            count++;
        }
    return count;
}

static int move_into(ending *e, int64_t row, int64_t b)
{
    int64_t which;
    if (e->n[b] >= e->size || count_blocking(e, row, b, &which) > 0)
        return 0;
    e->row[b * e->size + e->n[b]++] = row;
    return 1;
}

/* Puts the row into batch b in place of one that fits into `room`: the one that keeps it out, else any. */
static int change_places(ending *e, int64_t row, int64_t b, int64_t room)
{
    int64_t *batch = e->row + b * e->size, from = 0, to = e->n[b], which = 0;
    int blocking = count_blocking(e, row, b, &which);
    if (blocking > 1)
        return 0;
    if (blocking == 1) {
        from = which;
        to = which + 1;
    }
    for (int64_t i = from; i < to; i++)
        if (move_into(e, batch[i], room)) {
            batch[i] = row;
            return 1;
        }
    return 0;
}

/* Finds a row of the last batch another place. */
static int rehouse(ending *e, int64_t row)
{
    int64_t last = e->n_batches - 1, room = -1;
    for (int64_t b = 0; b < last; b++) {
        if (move_into(e, row, b))
            return 1;
        if (e->n[b] < e->size)
            room = b;
    }
    for (int64_t b = last - 1; room >= 0 && b >= 0; b--)
        if (b != room && change_places(e, row, b, room))
            return 1;
    return 0;
}

static void empty_last_batches(ending *e, int64_t least)
{
    while (e->n_batches > least) {
        int64_t last = e->n_batches - 1;
        while (e->n[last] > 0 && rehouse(e, e->row[last * e->size + e->n[last] - 1]))
            e->n[last]--;
        if (e->n[last] > 0)
            return;
        e->n_batches--;
    }
}

/* Empties batches from the end while there are more than the number of rows needs. Far more of them come from a text
 * that more rows share than there are batches: nothing mends that. */
static void mend(const deal *d)
{
    tern_plan *plan = d->plan;
    int64_t wanted = d->sampler->options.batch_size, size = wanted < d->n ? wanted : d->n;
    if (d->n == 0)
        return;
    int64_t least = d->n / size + (d->n % size != 0);
    if (plan->n_batches <= least || plan->n_batches > least + MEND_BATCHES)
        return;
    int64_t first = least > MEND_BATCHES ? least - MEND_BATCHES : 0;
    ending e = {.rows = d->sampler->rows, .size = size, .n_batches = plan->n_batches - first};
    e.row = tern_alloc((size_t)e.n_batches, (size_t)size * sizeof *e.row);
    e.n = tern_alloc((size_t)e.n_batches, sizeof *e.n);
    for (int64_t b = 0; b < e.n_batches; b++) {
        e.n[b] = plan->start[first + b + 1] - plan->start[first + b];
        memcpy(e.row + b * size, plan->rows + plan->start[first + b], (size_t)e.n[b] * sizeof *e.row);
    }
    empty_last_batches(&e, least - first);
    plan->n_batches = first + e.n_batches;
    for (int64_t b = 0; b < e.n_batches; b++) {
        plan->start[first + b + 1] = plan->start[first + b] + e.n[b];
        memcpy(plan->rows + plan->start[first + b], e.row + b * size, (size_t)e.n[b] * sizeof *e.row);
    }
    free(e.row);
    free(e.n);
}

/* Full batches come first, all of one size. */
static void shuffle_batches(const tern_sampler *s, tern_plan *plan, int64_t epoch)
{
    int64_t size = s->options.batch_size, full = 0;
    while (full < plan->n_batches && plan->start[full + 1] == (full + 1) * size)
        full++;
    int64_t *order = tern_alloc((size_t)full, sizeof *order);
    int64_t *copy = tern_alloc((size_t)(full * size), sizeof *copy);
    tern_shuffle(order, full, tern_random(s->options.seed, BATCHES, 0, 0), (uint64_t)epoch);
    if (full)
        memcpy(copy, plan->rows, (size_t)(full * size) * sizeof *copy);
    for (int64_t b = 0; b < full; b++)
        memcpy(plan->rows + b * size, copy + order[b] * size, (size_t)size * sizeof *copy);
    free(order);
    free(copy);
}

static int64_t *filled(int64_t n)
{
    int64_t *array = tern_alloc((size_t)n, sizeof *array);
    for (int64_t i = 0; i < n; i++)
        array[i] = -1;
    return array;
}

static tern_plan *make_batches(const tern_sampler *s, int64_t *row, int64_t n)
{
    tern_plan *plan = tern_calloc(1, sizeof *plan);
    plan->start = tern_calloc((size_t)n + 2, sizeof *plan->start);
    plan->rows = tern_alloc((size_t)n, sizeof *plan->rows);
    deal d = {.sampler = s, .row = row, .n = n, .plan = plan};
    d.stamp = filled(s->n_texts);
    d.head = filled(s->n_texts);
    d.tail = filled(s->n_texts);
    d.next = filled(s->rows->n);
    deal_rows(&d);
    TERN_CHECK(plan->start[plan->n_batches] == n, "%lld of %lld rows dealt", (long long)plan->start[plan->n_batches],
               (long long)n);
    mend(&d);
    free(d.stamp);
    free(d.head);
    free(d.tail);
    free(d.next);
    free(d.ready);
    return plan;
}

tern_plan *tern_sampler_plan(const tern_sampler *sampler, int64_t epoch)
{
    int64_t n, *drawn = draw_rows(sampler, epoch, &n);
    int64_t *row = shuffled(drawn, n, tern_random(sampler->options.seed, ORDER, 0, 0), (uint64_t)epoch);
    int by_label = sampler->options.per_label > 0, bucketing = !by_label && sampler->options.bucket_batches > 1;
    free(drawn);
    if (bucketing)
        sort_windows(sampler, row, n);
    tern_plan *plan = by_label ? tern_label_runs_plan(sampler->rows, &sampler->options, epoch, row, n)
                               : make_batches(sampler, row, n);
    if (bucketing)
        shuffle_batches(sampler, plan, epoch);
    free(row);
    return plan;
}

int64_t tern_sampler_count(const tern_sampler *sampler, int64_t epoch)
{
    int64_t n = tern_sampler_rows(sampler), size = sampler->options.batch_size;
    if (!sampler->options.distinct || sampler->options.per_label > 0)
        return n / size + (n % size != 0);
    tern_plan *plan = tern_sampler_plan(sampler, epoch);
    int64_t count = plan->n_batches;
    tern_plan_free(plan);
    return count;
}

void tern_plan_free(tern_plan *plan)
{
    if (!plan)
        return;
    free(plan->start);
    free(plan->rows);
    free(plan);
}
