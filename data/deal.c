/* Dealing rows into batches, with equal texts apart as far as that costs nothing.
 *
 * A text that c of the n rows have among their candidates must stand ceil(c / batches) times in some batch, and may
 * stand that often in each: once for most texts, more often for one that recurs more often than there are batches.
 *
 * 1. Rows are dealt in their order. A row with a text that the open batch has as often as it may waits in that text's
 *    queue. When a batch is full its texts are free again, and the next batch first takes rows that wait for them. A
 *    row is looked at again only when the text it waits for is free, so no batch scans all that wait.
 * 2. At the end, when all rows that are left wait for texts of the open batch, they are taken all the same.
 * 3. Such rows then change places with rows of other batches where both fit (mend).
 *
 * Steps 1 and 2 take time in proportion to the rows, step 3 too: its search is cut off. */
#include "data/deal.h"

#include "base/integer.h"
#include "base/memory.h"

/* How many batches and rows mending may look at, for each row of the epoch. */
enum { TRIES_A_ROW = 16 };

/* One epoch in the making. Links are row numbers or text ids; -1 ends a list. */
typedef struct deal {
    const tern_rows *rows;
    tern_plan *plan;
    int64_t placed, batch, end; /* rows placed; the open batch, and how many are placed when it is full */
    int64_t *most;              /* [n_texts] how many rows of a batch may have the text */
    int64_t *used;              /* [n_texts] how many of the open batch do */
    int64_t *head, *tail;       /* [n_texts] rows that wait for the text */
    int64_t *next;              /* [rows->n] the row behind in its queue */
    int64_t *ready;             /* ring of texts that are free and waited for: [ready_capacity] */
    int64_t ready_from, ready_n, ready_capacity;
    int64_t crowded; /* the first batch that has a text more often than it may; -1: none */
} deal;

tern_plan *tern_plan_create(int64_t n, int64_t size)
{
    tern_plan *plan = tern_calloc(1, sizeof *plan);
    plan->n_batches = tern_parts(n, size);
    plan->start = tern_alloc((size_t)plan->n_batches + 1, sizeof *plan->start);
    plan->rows = tern_alloc((size_t)n, sizeof *plan->rows);
    for (int64_t b = 0; b < plan->n_batches; b++)
        plan->start[b] = b * size;
    plan->start[plan->n_batches] = n;
    return plan;
}

/* The row's texts into the counts, or out of them (by -1). */
static void count_texts(const tern_rows *rows, int64_t row, int64_t by, int64_t *count)
{
    for (int c = 0; c < tern_row_candidates(rows, row); c++)
        if (tern_row_is_first(rows, row, c))
            count[tern_row_candidate(rows, row, c)] += by;
}

/* The text that keeps the row out of a batch with these counts, or -1. */
static int64_t blocking_text(const deal *d, int64_t row)
{
    for (int c = 0; c < tern_row_candidates(d->rows, row); c++) {
        int64_t text = tern_row_candidate(d->rows, row, c);
        if (d->used[text] >= d->most[text])
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
}

static int64_t dequeue(deal *d, int64_t text)
{
    int64_t row = d->head[text];
    d->head[text] = d->next[row];
    return row;
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

static void place(deal *d, int64_t row)
{
    d->plan->rows[d->placed++] = row;
    count_texts(d->rows, row, 1, d->used);
}

/* Takes rows of the text's queue while the batch has room and may have more of the text; those that another text keeps
 * out wait for that. */
static void take_waiting(deal *d, int64_t text)
{
    while (d->head[text] >= 0 && d->used[text] < d->most[text] && d->placed < d->end) {
        int64_t row = dequeue(d, text), blocked_by = blocking_text(d, row);
        if (blocked_by < 0)
            place(d, row);
        else
            enqueue(d, blocked_by, row);
    }
}

/* A text that is waited for is among the ready ones, or the open batch has it and it comes back when that is full: so
 * none is forgotten. */
static void take_ready(deal *d)
{
    while (d->ready_n > 0 && d->placed < d->end) {
        int64_t text = d->ready[d->ready_from];
        take_waiting(d, text);
        if (d->head[text] >= 0 && d->used[text] < d->most[text])
            return; /* the batch is full: the text stays the first */
        d->ready_from = (d->ready_from + 1) % d->ready_capacity;
        d->ready_n--;
    }
}

/* Fills the batch when every row that is left waits for a text of it: a row of each in turn. */
static void take_anyway(deal *d)
{
    if (d->crowded < 0)
        d->crowded = d->batch;
    for (int64_t i = d->plan->start[d->batch]; d->placed < d->end; i++)
        for (int c = 0; c < tern_row_candidates(d->rows, d->plan->rows[i]) && d->placed < d->end; c++) {
            int64_t text = tern_row_candidate(d->rows, d->plan->rows[i], c);
            if (d->head[text] >= 0)
                place(d, dequeue(d, text));
        }
}

static void close_batch(deal *d)
{
    const tern_plan *plan = d->plan;
    for (int64_t i = plan->start[d->batch]; i < d->end; i++)
        for (int c = 0; c < tern_row_candidates(d->rows, plan->rows[i]); c++) {
            int64_t text = tern_row_candidate(d->rows, plan->rows[i], c);
            if (d->used[text] > 0 && d->head[text] >= 0)
                push_ready(d, text);
            d->used[text] = 0;
        }
    d->batch++;
}

static void deal_rows(deal *d, const int64_t *row)
{
    int64_t n = d->plan->start[d->plan->n_batches], at = 0;
    while (d->batch < d->plan->n_batches) {
        d->end = d->plan->start[d->batch + 1];
        take_ready(d);
        while (at < n && d->placed < d->end) {
            int64_t text = blocking_text(d, row[at]);
            if (text < 0)
                place(d, row[at]);
            else
                enqueue(d, text, row[at]);
            at++;
        }
        if (d->placed < d->end)
            take_anyway(d);
        close_batch(d);
    }
}

/* A plan while it is mended. */
typedef struct mending {
    const tern_rows *rows;
    tern_plan *plan;
    int64_t size;
    const int64_t *most;     /* [n_texts] as in a deal */
    int64_t *used;           /* [n_texts] of the batch that is mended, 0 between batches */
    int64_t *start, *holder; /* rows that have the text: holder[start[text] .. start[text + 1]) */
    int64_t *where;          /* [rows->n] the row's place in the plan; -1: not drawn */
    int64_t *tally;          /* [n_batches] scratch, all 0 */
    int64_t *closed_to;      /* [n_batches] the last row that can't go into the batch */
    int64_t tries;           /* left */
} mending;

static void list_holders(mending *m, int64_t n_texts)
{
    const tern_plan *plan = m->plan;
    int64_t n = plan->start[plan->n_batches];
    m->start = tern_calloc((size_t)n_texts + 2, sizeof *m->start);
    for (int64_t i = 0; i < n; i++)
        count_texts(m->rows, plan->rows[i], 1, m->start + 2);
    for (int64_t t = 0; t < n_texts; t++)
        m->start[t + 2] += m->start[t + 1];
    m->holder = tern_alloc((size_t)m->start[n_texts + 1], sizeof *m->holder);
    for (int64_t i = 0; i < n; i++)
        for (int c = 0; c < tern_row_candidates(m->rows, plan->rows[i]); c++)
            if (tern_row_is_first(m->rows, plan->rows[i], c))
                m->holder[m->start[tern_row_candidate(m->rows, plan->rows[i], c) + 1]++] = plan->rows[i];
}

static int64_t batch_of(const mending *m, int64_t row)
{
    return m->where[row] / m->size;
}

/* Marks the batches that have one of the row's texts as often as they may without the row. */
static void close_batches(mending *m, int64_t row)
{
    for (int c = 0; c < tern_row_candidates(m->rows, row); c++) {
        int64_t text = tern_row_candidate(m->rows, row, c), from = m->start[text], to = m->start[text + 1];
        for (int64_t i = from; i < to; i++)
            if (m->holder[i] != row && ++m->tally[batch_of(m, m->holder[i])] >= m->most[text])
                m->closed_to[batch_of(m, m->holder[i])] = row;
        for (int64_t i = from; i < to; i++)
            m->tally[batch_of(m, m->holder[i])] = 0;
        m->tries -= to - from;
    }
}

/* 1 when the batch that is mended may have the row's texts, the row's own share of the counts left out. */
static int fits(const mending *m, int64_t row)
{
    for (int c = 0; c < tern_row_candidates(m->rows, row); c++) {
        int64_t text = tern_row_candidate(m->rows, row, c);
        if (m->used[text] >= m->most[text])
            return 0;
    }
    return 1;
}

static void put(mending *m, int64_t row, int64_t place)
{
    m->plan->rows[place] = row;
    m->where[row] = place;
}

/* Lets the row, which the batch can't have, change places with one that fits here while it fits there. */
static int change_places(mending *m, int64_t row)
{
    const tern_plan *plan = m->plan;
    int64_t own = batch_of(m, row), place = m->where[row];
    close_batches(m, row);
    for (int64_t k = 1; k < plan->n_batches && m->tries > 0; k++) {
        int64_t other = (own + plan->n_batches - k) % plan->n_batches;
        m->tries--;
        if (m->closed_to[other] == row)
            continue;
        for (int64_t i = plan->start[other]; i < plan->start[other + 1] && m->tries > 0; i++, m->tries--)
            if (fits(m, plan->rows[i])) {
                put(m, plan->rows[i], place);
                put(m, row, i);
                return 1;
            }
    }
    return 0;
}

/* Returns how many rows found another place. */
static int64_t mend_batch(mending *m, int64_t b)
{
    const tern_plan *plan = m->plan;
    int64_t moved = 0;
    for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++)
        count_texts(m->rows, plan->rows[i], 1, m->used);
    for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++) {
        int64_t row = plan->rows[i];
        count_texts(m->rows, row, -1, m->used);
        if (!fits(m, row))
            moved += change_places(m, row);
        count_texts(m->rows, plan->rows[i], 1, m->used);
    }
    for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++)
        count_texts(m->rows, plan->rows[i], -1, m->used);
    return moved;
}

static int64_t *filled(int64_t n)
{
    int64_t *array = tern_alloc((size_t)n, sizeof *array);
    for (int64_t i = 0; i < n; i++)
        array[i] = -1;
    return array;
}

/* Goes through the batches from the first crowded one on, and again as long as rows find other places. */
static void mend(const deal *d, int64_t n_texts, int64_t size)
{
    tern_plan *plan = d->plan;
    int64_t n = plan->start[plan->n_batches];
    mending m = {.rows = d->rows, .plan = plan, .size = size, .most = d->most, .used = d->used};
    m.tries = TRIES_A_ROW * n;
    m.where = filled(d->rows->n);
    m.closed_to = filled(plan->n_batches);
    m.tally = tern_calloc((size_t)plan->n_batches, sizeof *m.tally);
    for (int64_t i = 0; i < n; i++)
        m.where[plan->rows[i]] = i;
    list_holders(&m, n_texts);
    for (int64_t moved = 1; moved > 0 && m.tries > 0;) {
        moved = 0;
        for (int64_t b = d->crowded; b < plan->n_batches; b++)
            moved += mend_batch(&m, b);
    }
    free(m.where);
    free(m.closed_to);
    free(m.tally);
    free(m.start);
    free(m.holder);
}

void tern_deal_apart(const tern_rows *rows, int64_t n_texts, const int64_t *row, int64_t size, tern_plan *plan)
{
    deal d = {.rows = rows, .plan = plan, .crowded = -1};
    d.most = tern_calloc((size_t)n_texts, sizeof *d.most);
    d.used = tern_calloc((size_t)n_texts, sizeof *d.used);
    d.head = filled(n_texts);
    d.tail = filled(n_texts);
    d.next = filled(rows->n);
    for (int64_t i = 0; i < plan->start[plan->n_batches]; i++)
        count_texts(rows, row[i], 1, d.most);
    for (int64_t t = 0; t < n_texts; t++)
        d.most[t] = tern_parts(d.most[t], plan->n_batches);
    deal_rows(&d, row);
    if (d.crowded >= 0)
        mend(&d, n_texts, size);
    free(d.most);
    free(d.used);
    free(d.head);
    free(d.tail);
    free(d.next);
    free(d.ready);
}
