#include "base/hash.h"
#include "base/memory.h"
#include "base/pair_mask.h"
#include "data/sampler.h"
#include "tests/support.h"

#include <string.h>

/* Rows over small numbers for texts; anchors get ids of their own. */
static tern_rows *make_rows(int64_t n, int n_negatives)
{
    tern_rows *rows = tern_calloc(1, sizeof *rows);
    rows->n = n;
    rows->n_negatives = n_negatives;
    rows->has_positive = 1;
    rows->anchor = tern_calloc((size_t)n, sizeof *rows->anchor);
    rows->positive = tern_calloc((size_t)n, sizeof *rows->positive);
    rows->negative = tern_calloc((size_t)(n * n_negatives), sizeof *rows->negative);
    for (int64_t i = 0; i < n; i++)
        rows->anchor[i] = 1000000 + i;
    return rows;
}

static int64_t largest(const int64_t *list, int64_t n)
{
    int64_t most = -1;
    for (int64_t i = 0; i < n; i++)
        most = list[i] > most ? list[i] : most;
    return most;
}

static void expect_each_once(const tern_rows *rows, const tern_plan *plan)
{
    char *seen = tern_calloc((size_t)rows->n, 1);
    ck_assert_int_eq(plan->start[plan->n_batches], rows->n);
    for (int64_t i = 0; i < rows->n; i++) {
        ck_assert_int_eq(seen[plan->rows[i]], 0);
        seen[plan->rows[i]] = 1;
    }
    free(seen);
}

/* How often a batch has a text more often than a text of its frequency must be in one: ceil(its rows / batches), of
 * texts with fewer than below rows. A text that a row repeats counts once. */
static int64_t excess_of(const tern_rows *rows, const tern_plan *plan, int64_t below)
{
    int64_t most = largest(rows->positive, rows->n), m = largest(rows->negative, rows->n * rows->n_negatives), sum = 0;
    size_t n = (size_t)(most > m ? most : m) + 1;
    int64_t *all = tern_calloc(n, sizeof *all), *here = tern_calloc(n, sizeof *here),
            *seen = tern_alloc(n, sizeof *seen);
    memset(seen, 0xFF, n * sizeof *seen);
    for (int pass = 0; pass < 2; pass++)
        for (int64_t b = 0; b < plan->n_batches; b++) {
            memset(here, 0, n * sizeof *here);
            for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++)
                for (int c = 0; c <= rows->n_negatives; c++) {
                    int64_t row = plan->rows[i];
                    int64_t text = c ? rows->negative[row * rows->n_negatives + c - 1] : rows->positive[row];
                    if (seen[text] == row + pass * rows->n)
                        continue;
                    seen[text] = row + pass * rows->n;
                    if (pass == 0)
                        all[text]++;
                    else
                        sum += ++here[text] > (all[text] + plan->n_batches - 1) / plan->n_batches && all[text] < below;
                }
        }
    free(all);
    free(here);
    free(seen);
    return sum;
}

static int64_t excess(const tern_rows *rows, const tern_plan *plan)
{
    return excess_of(rows, plan, INT64_MAX);
}

/* ceil(rows / size) batches, all full but the last. */
static void expect_full(const tern_plan *plan, int64_t size)
{
    int64_t n = plan->start[plan->n_batches];
    ck_assert_int_eq(plan->n_batches, n / size + (n % size != 0));
    for (int64_t b = 0; b < plan->n_batches; b++)
        ck_assert_int_eq(plan->start[b], b * size);
}

static tern_plan *plan_of(const tern_rows *rows, tern_sampler_options options, int64_t epoch)
{
    tern_sampler *sampler = tern_sampler_create(rows, &options);
    tern_plan *plan = tern_sampler_plan(sampler, epoch);
    tern_sampler_free(sampler);
    return plan;
}

static int same(const tern_plan *a, const tern_plan *b)
{
    return a->n_batches == b->n_batches && !memcmp(a->start, b->start, (size_t)(a->n_batches + 1) * sizeof *a->start) &&
           !memcmp(a->rows, b->rows, (size_t)a->start[a->n_batches] * sizeof *a->rows);
}

START_TEST(a_plan_depends_on_seed_and_epoch_alone)
{
    tern_rows *rows = make_rows(100, 1);
    for (int64_t i = 0; i < 100; i++) {
        rows->positive[i] = i / 3;
        rows->negative[i] = 200 + i;
    }
    tern_sampler_options options = {.batch_size = 8, .seed = 42, .apart = 1};
    tern_plan *a = plan_of(rows, options, 3), *b = plan_of(rows, options, 3), *c = plan_of(rows, options, 4);
    options.seed = 43;
    tern_plan *d = plan_of(rows, options, 3);
    ck_assert(same(a, b));
    ck_assert(!same(a, c));
    ck_assert(!same(a, d));
    tern_plan_free(a);
    tern_plan_free(b);
    tern_plan_free(c);
    tern_plan_free(d);
    tern_plan_free(NULL);
    tern_rows_free(rows);
}
END_TEST

START_TEST(only_the_last_batch_is_small)
{
    tern_rows *rows = make_rows(21, 0);
    tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 8, .seed = 1}, 0);
    ck_assert_int_eq(plan->n_batches, 3);
    ck_assert_int_eq(plan->start[2], 16);
    expect_each_once(rows, plan);
    tern_plan_free(plan);
    tern_rows_free(rows);
}
END_TEST

/* Texts of very unequal frequency; every row's own texts differ. */
START_TEST(batches_are_full_and_texts_as_far_apart_as_can_be)
{
    int64_t rows_seen = 0, too_near = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        int64_t n = 50 + (int64_t)tern_random_below(400, seed, 1, 0, 0), size = 2 + (int64_t)(seed % 31);
        int negatives = (int)(seed % 3);
        int64_t n_texts = n / 2 + 5;
        tern_rows *rows = make_rows(n, negatives);
        for (int64_t i = 0; i < n; i++) {
            uint64_t range = 1 + tern_random_below((uint64_t)n_texts, seed, 2, (uint64_t)i, 0);
            rows->positive[i] = (int64_t)tern_random_below(range, seed, 3, (uint64_t)i, 0);
            for (int c = 0; c < negatives; c++)
                rows->negative[i * negatives + c] =
                    300 * (c + 1) + (int64_t)tern_random_below(299, seed, 4, (uint64_t)i, (uint64_t)c);
        }
        tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = size, .seed = seed, .apart = 1}, 0);
        expect_each_once(rows, plan);
        expect_full(plan, size);
        /* The last batch may be too small for all texts that should be in each. */
        int64_t near = excess_of(rows, plan, plan->n_batches);
        ck_assert_msg(negatives > 0 || near == 0, "seed %d: %d rows too near", (int)seed, (int)near);
        rows_seen += n;
        too_near += excess(rows, plan);
        tern_plan_free(plan);
        tern_rows_free(rows);
    }
    /* With several texts a row there is not always such an order, as here with a handful of batches. */
    ck_assert_msg(too_near < rows_seen / 200, "%d of %d rows too near", (int)too_near, (int)rows_seen);
}
END_TEST

/* Every text as often as there are batches: all of them in each batch is the only way. */
START_TEST(texts_as_frequent_as_batches_stand_once_in_each)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        int64_t size = 3 + (int64_t)seed, n = size * 40;
        tern_rows *rows = make_rows(n, 0);
        for (int64_t i = 0; i < n; i++)
            rows->positive[i] = i % size;
        tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = size, .seed = seed, .apart = 1}, 0);
        expect_each_once(rows, plan);
        expect_full(plan, size);
        ck_assert_int_eq(excess(rows, plan), 0);
        tern_plan_free(plan);
        tern_rows_free(rows);
    }
}
END_TEST

/* One negative, or one positive, in a tenth of 1,000 rows: 16 batches of 64, none without six or seven of it. */
START_TEST(a_text_more_frequent_than_batches_is_spread_over_all_of_them)
{
    for (int negatives = 0; negatives < 2; negatives++)
        for (int64_t epoch = 0; epoch < 20; epoch++) {
            tern_rows *rows = make_rows(1000, negatives);
            for (int64_t i = 0; i < 1000; i++) {
                rows->positive[i] = negatives == 0 && i % 10 == 0 ? 5000 : i;
                if (negatives)
                    rows->negative[i] = i % 10 == 0 ? 5000 : 2000 + i;
            }
            tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 64, .seed = 7, .apart = 1}, epoch);
            expect_each_once(rows, plan);
            expect_full(plan, 64);
            for (int64_t b = 0; b + 1 < plan->n_batches; b++) {
                int64_t hubs = 0;
                for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++)
                    hubs += plan->rows[i] % 10 == 0;
                ck_assert_msg(hubs <= 7, "%d of the text in a batch", (int)hubs);
            }
            tern_plan_free(plan);
            tern_rows_free(rows);
        }
}
END_TEST

START_TEST(a_text_shared_by_all_rows_shortens_no_batch)
{
    tern_rows *rows = make_rows(20000, 1);
    for (int64_t i = 0; i < 20000; i++)
        rows->negative[i] = 1 + i / 2;
    tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 64, .seed = 1, .apart = 1}, 0);
    expect_each_once(rows, plan);
    expect_full(plan, 64);
    ck_assert_int_eq(excess(rows, plan), 0);
    tern_plan_free(plan);
    tern_rows_free(rows);
}
END_TEST

START_TEST(a_text_that_one_row_repeats_does_not_block_it)
{
    tern_rows *rows = make_rows(10, 2);
    for (int64_t i = 0; i < 10; i++)
        rows->positive[i] = rows->negative[2 * i] = rows->negative[2 * i + 1] = i / 2;
    tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 5, .seed = 1, .apart = 1}, 0);
    expect_each_once(rows, plan);
    ck_assert_int_eq(plan->n_batches, 2);
    ck_assert_int_eq(excess(rows, plan), 0);
    tern_plan_free(plan);
    tern_rows_free(rows);
}
END_TEST

START_TEST(a_batch_larger_than_the_rows_is_one_batch)
{
    tern_rows *rows = make_rows(7, 0);
    for (int64_t i = 0; i < 7; i++)
        rows->positive[i] = i % 6;
    tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = INT64_C(1) << 40, .seed = 1, .apart = 1}, 0);
    ck_assert_int_eq(plan->n_batches, 1);
    expect_each_once(rows, plan);
    tern_plan_free(plan);
    tern_rows_free(rows);
}
END_TEST

static void group(tern_rows *rows, const int64_t *size, int64_t n)
{
    rows->n_groups = n;
    rows->group_start = tern_calloc((size_t)n + 1, sizeof *rows->group_start);
    for (int64_t g = 0; g < n; g++)
        rows->group_start[g + 1] = rows->group_start[g] + size[g];
}

START_TEST(each_epoch_draws_positives_anew_and_all_equally_often)
{
    enum { EPOCHS = 4000 };
    const int64_t sizes[] = {1, 2, 5, 12}, draw = 2;
    tern_rows *rows = make_rows(20, 0);
    for (int64_t i = 0; i < 20; i++)
        rows->positive[i] = i;
    group(rows, sizes, 4);
    rows->positives_per_query = draw;
    int64_t count[20] = {0}, changes = 0, before = 0;
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 4, .seed = 9, .apart = 1}, epoch);
        int64_t drawn = 0;
        ck_assert_int_eq(plan->start[plan->n_batches], 1 + 2 + 2 + 2);
        for (int64_t i = 0; i < 7; i++) {
            ck_assert_int_eq(drawn >> plan->rows[i] & 1, 0);
            drawn |= INT64_C(1) << plan->rows[i];
            count[plan->rows[i]]++;
        }
        changes += drawn != before;
        before = drawn;
        tern_plan_free(plan);
    }
    ck_assert_int_eq(count[0], EPOCHS);
    ck_assert_int_eq(count[1], EPOCHS);
    ck_assert_int_gt(changes, EPOCHS * 9 / 10);
    /* Six standard deviations of a binomial count. */
    for (int64_t i = 3; i < 20; i++) {
        double p = 2.0 / (i < 8 ? 5 : 12), mean = EPOCHS * p, d = (double)count[i] - mean;
        ck_assert(d * d < 36 * mean * (1 - p));
    }
    tern_rows_free(rows);
}
END_TEST

START_TEST(zero_positives_per_query_takes_all_of_a_group)
{
    const int64_t sizes[] = {3, 4};
    tern_rows *rows = make_rows(7, 0);
    group(rows, sizes, 2);
    tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 3, .seed = 1}, 5);
    expect_each_once(rows, plan);
    tern_plan_free(plan);
    tern_rows_free(rows);
}
END_TEST

START_TEST(anchors_are_candidates_where_rows_have_no_positive)
{
    tern_rows *rows = make_rows(60, 0);
    free(rows->positive);
    rows->positive = NULL;
    rows->has_positive = 0;
    for (int64_t i = 0; i < 60; i++)
        rows->anchor[i] = i % 20;
    tern_plan *plan = plan_of(rows, (tern_sampler_options){.batch_size = 10, .seed = 3, .apart = 1}, 0);
    ck_assert_int_eq(plan->n_batches, 6);
    expect_each_once(rows, plan);
    for (int64_t b = 0; b < 6; b++) {
        int64_t seen = 0;
        for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++) {
            ck_assert_int_eq(seen >> rows->anchor[plan->rows[i]] & 1, 0);
            seen |= INT64_C(1) << rows->anchor[plan->rows[i]];
        }
    }
    uint8_t masked[100];
    int64_t batch[] = {0, 1, 20, 3};
    const uint8_t same = TERN_PAIR_NO_NEGATIVE | TERN_PAIR_SAME_ANCHOR;
    tern_rows_mask(rows, batch, 4, 1, masked);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            ck_assert_int_eq(masked[4 * i + j] & same, i + j == 2 && i != j ? same : 0);
    tern_plan_free(plan);
    tern_rows_free(rows);
}
END_TEST

static tern_rows *labelled(const int64_t *count, int64_t n_labels)
{
    int64_t n = 0, at = 0;
    for (int64_t l = 0; l < n_labels; l++)
        n += count[l];
    tern_rows *rows = make_rows(n, 0);
    rows->label = tern_alloc((size_t)n, sizeof *rows->label);
    rows->has_label = 1;
    rows->n_labels = n_labels;
    for (int64_t l = 0; l < n_labels; l++)
        for (int64_t i = 0; i < count[l]; i++)
            rows->label[at++] = l;
    return rows;
}

typedef struct tally {
    int64_t lonely;     /* rows without another of their label in the batch */
    int64_t one_label;  /* batches of one label, the last one left out */
    int64_t full_runs;  /* runs of per_label rows or one more or less */
    int64_t other_runs; /* and those that are neither */
} tally;

static tally tally_of(const tern_rows *rows, const tern_plan *plan, int64_t per_label)
{
    tally t = {0};
    int64_t *count = tern_calloc((size_t)rows->n_labels, sizeof *count);
    for (int64_t b = 0; b < plan->n_batches; b++) {
        int64_t labels = 0, from = plan->start[b], to = plan->start[b + 1];
        for (int64_t i = from; i < to; i++)
            labels += count[rows->label[plan->rows[i]]]++ == 0;
        t.one_label += labels == 1 && b < plan->n_batches - 1;
        for (int64_t i = from; i < to; i++) {
            t.lonely += count[rows->label[plan->rows[i]]] == 1;
            count[rows->label[plan->rows[i]]] = 0;
        }
        for (int64_t i = from, end; i < to; i = end) {
            for (end = i + 1; end < to && rows->label[plan->rows[end]] == rows->label[plan->rows[i]];)
                end++;
            int64_t n = end - i;
            *(n >= per_label - 1 ? &t.full_runs : &t.other_runs) += 1;
        }
    }
    free(count);
    return t;
}

START_TEST(rows_come_in_runs_of_their_label)
{
    int64_t count[30];
    for (int64_t l = 0; l < 30; l++)
        count[l] = 20 + 7 * (l % 11);
    tern_rows *rows = labelled(count, 30);
    for (int64_t per = 2; per <= 8; per *= 2)
        for (int64_t epoch = 0; epoch < 5; epoch++) {
            tern_sampler_options options = {.batch_size = 32, .seed = 5, .per_label = per, .apart = 1};
            tern_plan *plan = plan_of(rows, options, epoch), *again = plan_of(rows, options, epoch);
            ck_assert(same(plan, again));
            expect_each_once(rows, plan);
            expect_full(plan, 32);
            ck_assert_int_eq(plan->n_batches, (rows->n + 31) / 32);
            tally t = tally_of(rows, plan, per);
            ck_assert_msg(t.lonely <= 1, "%d lonely rows with runs of %d", (int)t.lonely, (int)per);
            ck_assert_int_eq(t.one_label, 0);
            ck_assert_int_gt(t.full_runs, 4 * t.other_runs);
            tern_plan_free(plan);
            tern_plan_free(again);
        }
    tern_rows_free(rows);
}
END_TEST

START_TEST(every_batch_has_two_labels_where_there_are_enough_rows_of_the_rare_ones)
{
    const int64_t even[] = {500, 500}, uneven[] = {900, 60, 40};
    for (int64_t seed = 0; seed < 20; seed++) {
        tern_sampler_options options = {.batch_size = 8, .seed = (uint64_t)seed, .per_label = 4};
        tern_rows *rows = labelled(even, 2);
        tern_plan *plan = plan_of(rows, options, 0);
        ck_assert_int_eq(tally_of(rows, plan, 4).one_label, 0);
        tern_plan_free(plan);
        tern_rows_free(rows);
        rows = labelled(uneven, 3);
        options.batch_size = 40;
        plan = plan_of(rows, options, 0);
        ck_assert_int_eq(tally_of(rows, plan, 4).one_label, 0);
        tern_plan_free(plan);
        tern_rows_free(rows);
    }
}
END_TEST

START_TEST(odd_cases_of_labels_still_bring_every_row_once)
{
    for (uint64_t seed = 0; seed < 400; seed++) {
        int64_t count[12], n_labels = 1 + (int64_t)tern_random_below(12, seed, 1, 0, 0);
        for (int64_t l = 0; l < n_labels; l++)
            count[l] = (int64_t)tern_random_below(seed % 3 ? 9 : 3, seed, 2, (uint64_t)l, 0);
        count[0]++;
        tern_rows *rows = labelled(count, n_labels);
        tern_sampler_options options = {.batch_size = 1 + (int64_t)tern_random_below(9, seed, 3, 0, 0), .seed = seed};
        options.per_label = 1 + (int64_t)tern_random_below(10, seed, 4, 0, 0);
        tern_sampler *sampler = tern_sampler_create(rows, &options);
        tern_plan *plan = tern_sampler_plan(sampler, 1);
        expect_each_once(rows, plan);
        expect_full(plan, options.batch_size);
        ck_assert_int_eq(tern_sampler_count(sampler), plan->n_batches);
        tern_plan_free(plan);
        tern_sampler_free(sampler);
        tern_rows_free(rows);
    }
}
END_TEST

START_TEST(counting_agrees_with_planning)
{
    const int64_t sizes[] = {1, 2, 5, 12};
    tern_rows *rows = make_rows(20, 0);
    for (int64_t i = 0; i < 20; i++)
        rows->positive[i] = i % 7;
    group(rows, sizes, 4);
    for (int64_t draw = 0; draw < 4; draw++)
        for (int apart = 0; apart < 2; apart++) {
            rows->positives_per_query = draw;
            tern_sampler *sampler =
                tern_sampler_create(rows, &(tern_sampler_options){.batch_size = 3, .seed = 1, .apart = apart});
            for (int64_t epoch = 0; epoch < 4; epoch++) {
                tern_plan *plan = tern_sampler_plan(sampler, epoch);
                ck_assert_int_eq(tern_sampler_count(sampler), plan->n_batches);
                ck_assert_int_eq(tern_sampler_rows(sampler), plan->start[plan->n_batches]);
                tern_plan_free(plan);
            }
            tern_sampler_free(sampler);
        }
    tern_rows_free(rows);
}
END_TEST

static int64_t candidate_text(const tern_rows *rows, const int64_t *batch, int64_t n, int64_t j)
{
    int64_t k = rows->n_negatives;
    return j < n ? rows->positive[batch[j]] : rows->negative[batch[(j - n) / k] * k + (j - n) % k];
}

/* Which candidate of the text of j counts for anchor i: its row's own, or else the first. */
static int64_t counted(const tern_rows *rows, const int64_t *batch, int64_t n, int64_t i, int64_t j)
{
    int64_t k = rows->n_negatives, text = candidate_text(rows, batch, n, j);
    for (int64_t own = n + i * k; own < n + i * k + k; own++)
        if (candidate_text(rows, batch, n, own) == text)
            return own;
    for (int64_t first = 0;; first++)
        if (candidate_text(rows, batch, n, first) == text)
            return first;
}

/* A mask by its definition, pair by pair. */
static void plain_mask(const tern_rows *rows, const int64_t *batch, int64_t n, int judged, uint8_t *masked)
{
    int64_t width = n + n * rows->n_negatives;
    memset(masked, 0, (size_t)(n * width));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++) {
            int64_t text = candidate_text(rows, batch, n, j), anchor = rows->anchor[batch[i]];
            uint8_t *pair = &masked[i * width + j];
            if (i == j)
                continue;
            if (text == rows->positive[batch[i]] || text == anchor ||
                (judged && tern_rows_is_relevant(rows, anchor, text)))
                *pair |= TERN_PAIR_NO_NEGATIVE;
            if (j < n && rows->anchor[batch[j]] == anchor)
                *pair |= TERN_PAIR_SAME_ANCHOR;
            if (counted(rows, batch, n, i, j) != j)
                *pair |= TERN_PAIR_REPEATED;
        }
}

/* What is masked as no negative anyway need not say whether it repeats another. */
static void expect_mask(const uint8_t *masked, const uint8_t *expected, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int repeated = expected[i] & TERN_PAIR_NO_NEGATIVE ? TERN_PAIR_REPEATED : 0;
        ck_assert_int_eq(masked[i] | repeated, expected[i] | repeated);
    }
}

START_TEST(masks_agree_with_their_definition)
{
    enum { N = 40, ANCHORS = 12, TEXTS = 30 }; /* anchors are texts of candidates too */
    for (uint64_t seed = 0; seed < 50; seed++) {
        int negatives = (int)(seed % 4);
        tern_rows *rows = make_rows(N, negatives);
        rows->relevant_start = tern_calloc(ANCHORS, sizeof *rows->relevant_start);
        rows->relevant = tern_calloc(ANCHORS * TEXTS, sizeof *rows->relevant);
        rows->n_anchors_known = ANCHORS - 1; /* the last one has no judgements */
        for (int64_t a = 0, n = 0; a < ANCHORS - 1; a++) {
            for (int64_t t = 0; t < TEXTS; t++)
                if (tern_random_below(4, seed, 1, (uint64_t)a, (uint64_t)t) == 0)
                    rows->relevant[n++] = t;
            rows->relevant_start[a + 1] = n;
        }
        for (int64_t i = 0; i < N; i++) {
            rows->anchor[i] = (int64_t)tern_random_below(ANCHORS, seed, 2, (uint64_t)i, 0);
            rows->positive[i] = (int64_t)tern_random_below(TEXTS, seed, 3, (uint64_t)i, 0);
            for (int c = 0; c < negatives; c++)
                rows->negative[i * negatives + c] =
                    (int64_t)tern_random_below(TEXTS, seed, 4, (uint64_t)i, (uint64_t)c);
        }
        int64_t batch[17];
        tern_shuffle(batch, 17, seed, 0);
        uint8_t masked[17 * 17 * 4], expected[17 * 17 * 4];
        for (int judged = 0; judged < 2; judged++) {
            tern_rows_mask(rows, batch, 17, judged, masked);
            plain_mask(rows, batch, 17, judged, expected);
            expect_mask(masked, expected, 17 * 17 * (1 + negatives));
        }
        tern_rows_free(rows);
    }
}
END_TEST

static double mean_spread(const tern_plan *plan, const int64_t *length)
{
    double sum = 0;
    for (int64_t b = 0; b < plan->n_batches; b++) {
        int64_t low = INT64_MAX, high = 0;
        for (int64_t i = plan->start[b]; i < plan->start[b + 1]; i++) {
            low = length[plan->rows[i]] < low ? length[plan->rows[i]] : low;
            high = length[plan->rows[i]] > high ? length[plan->rows[i]] : high;
        }
        sum += (double)(high - low);
    }
    return sum / (double)plan->n_batches;
}

START_TEST(bucketing_brings_lengths_together_and_keeps_texts_apart)
{
    enum { N = 1000 };
    tern_rows *rows = make_rows(N, 1);
    int64_t length[N];
    for (int64_t i = 0; i < N; i++) {
        rows->positive[i] = i % 400;
        rows->negative[i] = 400 + i / 2;
        length[i] = (int64_t)tern_random_below(500, 5, (uint64_t)i, 0, 0);
    }
    tern_sampler_options options = {.batch_size = 16, .seed = 7, .apart = 1, .lengths = length};
    tern_plan *plain = plan_of(rows, options, 0);
    options.bucket_batches = 16;
    tern_plan *bucketed = plan_of(rows, options, 0);
    expect_each_once(rows, bucketed);
    ck_assert_int_eq(excess(rows, bucketed), 0);
    expect_full(bucketed, 16);
    ck_assert_int_eq(bucketed->n_batches, 63);
    ck_assert(mean_spread(bucketed, length) < 0.25 * mean_spread(plain, length));
    tern_plan_free(plain);
    tern_plan_free(bucketed);
    tern_rows_free(rows);
}
END_TEST

START_TEST(masks_cover_equal_texts_other_positives_and_judged_ones)
{
    /* Anchors 0, 1, 2; rows (0: 10 | 20), (1: 11 | 10), (0: 12 | 21); 20 is judged relevant to 1, as is 11; 10 and 12
     * to 0. */
    int64_t anchor[] = {0, 1, 0}, positive[] = {10, 11, 12}, negative[] = {20, 10, 21}, batch[] = {0, 1, 2};
    int64_t start[] = {0, 2, 4}, relevant[] = {10, 12, 11, 20};
    tern_rows rows = {.n = 3,
                      .n_negatives = 1,
                      .has_positive = 1,
                      .anchor = anchor,
                      .positive = positive,
                      .negative = negative,
                      .relevant_start = start,
                      .relevant = relevant,
                      .n_anchors_known = 2};
    uint8_t masked[18];
    /* Bits: 1 no negative, 2 the same anchor, 4 repeated. For anchor 1 its own 10, the fifth, counts, not the first. */
    const uint8_t judged[18] = {0, 0, 3, 0, 1, 0, 4, 0, 0, 1, 0, 0, 3, 0, 0, 0, 1, 0};
    const uint8_t equal[18] = {0, 0, 2, 0, 1, 0, 4, 0, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0};
    tern_rows_mask(&rows, batch, 3, 1, masked);
    expect_mask(masked, judged, 18);
    tern_rows_mask(&rows, batch, 3, 0, masked);
    expect_mask(masked, equal, 18);
}
END_TEST

/* Rows (A, B | E), (B, C | A), (C, A | C): no text is a negative for itself, whichever row brings it, its own included,
 * and a row's positive stays its target even where it is the anchor's own text. */
START_TEST(masks_cover_the_anchors_own_text)
{
    enum { A, B, C, E };
    int64_t anchor[] = {A, B, C, B}, positive[] = {B, C, A, B}, negative[] = {E, A, C, E}, batch[] = {0, 1, 2, 3};
    tern_rows rows = {
        .n = 4, .n_negatives = 1, .has_positive = 1, .anchor = anchor, .positive = positive, .negative = negative};
    uint8_t masked[32];
    const uint8_t expected[32] = {
        0, 0, 1, 1, 0, 1, 4, 4, /* A: candidates B C A B, E A C E; B is the positive */
        1, 0, 4, 3, 0, 0, 1, 4, /* B; C is the positive; of the two A the row's own counts */
        0, 1, 0, 4, 0, 1, 1, 4, /* C; A is the positive */
        1, 2, 0, 0, 4, 4, 4, 0, /* B, whose positive it is; of the two E the row's own counts */
    };
    for (int judged = 0; judged < 2; judged++) {
        tern_rows_mask(&rows, batch, 4, judged, masked);
        expect_mask(masked, expected, 32);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sampler");
    TCase *tc = tcase_create("sampler");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_plan_depends_on_seed_and_epoch_alone);
    tcase_add_test(tc, only_the_last_batch_is_small);
    tcase_add_test(tc, batches_are_full_and_texts_as_far_apart_as_can_be);
    tcase_add_test(tc, texts_as_frequent_as_batches_stand_once_in_each);
    tcase_add_test(tc, a_text_more_frequent_than_batches_is_spread_over_all_of_them);
    tcase_add_test(tc, a_text_shared_by_all_rows_shortens_no_batch);
    tcase_add_test(tc, a_text_that_one_row_repeats_does_not_block_it);
    tcase_add_test(tc, a_batch_larger_than_the_rows_is_one_batch);
    tcase_add_test(tc, each_epoch_draws_positives_anew_and_all_equally_often);
    tcase_add_test(tc, zero_positives_per_query_takes_all_of_a_group);
    tcase_add_test(tc, bucketing_brings_lengths_together_and_keeps_texts_apart);
    tcase_add_test(tc, anchors_are_candidates_where_rows_have_no_positive);
    tcase_add_test(tc, rows_come_in_runs_of_their_label);
    tcase_add_test(tc, every_batch_has_two_labels_where_there_are_enough_rows_of_the_rare_ones);
    tcase_add_test(tc, odd_cases_of_labels_still_bring_every_row_once);
    tcase_add_test(tc, counting_agrees_with_planning);
    tcase_add_test(tc, masks_agree_with_their_definition);
    tcase_add_test(tc, masks_cover_equal_texts_other_positives_and_judged_ones);
    tcase_add_test(tc, masks_cover_the_anchors_own_text);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
