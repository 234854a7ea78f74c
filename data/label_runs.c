/* Runs of rows of one label.
 *
 * Labels take turns in an order that spreads each over the epoch. A turn takes per_label rows of its label, one more
 * or one less where that keeps a single row from being left over, of the label or in the batch, and fewer where the
 * batch is full. A turn that would do badly (a row without another of its label, a batch of one label alone) changes
 * places with one of the next that does well, where there is one near. Rows that turns cut short have left go through
 * further rounds of turns. */
#include "data/label_runs.h"

#include "base/hash.h"
#include "base/memory.h"
#include "data/spread.h"

/* How far ahead another turn is looked for. */
enum { TURNS_AHEAD = 64 };
/* What a random number is for; part of its counter. */
enum { TURNS = 0x7475726e };

typedef struct runs {
    const tern_sampler_options *options;
    int64_t *row, n; /* [n] rows of each label together */
    int64_t *next;   /* [n_labels + 1] the label's next row */
    int64_t *end;    /* [n_labels] */
    int64_t *turn;   /* [n_turns] labels */
    int64_t n_turns, n_labels;
    tern_plan *plan;
    int64_t placed;
    int64_t only; /* the one label of the open batch; -1: none or several */
} runs;

static int64_t left_of(const runs *r, int64_t label)
{
    return r->end[label] - r->next[label];
}

static int64_t room_of(const runs *r)
{
    int64_t size = r->options->batch_size, room = size - r->placed % size, left = r->n - r->placed;
    return room < left ? room : left;
}

static int leaves_one(int64_t left, int64_t room, int64_t taken)
{
    return left - taken == 1 || room - taken == 1;
}

/* How many rows a label with so many left gives to a batch with so much room. */
static int64_t run_length(int64_t left, int64_t room, int64_t wanted)
{
    int64_t most = left < room ? left : room, n = wanted < most ? wanted : most;
    if (wanted == 1 || !leaves_one(left, room, n))
        return n;
    if (n < most && !leaves_one(left, room, n + 1))
        return n + 1;
    return n > 2 && !leaves_one(left, room, n - 1) ? n - 1 : n;
}

static int does_well(const runs *r, int64_t label)
{
    int64_t left = left_of(r, label), room = room_of(r), wanted = r->options->per_label;
    int64_t n = run_length(left, room, wanted);
    if (n == 0 || (n == room && n < r->options->batch_size && r->only == label))
        return 0;
    return wanted == 1 || left == 1 || (n > 1 && !leaves_one(left, room, n));
}

/* Brings a turn that does well to place t, if there is one near. */
static void choose_turn(runs *r, int64_t t)
{
    int64_t to = t + TURNS_AHEAD < r->n_turns ? t + TURNS_AHEAD : r->n_turns;
    for (int64_t i = t; i < to; i++)
        if (does_well(r, r->turn[i])) {
            int64_t swap = r->turn[t];
            r->turn[t] = r->turn[i];
            r->turn[i] = swap;
            return;
        }
}

static void take(runs *r, int64_t label)
{
    int64_t size = r->options->batch_size;
    int64_t n = run_length(left_of(r, label), room_of(r), r->options->per_label);
    if (n == 0)
        return;
    r->only = r->placed % size == 0 || r->only == label ? label : -1;
    for (int64_t i = 0; i < n; i++)
        r->plan->rows[r->placed++] = r->row[r->next[label]++];
}

/* One round: as many turns as the rows that are left need. */
static void take_turns(runs *r, uint64_t seed, uint64_t round)
{
    int64_t per = r->options->per_label;
    int64_t *count = tern_alloc((size_t)r->n_labels, sizeof *count);
    r->n_turns = 0;
    for (int64_t l = 0; l < r->n_labels; l++) {
        count[l] = left_of(r, l) / per + (left_of(r, l) % per != 0);
        r->n_turns += count[l];
    }
    r->turn = tern_alloc((size_t)r->n_turns, sizeof *r->turn);
    tern_spread(count, r->n_labels, seed, round, r->turn);
    for (int64_t t = 0; t < r->n_turns; t++) {
        choose_turn(r, t);
        take(r, r->turn[t]);
    }
    free(r->turn);
    free(count);
}

/* A counting sort by label, which keeps the rows of each in their shuffled order. */
static void sort_by_label(runs *r, const int64_t *label, const int64_t *row, int64_t n)
{
    r->next = tern_calloc((size_t)r->n_labels + 1, sizeof *r->next);
    r->end = tern_calloc((size_t)r->n_labels, sizeof *r->end);
    r->row = tern_alloc((size_t)n, sizeof *r->row);
    for (int64_t i = 0; i < n; i++)
        r->next[label[row[i]] + 1]++;
    for (int64_t l = 0; l < r->n_labels; l++)
        r->end[l] = r->next[l + 1] += r->next[l];
    for (int64_t i = 0; i < n; i++)
        r->row[r->next[label[row[i]]]++] = row[i];
    for (int64_t l = r->n_labels - 1; l > 0; l--)
        r->next[l] = r->end[l - 1];
    r->next[0] = 0;
}

void tern_label_runs_plan(const tern_rows *rows, const tern_sampler_options *options, int64_t epoch, const int64_t *row,
                          tern_plan *plan)
{
    int64_t n = plan->start[plan->n_batches];
    runs r = {.options = options, .plan = plan, .n = n, .n_labels = rows->n_labels, .only = -1};
    sort_by_label(&r, rows->label, row, n);
    uint64_t seed = tern_random(options->seed, TURNS, (uint64_t)epoch, 0);
    for (uint64_t round = 0; r.placed < n; round++)
        take_turns(&r, seed, round);
    free(r.row);
    free(r.next);
    free(r.end);
}
