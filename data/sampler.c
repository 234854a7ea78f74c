/* Making batches: rows are drawn (of groups) and shuffled; with bucketing, sorted by length inside windows; then cut
 * into batches in that order, by label (data/label_runs.h) or with equal texts apart (data/deal.h). */
#include "data/sampler.h"

#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"
#include "data/deal.h"
#include "data/label_runs.h"

#include <string.h>

/* What a random number is for; part of its counter. */
enum { DRAW = 0x64726177, ORDER = 0x6f726472, BATCHES = 0x62746368 };

struct tern_sampler {
    const tern_rows *rows;
    tern_sampler_options options;
    int64_t n_drawn; /* rows of an epoch */
    int64_t n_texts; /* candidates' text ids are below it */
};

static int64_t count_drawn(const tern_rows *rows)
{
    int64_t n = 0, most = rows->positives_per_query;
    if (!rows->group_start || most <= 0)
        return rows->n;
    for (int64_t g = 0; g < rows->n_groups; g++)
        n += tern_min(rows->group_start[g + 1] - rows->group_start[g], most);
    return n;
}

static int64_t count_texts(const tern_rows *rows)
{
    int64_t n = 0, n_listed = 0;
    const int64_t *listed = rows->pool ? tern_negatives_texts(rows->pool, &n_listed) : NULL;
    for (int64_t i = 0; i < rows->n; i++)
        n = tern_max(n, tern_row_candidate(rows, i, 0) + 1);
    for (int64_t i = 0; rows->negative && i < rows->n * rows->n_negatives; i++)
        n = tern_max(n, rows->negative[i] + 1);
    for (int64_t i = 0; i < n_listed; i++)
        n = tern_max(n, listed[i] + 1);
    return n;
}

tern_sampler *tern_sampler_create(const tern_rows *rows, const tern_sampler_options *options)
{
    TERN_CHECK(options->batch_size > 0, "a batch of %lld rows", (long long)options->batch_size);
    TERN_CHECK(options->bucket_batches < 2 || options->lengths, "bucketing needs the rows' lengths");
    TERN_CHECK(options->per_label <= 0 || rows->label, "rows by label, and the rows have none");
    tern_sampler *sampler = tern_calloc(1, sizeof *sampler);
    sampler->rows = rows;
    sampler->options = *options;
    sampler->n_drawn = count_drawn(rows);
    sampler->n_texts = count_texts(rows);
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
    return sampler->n_drawn;
}

int64_t tern_sampler_count(const tern_sampler *sampler)
{
    return tern_parts(sampler->n_drawn, sampler->options.batch_size);
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

/* All but the last, where that is not full. */
static void shuffle_batches(const tern_sampler *s, tern_plan *plan, int64_t epoch)
{
    int64_t size = s->options.batch_size, full = plan->start[plan->n_batches] / size;
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

tern_plan *tern_sampler_plan(const tern_sampler *sampler, int64_t epoch)
{
    const tern_sampler_options *o = &sampler->options;
    int64_t n, *drawn = draw_rows(sampler, epoch, &n);
    int64_t *row = shuffled(drawn, n, tern_random(o->seed, ORDER, 0, 0), (uint64_t)epoch);
    int bucketing = o->per_label <= 0 && o->bucket_batches > 1;
    tern_plan *plan = tern_plan_create(n, o->batch_size);
    free(drawn);
    plan->drawn = sampler->rows->pool ? tern_rows_draw(sampler->rows, o->seed, epoch) : NULL;
    plan->view = plan->drawn ? plan->drawn : sampler->rows;
    if (bucketing)
        sort_windows(sampler, row, n);
    if (o->per_label > 0)
        tern_label_runs_plan(sampler->rows, o, epoch, row, plan);
    else if (o->apart)
        tern_deal_apart(plan->view, sampler->n_texts, row, o->batch_size, plan);
    else if (n)
        memcpy(plan->rows, row, (size_t)n * sizeof *row);
    if (bucketing)
        shuffle_batches(sampler, plan, epoch);
    free(row);
    return plan;
}

void tern_plan_free(tern_plan *plan)
{
    if (!plan)
        return;
    free(plan->start);
    free(plan->rows);
    tern_rows_drawn_free(plan->drawn);
    free(plan);
}
